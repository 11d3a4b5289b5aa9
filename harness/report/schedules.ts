/** What a search of schedules has found, for a reader, as files of workload text, and as JSON. */
import pc from 'picocolors';
import type { OddOp, SideOutcome } from '../search/schedules/outcome.ts';
import type { FoundClass, Sampled, Searched } from '../search/schedules/search.ts';
import { STOP_POINTS } from '../workload/ops.ts';
import { callPlace } from '../workload/places.ts';
import { printWorkload } from '../workload/text/print.ts';
import { YIELD_POINTS } from '../workload/yield-points.ts';
import { DEFAULT_WIDTH, type Look, jsonText, number, percent, plural, wrapped } from './words.ts';

export interface SchedulesReport extends Searched {
  /** ids of the reference and the candidate */
  readonly a: string;
  readonly b: string;
  /** by class: the file it was written to; null: none */
  readonly files: readonly (string | null)[];
}

const namesOf = (points: readonly number[]): string[] => points.map((point) => STOP_POINTS[point]);

const oddText = ({ process, call, line, outcome }: OddOp): string =>
  `${process}: ${call}${line === 0 ? '' : ` (line ${line} of the workload)`}: ${outcome}`;

function sideText({ panic, calls, early, odd, left }: SideOutcome): string {
  const parts = [
    ...(panic === null ? [] : [`panic in ${panic.where}: ${panic.reason}`]),
    `${number(early)} of ${plural(calls, 'pmap_remove call')} early`,
    ...odd.map(oddText),
    ...(left.length === 0 ? [] : [`left over: ${left.join(', ')}`]),
  ];
  return parts.join('; ');
}

const effortText = ({ effort: { preemptions, stops } }: FoundClass): string =>
  `${plural(preemptions, 'preemption')}, ${plural(stops, 'stop')}`;

const verdictText = ({ outcome: { verdict, standing, unexpected } }: FoundClass): string =>
  [verdict, ...(standing === null ? [] : [standing]), ...(unexpected.length === 0 ? [] : [unexpected.join(' ')])].join(
    ', ',
  );

/** Within a limit of preemptions, not all choices are open. */
const drawnText = (preemptions: number): string => (preemptions === Infinity ? 'drawn uniformly' : 'drawn');

function countText({ count }: FoundClass, { isComplete, schedules, sampled, preemptions }: Searched): string {
  const whole = isComplete ? schedules : (sampled.find(({ strategy }) => strategy === 'uniform')?.schedules ?? 0);
  const share = whole === 0 ? '' : ` (${percent(count, whole)})`;
  return `${number(count)} of ${number(whole)}${isComplete ? '' : ` ${drawnText(preemptions)}`}${share}`;
}

/** A class as a file: its schedule, with what it comes to. */
export function scheduleText(found: FoundClass, report: Omit<SchedulesReport, 'files'>): string {
  const { outcome, workload } = found;
  const head = [
    `${report.a} and ${report.b}: ${verdictText(found)}`,
    `${countText(found, report)}; ${effortText(found)}`,
    ...[report.a, report.b].map((id, i) => `${id}: ${sideText(outcome.sides[i])}`),
  ];
  return `${head.map((line) => `# ${line}\n`).join('')}${printWorkload({ ...workload, title: '' })}`;
}

/** The name of a class's file. */
export const scheduleFile = (found: FoundClass, report: Omit<SchedulesReport, 'files'>): string => {
  const { name } = report.program.workload;
  const plain = name.replace(/^.*[/\\]/s, '').replace(/\.workload$/, '');
  const words = [plain, report.a, report.b, report.classes.indexOf(found) + 1, found.outcome.verdict];
  return `${words.join(' ').replaceAll(/[^A-Za-z0-9]+/g, '-')}.workload`;
};

const about = (count: number): string => (count < 1e6 ? number(count) : count.toExponential(1));

function sampledText({ strategy, depth, schedules, miss }: Sampled, preemptions: number): string {
  if (strategy === 'uniform') return `${number(schedules)} ${drawnText(preemptions)}, for the shares`;
  if (miss === null) return `${number(schedules)} by PCT for ${plural(depth!, 'ordered move')}, with no known bound`;
  const missed = miss < 0.0005 ? '< 0.001' : `<= ${miss.toFixed(3)}`;
  return `${number(schedules)} by PCT: a bug of ${plural(depth!, 'ordered move')} is missed with p ${missed}`;
}

