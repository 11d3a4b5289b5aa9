/**
 * Counters that only one of two runs has, because a patch adds or removes them: there is nothing to compare them with.
 */
import { COUNTER_NAMES } from '../../core/counters.ts';
import type { Step } from '../declare/declarations.ts';
import type { Apart, RunEnd } from '../run/record.ts';

/** A counter that is in only one of two cores, or one of theirs that counts differently. */
export interface ApartCounter {
  readonly what: string;
  /** of the candidate's core; null: both have it, this program has not */
  readonly presence: 'new' | 'gone' | null;
  /** what the ops added; 0 where it is not */
  readonly reference: number;
  readonly candidate: number;
  readonly steps: readonly Step[];
}

const NONE: Apart = { counters: {}, missing: [] };

/** In the order of their names. intended: what is declared to differ. */
export function compareApart(a: RunEnd, b: RunEnd, intended: readonly Step[]): ApartCounter[] {
  const [ofA, ofB] = [a.apart ?? NONE, b.apart ?? NONE];
  const names = [...Object.keys(ofA.counters), ...Object.keys(ofB.counters), ...ofA.missing, ...ofB.missing];
  return [...new Set(names)].toSorted().flatMap((what) => {
    const [reference, candidate] = [countedIn(a, what), countedIn(b, what)];
    if (reference === candidate) return [];
    const presence = reference === null ? 'new' : candidate === null ? 'gone' : null;
    const steps = intended.filter((step) => step.what === what);
    return [{ what, presence, reference: reference ?? 0, candidate: candidate ?? 0, steps }];
  });
}

/** What a run's ops added to a counter; null: its core has none of that name. */
function countedIn({ apart = NONE, start, totals }: RunEnd, what: string): number | null {
  if (Object.hasOwn(apart.counters, what)) return apart.counters[what];
  const counter = (COUNTER_NAMES as readonly string[]).indexOf(what);
  return counter < 0 || apart.missing.includes(what) ? null : totals[counter] - start[counter];
}

/** Statistics of this program that one of the runs has not, or has in another sense. */
export const isApart = (a: RunEnd, b: RunEnd, what: string): boolean =>
  [a, b].some(({ apart = NONE }) => apart.missing.includes(what));
