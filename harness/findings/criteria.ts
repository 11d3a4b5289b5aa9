/** Whether a remark shows, read off what is observed: criteria that several cases share. */
import type { RunRecord } from '../run/record.ts';
import type { Observed, Subject } from './finding.ts';
import { added } from './observe.ts';

/** The numbers in an observation, in order. */
export const numbersIn = (got: Observed): number[] => (String(got).match(/\d+/g) ?? []).map(Number);

/** The `early/calls` in an observation, in order. */
export const callsIn = (got: Observed): { readonly early: number; readonly calls: number }[] =>
  [...String(got).matchAll(/(\d+)\/(\d+)/g)].map(([, early, calls]) => ({
    early: Number(early),
    calls: Number(calls),
  }));

/** Some call leaves early. */
export const someEarly = (got: Observed): boolean => callsIn(got).some(({ early }) => early > 0);
/** No call leaves early. */
export const noneEarly = (got: Observed): boolean => !someEarly(got);
/** What is observed begins with a number above 0. */
export const isPositive = (got: Observed): boolean => numbersIn(got)[0] > 0;

const touchedExit = 'a: exec sh60\na: clock\na: exit\n';
const earlyAtExit = (record: RunRecord): boolean => (added(record, 'removeEarlyExits', 2) ?? 0) > 0;

/** The unmapping of a shared page that the process touched, so that its exit leaves early. */
export const unmapping: Subject = { workload: touchedExit, isThere: earlyAtExit };

/** The unmapping once the pmap is no longer active: nothing is flushed. */
export const unmappingOfInactive: Subject = {
  workload: touchedExit,
  isThere: (record) => earlyAtExit(record) && added(record, 'invlpgs', 2) === 0,
};