function searchText(report: SchedulesReport): string[] {
  const { program, isComplete, schedules, preemptions, runs, states, sampled } = report;
  const bound = preemptions === Infinity ? '' : ` with at most ${plural(preemptions, 'preemption')}`;
  const of = `of ${plural(program.processes.length, 'process', 'processes')}, behind ${plural(program.setUp.length, 'op')}`;
  if (isComplete)
    return [
      `complete: ${plural(schedules, 'interleaving')}${bound} ${of}; ${plural(states, 'state')}, ${plural(runs, 'run')}`,
    ];
  return [
    `not complete: about ${about(schedules)} interleavings ${of}; ${plural(runs, 'run')}, seed ${report.seed}`,
    ...(bound === '' ? [] : [`  only those${bound} are drawn`]),
    ...sampled.map((one) => `  ${sampledText(one, preemptions)}`),
  ];
}

function missedText({ program, missedPoints, missedStops }: SchedulesReport): string[] {
  const stops = missedStops.map((op) => {
    const { line, process, call } = callPlace(program.workload, op)!;
    return `${line > 0 ? `line ${line}` : `op ${op}`}: ${process}: ${call} never stopped, in any schedule`;
  });
  return [...namesOf(missedPoints).map((name) => `no schedule reached ${name}`), ...stops];
}

export function schedulesText(report: SchedulesReport, { color, width = DEFAULT_WIDTH }: Look): string {
  const c = pc.createColors(color);
  const { a, b, program, points, classes } = report;
  const where = namesOf(points).map((name) => {
    const { c: place } = YIELD_POINTS.find((point) => point.name === name)!;
    return `  ${name}: ${place}`;
  });
  const head = [`${program.workload.name}: ${a} and ${b}`, ...where, ...searchText(report), ...missedText(report)];
  const blocks = classes.map((found, i) => {
    const title = `${i + 1}. ${countText(found, report)}, ${effortText(found)}: ${verdictText(found)}`;
    const sides = [a, b].map((id, side) => `  ${id}: ${sideText(found.outcome.sides[side])}`);
    const file = report.files[i];
    const text = printWorkload({ ...found.workload, title: '' }).replaceAll(/^(?=.)/gm, '    ');
    return (
      [c.bold(wrapped(title, width)), ...sides.map((side) => wrapped(side, width))].join('\n') +
      `\n${file === null ? text : `    ${file}\n`}`
    );
  });
  return [`${head.map((line) => `${wrapped(line, width)}\n`).join('')}`, ...blocks].join('\n');
}

const sideJson = ({ panic, calls, early, odd, left }: SideOutcome): object => ({
  panic,
  removeCalls: calls,
  removeEarlyExits: early,
  ops: odd.map(({ process, call, line, outcome }) => ({ process, call, line: line === 0 ? null : line, outcome })),
  left,
});

export function schedulesJson(report: SchedulesReport): string {
  const { a, b, program, seed, preemptions, isComplete, schedules, runs, states, sampled, classes } = report;
  return jsonText({
    schema: 'pmapdiff.schedules/1',
    a,
    b,
    workload: program.workload.name,
    yield: namesOf(report.points),
    preemptions: Number.isFinite(preemptions) ? preemptions : null,
    seed,
    processes: program.processes.length,
    setUp: program.setUp.length,
    complete: isComplete,
    interleavings: schedules,
    states,
    runs,
    sampled,
    notReached: namesOf(report.missedPoints),
    notStopped: report.missedStops.map((op) => callPlace(program.workload, op)!.line),
    classes: classes.map((found) => ({
      count: found.count,
      share: found.share,
      verdict: found.outcome.verdict,
      standing: found.outcome.standing,
      unexpected: found.outcome.unexpected,
      preemptions: found.effort.preemptions,
      stops: found.effort.stops,
      a: sideJson(found.outcome.sides[0]),
      b: sideJson(found.outcome.sides[1]),
      workload: scheduleText(found, report),
    })),
  });
}
