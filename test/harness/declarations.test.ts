import { beforeAll, describe, expect, it } from 'vitest';
import { REACHED } from '../../core/index.ts';
import { EXIT_FINDING, EXIT_OK, tally } from '../../harness/compare/gate.ts';
import { type WorkloadComparison, neverSeen, planComparison } from '../../harness/compare/plan.ts';
import { compareWorkload } from '../../harness/compare/workload.ts';
import type { KnownDifference, VariantFacts } from '../../harness/declare/declarations.ts';
import { MEMBERS } from '../../harness/declare/planes.ts';
import { knownDifferences } from '../../harness/findings/index.ts';
import { loadWorkload } from '../../harness/input/load.ts';
import type { RunRecord } from '../../harness/run/record.ts';
import { CATALOG } from '../../harness/workload/catalog/index.ts';
import { CORPUS } from '../../harness/workload/corpus/index.ts';
import type { Workload } from '../../harness/workload/ops.ts';
import * as face from '../../variants/index.ts';
import { factsOfAll } from '../support/facts.ts';
import { recordOf } from '../support/ran.ts';

const ids = face.series.map(({ id }) => id);
const facts: readonly VariantFacts[] = factsOfAll(face.series);
const gate = { interrupted: false, wholeCatalog: true, requireExercised: false };

interface Answered {
  readonly workload: Workload;
  readonly records: readonly RunRecord[];
}

let answered: Answered[];
/** By variant and what differs: where a difference is explained so. */
const explainedIn = new Map<string, Set<Answered>>();
let whole: ReturnType<typeof compareAll>;

const compareAll = (some: readonly VariantFacts[], ledger: readonly KnownDifference[], over: readonly Answered[]) => {
  const plan = planComparison(ids, some, { against: { kind: 'variant', id: 'baseline' }, ledger, predecessors: true });
  const compared = over.map(({ workload, records }): WorkloadComparison => compareWorkload(plan, workload, records));
  return { plan, compared };
};

beforeAll(async () => {
  answered = [];
  // The largest recording adds seconds but no new kind of difference; `npm start` applies the same gate to it.
  for (const name of [...Object.keys(CATALOG), ...Object.keys(CORPUS)].filter((one) => one !== 'make12')) {
    const workload = await loadWorkload(name);
    answered.push({ workload, records: face.series.map((variant) => recordOf(workload, variant)) });
  }
  answered.sort((a, b) => a.workload.ops.length - b.workload.ops.length);
  whole = compareAll(facts, knownDifferences, answered);
  for (const [i, { pairs, predecessors }] of whole.compared.entries())
    for (const { variant, what } of [...pairs, ...predecessors].flatMap(({ differences }) =>
      differences.flatMap(({ steps }) => steps),
    )) {
      const key = `${variant} ${what}`;
      explainedIn.set(key, (explainedIn.get(key) ?? new Set()).add(answered[i]!));
    }
});

describe('the declarations of the review', () => {
  it('explain every difference over catalog and corpus, and each comes true', () => {
    const { plan, compared } = whole;
    const unexpected = compared.flatMap(({ name, pairs, predecessors }) =>
      [...pairs, ...predecessors].flatMap(({ reference, candidate, differences }) =>
        differences
          .filter(({ standing }) => standing === 'unexpected')
          .map(({ what }) => `${name}: ${candidate} against ${reference}: ${what}`),
      ),
    );
    expect(unexpected).toEqual([]);
    expect(tally(compared, neverSeen(plan, compared), gate).exitCode).toBe(EXIT_OK);
  });

  it('concern only members of the seam that the workloads reach', () => {
    const reached = MEMBERS.filter((_name, i) =>
      answered.some(({ records }) => records.every(({ totals }) => totals[REACHED[i]]! > 0)),
    );
    expect(reached).toEqual(MEMBERS);
  });

  const withoutIntent = face.series.flatMap(({ id, intends }) =>
    intends.map(({ what }) => ({
      who: id,
      variant: id,
      what,
      some: facts.map((one) => drop(one, id, what)),
      ledger: knownDifferences,
    })),
  );
  // experiments.test.ts covers what the ledger knows about experiments.
  const ofTheReview = knownDifferences.filter(({ variant }) => ids.includes(variant));
  const withoutKnown = ofTheReview.map((known) => ({
    who: `${known.finding}, ${known.variant}`,
    variant: known.variant,
    what: known.what,
    some: facts,
    ledger: knownDifferences.filter((other) => other !== known),
  }));

  it.each([...withoutIntent, ...withoutKnown])(
    'are all needed: without $who: $what the gate closes',
    ({ variant, what, some, ledger }) => {
      // Most likely there; but how machines part, and what follows, has no difference of its own.
      const first = explainedIn.get(`${variant} ${what}`) ?? [];
      const closes = [...first, ...answered].some((one) => {
        const { compared } = compareAll(some, ledger, [one]);
        return tally(compared, [], { ...gate, wholeCatalog: false }).exitCode === EXIT_FINDING;
      });
      expect(closes).toBe(true);
    },
  );
});

function drop(one: VariantFacts, id: string, what: string): VariantFacts {
  return one.id === id ? { ...one, intends: one.intends.filter((intent) => intent.what !== what) } : one;
}
