/**
 * A comparison of two traces for a reader at a terminal: where they part, both machines around it, then what differs in all.
 */
import { diffArrays } from 'diff';
import type { SpaceSummary, StatePair } from '../trace/states.ts';
import { type NumberDifference, PARTS, type TraceDiff, type TracePlane } from '../trace/trace.ts';
import type { CallPlace } from '../workload/places.ts';
import { foldedText } from './changes.ts';
import { happenedText } from './outcomes.ts';
import { DEFAULT_WIDTH, type Look, jsonText, number, plural, wrapped } from './words.ts';

export interface TraceReport {
  readonly workload: string;
  readonly reference: string;
  readonly candidate: string;
  readonly diff: TraceDiff;
  /** of each of `diff.happened`; null: no op of the workload */
  readonly places: readonly (CallPlace | null)[];
  /** null if the traces are the same */
  readonly around: Around | null;
  /** where other planes part first, if that is later */
  readonly elsewhere: readonly Elsewhere[];
}

export interface Elsewhere {
  readonly plane: TracePlane;
  readonly op: string;
  readonly line: number;
}

/** The first op that differs, in words. */
export interface Around {
  readonly op: string;
  /** of the workload's source; 0: it has none */
  readonly line: number;
  /** calls of the op: the last ones before the difference, and those from it on */
  readonly before: readonly string[];
  readonly reference: readonly string[];
  readonly candidate: readonly string[];
  readonly states: readonly StatePair[];
}

const SHOWN_CHANGES = 12;

const spaceText = ({ vmspace, refs, entries, mappings, tables }: SpaceSummary): string =>
  `vmspace ${vmspace}: ${plural(refs, 'ref')}, ${entries} entries, ${plural(mappings, 'mapping')}, ${plural(tables, 'table')}`;

function stateText(
  names: readonly [string, string],
  { when, reference, candidate, rows, spaces: folded, references, otherRows, others }: StatePair,
): string[] {
  if (reference === null && candidate === null) return [];
  if (reference === null || candidate === null || rows === null) {
    const [there, missing] = reference === null ? names.toReversed() : names;
    const mark = reference === null ? '+' : '-';
    const spaces = (reference ?? candidate)!.map((space) => `    ${mark} ${spaceText(space)}`);
    return [`  ${there} ${when} it; ${missing} did not get there`, ...spaces];
  }
  const count = Math.max(reference.length, candidate.length);
  const spaces = Array.from({ length: count }, (_none, i) => {
    const [a, b] = [reference[i], candidate[i]].map((space) => (space === undefined ? 'none' : spaceText(space)));
    return a === b ? [`    = ${a}`] : [`    - ${a}`, `    + ${b}`];
  });
  const shown = others.slice(0, SHOWN_CHANGES);
  const hidden = otherRows - shown.length;
  return [
    `  both machines ${when} it: ${rows === 0 ? 'the same maps and tables' : `${plural(rows, 'row')} differ`}`,
    ...spaces.flat(),
    ...foldedText({ spaces: folded, references, others: shown }).map((line) => `    ${line}`),
    ...(hidden > 0 ? [`    and ${plural(hidden, 'more row')}`] : []),
  ];
}

const numberText = ({ part, what, reference, candidate }: NumberDifference): string =>
  `    ${part === 'outcome' ? `outcome ${what}` : what}: ${number(reference)} -> ${number(candidate)}`;

const lineText = ({ line }: { readonly line: number }): string => (line > 0 ? `, line ${line}` : '');

/** The calls of both from the difference on, side by side where they are the same again. */
function alignedText({ reference, candidate }: Around): string[] {
  const parts = diffArrays([...reference], [...candidate]);
  // A call that one has in addition pushes others out of sight: what comes after the last common one says nothing.
  const last = parts.findLastIndex(({ added, removed }) => !added && !removed);
  const shown = last < 0 ? parts : parts.slice(0, last + 1);
  return shown.flatMap(({ added, removed, value }) =>
    value.map((line) => `${added ? '+' : removed ? '-' : '='} ${line}`),
  );
}

function firstText({ reference, candidate, diff, around, elsewhere }: TraceReport): string[] {
  const { first } = diff;
  if (first === null || around === null) return [];
  return [
    `first difference${diff.plane === null ? '' : ` of ${diff.plane}`}: ${around.op} (${first.parts.join(', ')})${lineText(around)}`,
    ...elsewhere.map(
      (one) => `first difference of ${one.plane}: ${one.op}${lineText(one)} (--plane ${one.plane} shows it)`,
    ),
    ...around.before.map((line) => `    = ${line}`),
    ...alignedText(around).map((line) => `    ${line}`),
    ...first.numbers.map(numberText),
    ...around.states.flatMap((pair) => stateText([reference, candidate], pair)),
    '',
  ];
}

function summaryText({ ops, events, ended, differing, kinds }: TraceDiff): string[] {
  const parts = PARTS.filter((part) => differing[part] > 0 && part !== 'end').map(
    (part) => `${number(differing[part])} in ${part}`,
  );
  const rows = kinds.map(
    ({ kind, reference, candidate, onlyReference, onlyCandidate }) =>
      `  ${kind.padEnd(14)}${number(reference).padStart(10)}${number(candidate).padStart(10)}` +
      `${number(onlyReference).padStart(12)}${number(onlyCandidate).padStart(12)}`,
  );
  const head = `  ${'calls'.padEnd(14)}${'-'.padStart(10)}${'+'.padStart(10)}${'only in -'.padStart(12)}${'only in +'.padStart(12)}`;
  return [
    `ops ${ops.map(number).join(' and ')}, calls ${events.map(number).join(' and ')}`,
    ...(differing.end > 0 ? [`ended ${ended.map(({ kind }) => kind).join(' and ')}`] : []),
    `ops that differ: ${parts.length === 0 ? 'none' : parts.join(', ')}`,
    ...(rows.length === 0 ? [] : [head, ...rows]),
  ];
}

/** A line for what processes notice first, and for a panic. */
export const happenedRows = (happened: TraceDiff['happened'], places: readonly (CallPlace | null)[]): string[] =>
  happened.map((outcomes, i) => happenedText(places[i], outcomes));

export function traceText(view: TraceReport, { width = DEFAULT_WIDTH }: Look): string {
  return textOf(view)
    .split('\n')
    .map((line) => wrapped(line, width, 6))
    .join('\n');
}

function textOf(view: TraceReport): string {
  const { workload, reference, candidate, diff, places } = view;
  const heading = `${workload}: - ${reference}, + ${candidate}, comparator ${diff.comparator}`;
  if (diff.first === null) {
    const [events] = diff.events;
    if (diff.plane !== null)
      return `${[heading, '', `no difference of ${diff.plane}`, '', ...summaryText(diff)].join('\n')}\n`;
    return `${heading}\n\nno difference in ${plural(diff.ops[0], 'op')} and ${plural(events, 'call')}\n`;
  }
  const happened = happenedRows(diff.happened, places);
  return `${[heading, ...happened, '', ...firstText(view), ...summaryText(diff)].join('\n')}\n`;
}

export const traceJson = (report: TraceReport): string => jsonText({ schema: 'pmapdiff.trace/1', ...report });
