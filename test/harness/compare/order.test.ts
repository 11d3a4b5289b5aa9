import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { chooseAgainst } from '../../../harness/cli/select.ts';
import { builtInVariants } from '../../../harness/columns/built-in.ts';
import { builtInFacts, factsAround } from '../../../harness/columns/facts.ts';
import { tally } from '../../../harness/compare/gate.ts';
import { type Plan, neverSeen, planComparison } from '../../../harness/compare/plan.ts';
import { compareWorkload } from '../../../harness/compare/workload.ts';
import { knownDifferences } from '../../../harness/findings/index.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import type { RunRecord } from '../../../harness/run/record.ts';
import type { Workload } from '../../../harness/workload/ops.ts';
import { pmapPtPageCountAdj } from '../../../variants/index.ts';
import { factsOfOne } from '../../support/facts.ts';
import { recordOf } from '../../support/ran.ts';

const landed = builtInVariants.find(({ id }) => id === 'landed')!;
const mine = { ...landed, after: 'landed', intends: [] };
/** Two of a user's: one after landed that does not count the top-level pages, and one after nobody. */
const uncounted = {
  ...mine,
  id: 'uncounted',
  hunks: {
    ...landed.hunks,
    pinitTopPage: ((m, pmap) => {
      pmapPtPageCountAdj(m, null, -1);
      return landed.hunks.pinitTopPage(m, pmap);
    }) satisfies typeof landed.hunks.pinitTopPage,
    releaseTopPage: ((m, pmap, frame, zeroed) => {
      landed.hunks.releaseTopPage(m, pmap, frame, zeroed);
      pmapPtPageCountAdj(m, null, 1);
    }) satisfies typeof landed.hunks.releaseTopPage,
  },
};
const rootless = { ...mine, id: 'alone', after: null };
const all = [...builtInVariants, uncounted, rootless];
const facts = all.map((variant) => factsOfOne(variant));

let workload: Workload;
let records: Map<string, RunRecord>;
beforeAll(async () => {
  workload = await loadWorkload('vfork-exec');
  records = new Map(all.map((variant) => [variant.id, recordOf(workload, variant)]));
});

function planned(ids: readonly string[], text?: string): Plan {
  const around = factsAround(ids.map((id) => facts.find((one) => one.id === id)!));
  return planComparison(ids, around, {
    against: chooseAgainst(text, ids, around),
    ledger: knownDifferences,
    predecessors: true,
    atHand: builtInFacts.map(({ id }) => id),
  });
}

/** All that a comparison says, in an order of its own. */
function said(ids: readonly string[], against?: string) {
  const plan = planned(ids, against);
  const ran = [...plan.columns, ...plan.silent].map(({ id }) => records.get(id)!);
  const compared = compareWorkload(plan, workload, ran);
  const unseen = neverSeen(plan, [compared]);
  const options = { interrupted: false, wholeCatalog: true, requireExercised: false };
  const { unreached, ...counts } = tally([compared], unseen, options);
  const sorted = (items: readonly unknown[]): string[] => items.map((item) => JSON.stringify(item)).toSorted();
  return {
    pairs: sorted(compared.pairs),
    predecessors: sorted(compared.predecessors),
    groups: sorted(compared.groups.map((group) => group.toSorted())),
    missed: sorted(compared.missed),
    unreached: sorted(unreached),
    unseen: sorted(unseen),
    counts,
  };
}

describe('the order of the columns', () => {
  it('changes nothing but the order of what is said', () => {
    const shuffled = fc
      .shuffledSubarray(
        all.map(({ id }) => id),
        { minLength: 2, maxLength: 6 },
      )
      .chain((ids) => fc.tuple(fc.constant(ids), fc.shuffledSubarray(ids, { minLength: ids.length })));
    fc.assert(
      fc.property(shuffled, fc.constantFrom(undefined, 'previous', 'one'), ([ids, others], choice) => {
        const against = choice === 'one' ? ids.toSorted()[0] : choice;
        expect(said(others, against)).toEqual(said(ids, against));
      }),
      { numRuns: 60 },
    );
  });
});

describe('against previous', () => {
  it('compares nothing with a revision that comes after it', () => {
    const next = { ...factsOfOne({ ...mine, id: 'a-next', after: 'uncounted' }), after: 'uncounted' };
    const around = factsAround([factsOfOne(uncounted), next]);
    const plan = planComparison(['uncounted', 'a-next'], around, {
      against: { kind: 'previous' },
      ledger: knownDifferences,
      predecessors: false,
    });
    expect(plan.pairs.map(({ reference, candidate }) => [reference.id, candidate.id])).toEqual([
      ['uncounted', 'a-next'],
    ]);
  });
});

describe('a predecessor that is no column', () => {
  it('is run to be compared with, and not shown', () => {
    const plan = planned(['baseline', 'uncounted']);
    expect(plan.columns.map(({ id }) => id)).toEqual(['baseline', 'uncounted']);
    expect(plan.silent.map(({ id }) => id)).toEqual(['landed']);
    const ran = ['baseline', 'uncounted', 'landed'].map((id) => records.get(id)!);
    const { runs, groups, pairs, predecessors } = compareWorkload(plan, workload, ran);
    expect(runs.map(({ variant }) => variant)).toEqual(['baseline', 'uncounted']);
    expect(groups.flat()).toEqual(['baseline', 'uncounted']);
    expect(predecessors).toMatchObject([{ reference: 'landed', candidate: 'uncounted', standing: 'unexpected' }]);
    expect(pairs).toMatchObject([{ reference: 'baseline', candidate: 'uncounted', standing: 'unexpected' }]);
  });

  it('of the reference is not run', () => {
    expect(planned(['landed', 'uncounted'])).toMatchObject({ silent: [], predecessors: [] });
  });
});

describe('an exact step of a finding', () => {
  const standings = (id: string): string[] => {
    const plan = planned(['baseline', id]);
    const ran = [...plan.columns, ...plan.silent].map((one) => records.get(one.id)!);
    return compareWorkload(plan, workload, ran).pairs[0]!.differences.flatMap(({ what, standing }) =>
      what === 'userPtPageCount' ? [standing] : [],
    );
  };

  it('is made where the path leads over it, beside what is declared', () => {
    expect(standings('toplevel-accounting')).toEqual(['known']);
    expect(standings('landed')).toEqual([]);
    expect(standings('uncounted')).toEqual(['unexpected']);
  });
});
