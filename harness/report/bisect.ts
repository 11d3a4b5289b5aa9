/** Where a series changes, for a reader: the whole line with each change named; JSON. */
import pc from 'picocolors';
import type { Edge, Line, Tested } from '../bisect/search.ts';
import { DEFAULT_WIDTH, type Look, jsonText, number, plural, wrapped } from './words.ts';

/** What was asked of each step. */
export type Asked =
  | { readonly kind: 'finding'; readonly id: string; readonly title: string }
  | {
      readonly kind: 'verdict';
      readonly verdict: string;
      readonly against: string;
      readonly workloads: readonly string[];
    }
  | { readonly kind: 'counter'; readonly what: string; readonly above: number | null; readonly workload: string };

export interface BisectReport {
  readonly asked: Asked;
  /** in the order of the series, the one before its first change included */
  readonly steps: readonly { readonly id: string; readonly title: string }[];
  readonly line: Line;
}

/** Of a change: the steps one of which made it. The last of them is the first that was seen to have it. */
const among = ({ before, after }: Edge): readonly number[] =>
  Array.from({ length: after - before }, (_one, i) => before + 1 + i);

const valueOf = (step: Tested | null): boolean | number | null => (step?.kind === 'tested' ? step.value : null);
const seenIn = (step: Tested | null): readonly string[] => (step?.kind === 'tested' ? step.seen : []);

function questionText(asked: Asked): string {
  if (asked.kind === 'finding') return `${asked.id} ${asked.title}`;
  if (asked.kind === 'verdict') {
    const { workloads } = asked;
    const where = workloads.length === 1 ? workloads[0] : `some of ${plural(workloads.length, 'workload')}`;
    return `${asked.verdict} against ${asked.against} in ${where}`;
  }
  return `${asked.what}${asked.above === null ? '' : ` above ${number(asked.above)}`} in ${asked.workload}`;
}

const EDGE_WORDS = { introduced: 'introduced by', gone: 'gone in', changed: 'changed by' } as const;

function kindOf({ after }: Edge, { steps }: Line): keyof typeof EDGE_WORDS {
  const value = valueOf(steps[after]);
  if (typeof value === 'number') return 'changed';
  return value === true ? 'introduced' : 'gone';
}

/** `r5`, or `r5..r7` */
const span = (ids: readonly string[]): string => (ids.length === 1 ? ids[0] : `${ids[0]}..${ids.at(-1)}`);

const MARKS = { off: '.', on: '#', skipped: '?', left: '_' } as const;

/** A number is on where it is not what it is in the first step that was tested. */
function marksOf({ steps }: Line): (keyof typeof MARKS)[] {
  const first = steps.map(valueOf).find((value) => value !== null);
  return steps.map((step) => {
    if (step === null) return 'left';
    if (step.kind === 'skipped') return 'skipped';
    return (typeof step.value === 'boolean' ? step.value : step.value !== first) ? 'on' : 'off';
  });
}

function legend(marks: readonly (keyof typeof MARKS)[], isNumber: boolean): string {
  const words = {
    off: isNumber ? 'as in the first' : 'no',
    on: isNumber ? 'other' : 'yes',
    skipped: 'cannot be tested',
    left: 'not run',
  };
  const used = (Object.keys(MARKS) as (keyof typeof MARKS)[]).filter((mark) => marks.includes(mark));
  return used.map((mark) => `${MARKS[mark]} ${words[mark]}`).join('  ');
}

/** `introduced by r5, Title: ok -> SIGSEGV` */
function edgeText(edge: Edge, { steps, line }: BisectReport): string {
  const [was, is] = [edge.before, edge.after].map((i) => seenIn(line.steps[i]));
  const moved = is.flatMap((seen, i) => (seen === was[i] ? [] : [`${was[i]} -> ${seen}`])).join('; ');
  const ids = among(edge).map((i) => steps[i].id);
  const { id, title } = steps[edge.after];
  const name = title === id ? id : `${id}, ${title}`;
  const who = ids.length === 1 ? name : `one of ${span(ids)}, as ${span(ids.slice(0, -1))} cannot be tested`;
  return `${EDGE_WORDS[kindOf(edge, line)]} ${who}: ${moved}`;
}

/** Where nothing changes. */
function levelText({ steps }: Line): string {
  const tested = steps.flatMap((step) => (step?.kind === 'tested' ? [step] : []));
  const [first] = tested;
  if (first === undefined) return 'no step can be tested';
  const which = tested.length === steps.length ? '' : ' that can be tested';
  const seen = first.seen.join('; ');
  const isSame = tested.every((step) => step.seen.join('; ') === seen);
  return `in ${first.value === false ? 'no' : 'every'} step${which}${isSame ? `: ${seen}` : ''}`;
}

/** Steps in a row that cannot be tested for the same reason. */
function skippedText({ steps, line }: BisectReport): string[] {
  const runs: { readonly ids: string[]; readonly why: string; last: number }[] = [];
  for (const [i, step] of line.steps.entries()) {
    if (step?.kind !== 'skipped') continue;
    const run = runs.at(-1);
    if (run !== undefined && run.last === i - 1 && run.why === step.why) {
      run.ids.push(steps[i].id);
      run.last = i;
    } else runs.push({ ids: [steps[i].id], why: step.why, last: i });
  }
  return runs.map(({ ids, why }) => `? ${span(ids)}: ${why}`);
}

export function bisectText(report: BisectReport, { color, width = DEFAULT_WIDTH }: Look): string {
  const c = pc.createColors(color);
  const { asked, steps, line } = report;
  const marks = marksOf(line);
  const isNumber = line.steps.some((step) => typeof valueOf(step) === 'number');
  const paint = { off: c.green, on: c.red, skipped: c.yellow, left: c.dim };
  const left = marks.filter((mark) => mark === 'left').length;
  const notRun = `_ ${plural(left, 'step')} of ${number(steps.length)} not run: their tested neighbours agree; --all runs every step`;
  const lines = [
    c.bold(questionText(asked)),
    marks.map((mark) => paint[mark](MARKS[mark])).join(' '),
    c.dim(`${plural(steps.length, 'step')}, ${steps[0].id} to ${steps.at(-1)!.id}: ${legend(marks, isNumber)}`),
    '',
    ...(line.edges.length === 0 ? [levelText(line)] : line.edges.map((edge) => edgeText(edge, report))),
    ...skippedText(report).map((text) => c.yellow(text)),
    ...(left === 0 ? [] : [c.dim(notRun)]),
  ];
  return `${lines.map((text) => wrapped(text, width, 0)).join('\n')}\n`;
}

/** A step by itself, as `git bisect run` needs it: one line. */
export function stepText(asked: Asked, id: string, step: Tested, isBad: boolean): string {
  if (step.kind === 'skipped') return `skip: ${id} cannot be tested: ${step.why}\n`;
  return `${isBad ? 'bad' : 'good'}: ${id}: ${questionText(asked)}: ${step.seen.join('; ')}\n`;
}

export function bisectJson({ asked, steps, line }: BisectReport): string {
  const stateOf = (step: Tested | null): object => (step === null ? { kind: 'not run' } : step);
  return jsonText({
    schema: 'pmapdiff.bisect/1',
    asked,
    steps: steps.map(({ id, title }, i) => ({ id, title, ...stateOf(line.steps[i]) })),
    edges: line.edges.map((edge) => ({
      kind: kindOf(edge, line),
      before: steps[edge.before].id,
      after: steps[edge.after].id,
      among: among(edge).map((i) => steps[i].id),
    })),
  });
}
