/**
 * Explanations for a reader at a terminal: each statistic that differs, and the groups of events that make the difference.
 */
import type { Dimension, Explanation, Group } from '../explain/explain.ts';
import type { Parting } from '../run/outcome.ts';
import type { Ended } from '../run/record.ts';
import type { CallPlace } from '../workload/places.ts';
import { happenedText } from './outcomes.ts';
import { DEFAULT_WIDTH, type Look, jsonText, number, plural, signed, wrapped } from './words.ts';

export interface ExplainReport {
  readonly workload: string;
  readonly reference: string;
  readonly candidate: string;
  readonly by: readonly Dimension[];
  readonly explanations: readonly Explanation[];
  /** counter that was asked for */
  readonly counter?: string;
  /** what processes notice, and panics: the first of each, and where; null: no op of the workload */
  readonly happened: readonly Parting[];
  readonly places: readonly (CallPlace | null)[];
  /** how both runs ended */
  readonly ended: readonly [Ended, Ended];
}

/** Groups that are shown of each statistic when many are explained. */
const SHOWN_GROUPS = 5;

const groupName = ({ by }: Group, dimensions: readonly Dimension[]): string =>
  dimensions.map((name) => by[name] ?? '').join('  ');

function explanationText(explanation: Explanation, by: readonly Dimension[], most: number): string {
  const { what, reference, candidate, delta, groups, same, unexplained } = explanation;
  const shown = groups.slice(0, most);
  const rest = groups.slice(most);
  const lines = shown.map(
    (group) =>
      `  ${signed(group.delta).padStart(10)}  ${groupName(group, by)}  (${number(group.reference)} -> ${number(group.candidate)})`,
  );
  const left = rest.reduce((sum, group) => sum + group.delta, 0);
  if (rest.length > 0) lines.push(`  ${signed(left).padStart(10)}  ${plural(rest.length, 'more group')}`);
  const alike = same === 0 ? '' : `, ${plural(same, 'group')} the same`;
  return [
    `${what}: ${number(reference)} -> ${number(candidate)}, ${signed(delta)}`,
    ...lines,
    `  ${plural(groups.length, 'group')} that differ${groups.length === 1 ? 's' : ''}${alike}; unexplained ${number(unexplained)}`,
  ].join('\n');
}

export function explainText(
  { workload, reference, candidate, by, explanations, counter, happened, places }: ExplainReport,
  { width = DEFAULT_WIDTH }: Look,
): string {
  const most = counter === undefined ? SHOWN_GROUPS : Infinity;
  const parts = explanations.map((explanation) => explanationText(explanation, by, most));
  if (parts.length === 0) parts.push('nothing that is counted differs');
  const heading = [
    `${workload}: ${reference} -> ${candidate}, by ${by.join(', ')}; counted from the first op on`,
    ...happened.map((outcomes, i) => happenedText(places[i], outcomes)),
  ].join('\n');
  return `${[heading, ...parts]
    .join('\n\n')
    .split('\n')
    .map((line) => wrapped(line, width, 14))
    .join('\n')}\n`;
}

export const explainJson = (report: ExplainReport): string => jsonText({ schema: 'pmapdiff.explain/1', ...report });
