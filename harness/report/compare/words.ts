/** Words that several renderers of a comparison share. */
import { PAGE_SIZE } from '../../../core/units.ts';
import type { ExpectedDifference } from '../../compare/accepted.ts';
import type { Tally, Unreached } from '../../compare/gate.ts';
import type { EarlyEnd } from '../../compare/pair.ts';
import type { WorkloadComparison } from '../../compare/plan.ts';
import { formatSize } from '../../workload/size.ts';
import { number, plural, signed } from '../words.ts';
import type { ColumnGroup, CompareReport, Reason, ReasonItem } from './model.ts';

export const inLine = ({ ids }: Pick<ColumnGroup, 'ids'>): string => ids.join(' = ');

/** `removeEarlyExits -52`, `x -1…+3`, or the name alone. */
export function amountText({ what, least, most }: ReasonItem): string {
  if (least === null || most === null) return what;
  if (least < 0 && most > 0) return `${what} ${signed(least)}…${signed(most)}`;
  return `${what} ${signed(most > 0 ? most : least)}`;
}

/** Why a difference is no surprise; empty if it is one. */
export const explained = ({ findings, why }: Reason, titles: CompareReport['findingTitles']): string =>
  (findings.length > 0 ? findings.map((id) => (titles[id] === undefined ? id : `${id} ${titles[id]}`)) : why).join(
    '; ',
  );

export const whereText = ({ first, workloads }: ReasonItem): string =>
  `first in ${first.workload}, ${first.at}; ${plural(workloads, 'workload')}`;

/** Why a comparison is incomplete, and how little was compared. */
export function endText({ op, ops, panic }: EarlyEnd, workload: WorkloadComparison): string {
  if (panic === null) return 'no ops: nothing was run';
  const { where, reason } = panic;
  const why = `both: panic: ${where}: ${reason} at ${workload.opTexts[op] ?? `op ${op}`}`;
  const part = `${number(op)} of ${plural(ops, 'op')} compared${op === 0 ? ': nothing was run' : ''}`;
  return `${why}; ${part}${where === 'vm_wait' ? `; ${memoryText(workload)}` : ''}`;
}

/** How memory can be made to last. */
function memoryText({ machine, needs }: WorkloadComparison): string {
  const has = `the machine has ram=${formatSize(machine.ram)} (${plural(machine.ram / PAGE_SIZE, 'page')})`;
  if (needs === null) return `${has}, which a machine line of the workload sets`;
  return `${has}, the recording may take ${number(needs)}: --machine ram=SIZE sets it`;
}

export const entryText = ({ variant, workload, what }: ExpectedDifference): string =>
  `${variant}, ${workload}, ${what}`;

/** `removeIsNoop, vmspaceClear (mine against landed)` */
export const unreachedText = ({ members, candidate, reference }: Unreached): string =>
  `${members.join(', ')} (${candidate} against ${reference})`;

/** The whole comparison in one line. */
export function tallyText(tally: Tally): string {
  const { pairs, equal, notExercised, intended, known, unexpected, failed, incomplete, faults } = tally;
  const parts = [
    `${plural(pairs, 'comparison')}: ${number(equal)} identical`,
    ...(notExercised > 0 ? [`${number(notExercised)} not exercised`] : []),
    `${number(intended)} intended`,
    `${number(known)} known`,
    `${number(unexpected)} unexpected`,
    ...(failed > 0 ? [`${number(failed)} failed`] : []),
    ...(incomplete > 0 ? [`${number(incomplete)} incomplete`] : []),
    ...(faults > 0 ? [`${plural(faults, 'run')} out of balance`] : []),
  ];
  return parts.join(', ');
}

/** What is incomplete, and why: one line a reason, with the comparisons that it concerns. */
export function incompleteNotes({ rows, tally }: CompareReport): string[] {
  if (tally.incomplete === 0) return [];
  const found = new Map<string, string[]>();
  for (const { workload } of rows)
    for (const { reference, candidate, incomplete } of [...workload.pairs, ...workload.predecessors]) {
      if (incomplete === null) continue;
      const key = `${workload.name}: ${endText(incomplete, workload)}`;
      found.set(key, [...(found.get(key) ?? []), `${candidate} against ${reference}`]);
    }
  return [...found].map(([note, pairs]) => `${note} (${pairs.join(', ')})`);
}
