/** Words that several renderers of a comparison share. */
import type { ExpectedDifference } from '../../compare/accepted.ts';
import type { Tally, Unreached } from '../../compare/gate.ts';
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

/** `; looks like N9`, or nothing: a hint, which explains nothing. */
export const hintText = (hints: readonly string[] = []): string =>
  hints.length === 0 ? '' : `; looks like ${hints.join(', ')}`;

export const entryText = ({ variant, workload, what }: ExpectedDifference): string =>
  `${variant}, ${workload}, ${what}`;

/** `removeIsNoop, vmspaceClear (mine against landed)` */
export const unreachedText = ({ members, candidate, reference }: Unreached): string =>
  `${members.join(', ')} (${candidate} against ${reference})`;

/** The whole comparison in one line. */
export function tallyText({ pairs, equal, notExercised, intended, known, unexpected, failed, faults }: Tally): string {
  const parts = [
    `${plural(pairs, 'comparison')}: ${number(equal)} identical`,
    ...(notExercised > 0 ? [`${number(notExercised)} not exercised`] : []),
    `${number(intended)} intended`,
    `${number(known)} known`,
    `${number(unexpected)} unexpected`,
    ...(failed > 0 ? [`${number(failed)} failed`] : []),
    ...(faults > 0 ? [`${plural(faults, 'run')} out of balance`] : []),
  ];
  return parts.join(', ');
}
