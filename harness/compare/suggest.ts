/** What its user would have to declare or expect for a comparison to hold nothing unexpected, and no more than that. */
import type { Declared } from '../declare/declarations.ts';
import { measureText } from '../declare/measure.ts';
import type { ExpectedDifference } from './accepted.ts';
import { type Fitted, byTightness, tightest } from './fit.ts';
import type { PairComparison } from './pair.ts';
import type { WorkloadComparison } from './plan.ts';
import type { StatFit } from './track.ts';

/** Why and until when is for the user to say: an entry without is refused. */
export interface Suggestions {
  /** per variant file that leaves something undeclared */
  readonly intends: readonly { readonly variant: string; readonly entries: readonly Declared[] }[];
  /** for --expect: what no declaration can be about, or no formula fits */
  readonly expected: readonly ExpectedDifference[];
}

/** What no revision intends: it can be expected, until it is mended. */
const STALE = 'excessPages';

const NOT_SAID = { reason: '', expires: '' };

/** fitted: ids of the variants that can be given declarations. */
export function suggest(workloads: readonly WorkloadComparison[], fitted: readonly string[]): Suggestions {
  const all = workloads.flatMap(({ name, pairs, predecessors }) =>
    [...pairs, ...predecessors].map((pair) => ({ workload: name, pair })),
  );
  const unexpected = all.flatMap(({ workload, pair }) =>
    pair.differences
      .filter(({ standing }) => standing === 'unexpected')
      .map(({ what }) => ({ workload, what, variant: ownerOf(pair, fitted) ?? pair.candidate })),
  );
  const intends = fitted.flatMap((variant) => {
    const names = unique(unexpected.filter((one) => one.variant === variant).map(({ what }) => what)).filter(
      (what) => what !== STALE,
    );
    const own = all.flatMap(({ pair }) => (ownerOf(pair, fitted) === variant ? [pair] : []));
    const keys = unique(own.map(keyOf));
    const entries = names.flatMap((what): Declared[] => {
      const by = formulaOf(
        what,
        keys.map((key) =>
          own.filter((pair) => keyOf(pair) === key).flatMap(({ fits }) => fits.filter((one) => one.what === what)),
        ),
      );
      return by === null ? [] : [{ what, by, why: '' }];
    });
    return entries.length === 0 ? [] : [{ variant, entries }];
  });
  const isDeclared = (variant: string, what: string): boolean =>
    intends.some((one) => one.variant === variant && one.entries.some((entry) => entry.what === what));
  const faults = workloads.flatMap(({ name, runs }) =>
    runs.flatMap((run) =>
      run.faults
        .filter(({ standing }) => standing === 'unexpected')
        .map((fault) => ({ workload: name, what: fault.name, variant: run.variant })),
    ),
  );
  const expected = new Map<string, ExpectedDifference>();
  for (const { variant, workload, what } of [...unexpected, ...faults])
    if (!isDeclared(variant, what))
      expected.set(JSON.stringify([variant, workload, what]), { variant, workload, what, ...NOT_SAID });
  return { intends, expected: [...expected.values()] };
}

const keyOf = ({ reference, candidate }: PairComparison): string => `${reference} ${candidate}`;

/** Whose declaration would account for what differs. */
const ownerOf = ({ reference, candidate }: PairComparison, fitted: readonly string[]): string | null =>
  [candidate, reference].find((id) => fitted.includes(id)) ?? null;

/** Fits of one statistic, of all workloads of each comparison. */
type Comparison = readonly StatFit[];

/**
 * Beside declarations alone or beside what findings explain too, whichever leaves less room: one or the other for each
 * comparison.
 */
function formulaOf(what: string, comparisons: readonly Comparison[]): string | null {
  let choices: (readonly Fitted[])[] = [[]];
  for (const fits of comparisons) {
    const byIntent = fits.map((one) => one.byIntent);
    const byLedger = fits.map((one) => one.byLedger ?? one.byIntent);
    const either = fits.some((one) => one.byLedger !== null) ? [byIntent, byLedger] : [byIntent];
    choices = choices.flatMap((before) => either.map((more) => [...before, ...more]));
  }
  const [best] = choices.flatMap((all) => (all.length === 0 ? [] : (tightest(what, all) ?? []))).toSorted(byTightness);
  return best === undefined ? null : measureText(best.measure);
}

const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];
