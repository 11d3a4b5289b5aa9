import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Variant, defineVariant } from '../../../core/index.ts';
import { type ExpectedDifference, acceptExpected } from '../../../harness/compare/accepted.ts';
import { Fit, tightest } from '../../../harness/compare/fit.ts';
import { EXIT_OK, tally } from '../../../harness/compare/gate.ts';
import { type WorkloadComparison, planComparison } from '../../../harness/compare/plan.ts';
import { suggest } from '../../../harness/compare/suggest.ts';
import { compareWorkload } from '../../../harness/compare/workload.ts';
import type { Declared } from '../../../harness/declare/declarations.ts';
import { BASES, measureText, parseMeasure } from '../../../harness/declare/measure.ts';
import { knownDifferences } from '../../../harness/findings/index.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import type { RunRecord } from '../../../harness/run/record.ts';
import * as face from '../../../variants/index.ts';
import { recordOf } from '../../support/ran.ts';
import { factsBeside, fixtureFile, loadFixture } from '../../support/variant-fixtures.ts';

const TODAY = '2026-06-15';
const NAMES = ['exit-touched', 'exit-untouched', 'exec-touched', 'exit-touched-pti', 'vfork-execfail', 'superpage'];
const workloads = await Promise.all(NAMES.map((name) => loadWorkload(name, { touch: 'recorded' })));
const recordsOf = (variant: Variant): RunRecord[] => workloads.map((workload) => recordOf(workload, variant));
const [baseline, landed] = [face.baseline, face.landed].map(recordsOf);

/** What a user says of a variant: what it declares, and what --expect holds. */
interface Said {
  readonly intends: readonly Declared[];
  readonly entries: readonly ExpectedDifference[];
}

/** A variant after landed, against baseline and landed. */
class Reviewed {
  readonly #variant: Variant;
  readonly #records: readonly RunRecord[];
  /** the workload that was last not as said: the next thing that is said wrongly most likely shows there too */
  #suspect = 0;

  constructor(variant: Variant) {
    this.#variant = variant;
    this.#records = recordsOf(variant);
  }

  /** One workload after the other, as each is asked for. */
  *compare({ intends, entries }: Said, order = [...workloads.keys()]): Generator<WorkloadComparison> {
    const variant = { ...this.#variant, intends };
    const plan = planComparison(['baseline', 'landed', variant.id], factsBeside(variant), {
      against: { kind: 'variant', id: 'baseline' },
      ledger: knownDifferences,
      predecessors: true,
      fitted: [variant.id],
    });
    for (const i of order) {
      const compared = compareWorkload(plan, workloads[i]!, [baseline![i]!, landed![i]!, this.#records[i]!]);
      yield* acceptExpected([compared], entries, TODAY).workloads;
    }
  }

  /** The exit code of the command, at the first workload that is not as said. */
  gate(said: Said): number {
    const gate = { interrupted: false, wholeCatalog: false, requireExercised: false };
    const order = [this.#suspect, ...without([...workloads.keys()], this.#suspect)];
    let at = 0;
    for (const compared of this.compare(said, order)) {
      const { exitCode } = tally([compared], [], gate);
      if (exitCode !== EXIT_OK) {
        this.#suspect = order[at]!;
        return exitCode;
      }
      at++;
    }
    return EXIT_OK;
  }

  /** What is suggested, with what the user has to say. */
  suggested(): Said {
    const compared = [...this.compare({ intends: this.#variant.intends, entries: [] })];
    const { intends, expected } = suggest(compared, [this.#variant.id]);
    const entries = expected.map((entry) => ({ ...entry, reason: 'planted', expires: TODAY }));
    return { intends: intends.flatMap((one) => one.entries), entries };
  }
}

const without = <T>(list: readonly T[], at: number): T[] => list.filter((_one, i) => i !== at);

/** Formulas that leave less room: without one of their parts, or with a coefficient nearer to what it bounds. */
function tighter(by: string): string[] {
  const measure = parseMeasure(by, 'test');
  const { more, fewer, per, room } = measure;
  const parts = by.split(', ');
  const lacking = parts.map((_part, i) => without(parts, i).join(', ')).filter((text) => text !== '');
  const moved = per.flatMap((n, basis) =>
    n === 0
      ? []
      : [...(fewer ? [] : [n + 1]), ...(more ? [] : [n - 1])]
          .filter((k) => k !== 0)
          .map((k) => measureText({ ...measure, per: per.map((other, i) => (i === basis ? k : other)) })),
  );
  const narrower = (['above', 'below'] as const).flatMap((side) =>
    (room?.[side] ?? []).flatMap((n, basis) =>
      n < 2
        ? []
        : [
            measureText({
              ...measure,
              room: { ...room!, [side]: room![side].map((other, i) => (i === basis ? n - 1 : other)) },
            }),
          ],
    ),
  );
  return [...lacking, ...moved, ...narrower];
}

const folder = dirname(fixtureFile('x'));
const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));

describe('what is suggested for a planted variant', () => {
  it.each(files)('passes the gate when it is pasted, and nothing less does: %s', async (name) => {
    const variant = await loadFixture(join(folder, name));
    const reviewed = new Reviewed(variant);
    const said = reviewed.suggested();
    const { intends, entries } = said;
    // A variant whose own code fails is no answer, whatever is declared.
    const passes = [...reviewed.compare(said)].some(({ runs }) => runs.some(({ ended }) => ended.kind === 'failed'))
      ? 3
      : 0;
    expect(reviewed.gate(said)).toBe(passes);
    if (passes !== 0) return;
    for (const [i, intent] of intends.entries()) {
      const others = without(intends, i);
      expect([name, intent, reviewed.gate({ intends: others, entries })]).toEqual([name, intent, 1]);
      for (const by of tighter(intent.by))
        expect([name, intent, by, reviewed.gate({ intends: [...others, { ...intent, by }], entries })]).toEqual([
          name,
          intent,
          by,
          1,
        ]);
    }
    for (const [i, entry] of entries.entries())
      expect([name, entry, reviewed.gate({ intends, entries: without(entries, i) })]).toEqual([name, entry, 1]);
  });

  it('declares no stale mapping, which can only be expected for a while', async () => {
    const variant = await loadFixture(fixtureFile('threshold-too-high'));
    const workload = await loadWorkload('only-page-pti', { touch: 'recorded' });
    const plan = planComparison(['landed', variant.id], factsBeside(variant), {
      against: { kind: 'variant', id: 'landed' },
      ledger: knownDifferences,
      predecessors: false,
      fitted: [variant.id],
    });
    const records = [face.landed, variant].map((one) => recordOf(workload, one));
    const { intends, expected } = suggest([compareWorkload(plan, workload, records)], [variant.id]);
    expect(intends.flatMap(({ entries }) => entries).map(({ what }) => what)).not.toContain('excessPages');
    expect(expected.map(({ what }) => what)).toEqual(['outcome', 'excessPages']);
  });

  it('says nothing of why, which the door to a variant refuses', async () => {
    const variant = await loadFixture(fixtureFile('count-twice-uncount-once'));
    const reviewed = new Reviewed(variant);
    const { intends } = suggest([...reviewed.compare({ intends: [], entries: [] })], [variant.id]);
    const entries = intends.flatMap((one) => one.entries);
    expect(entries.length).toBeGreaterThan(0);
    expect(entries.every(({ why }) => why === '')).toBe(true);
    expect(() => defineVariant({ ...variant, intends: entries })).toThrow('intends[0].why: expected a reason in words');
  });
});

/** The formula for points of [occasions by basis, difference]. */
function formula(
  points: readonly (readonly [Partial<Record<(typeof BASES)[number], number>>, number])[],
  what = 'invlpgs',
): string | null {
  const fit = new Fit();
  for (const [occasions, difference] of points)
    fit.take(
      difference,
      BASES.map((basis) => occasions[basis] ?? 0),
      1,
    );
  const found = tightest(what, [{ fit, more: false, fewer: false, declared: { more: false, fewer: false } }]);
  return found === null ? null : measureText(found.measure);
}

describe('the tightest formula', () => {
  it.each([
    [
      'one term, if it comes to every difference',
      [
        [{ exit: 1 }, 2],
        [{ exit: 3 }, 6],
        [{}, 0],
      ],
      '+2 per exit',
    ],
    ['the occasion that says most', [[{ exit: 1, 'exit of the last user': 1 }, -1]], '-1 per exit of the last user'],
    [
      'a sum of terms',
      [
        [{ exit: 1 }, 1],
        [{ 'exec that reuses': 1 }, -2],
        [{ exit: 2, 'exec that reuses': 1 }, 0],
      ],
      '-2 per exec that reuses, +1 per exit',
    ],
    [
      'of sums the one with the smallest numbers',
      [
        [{ 'vmspace freed': 1, 'exec that reuses': 1 }, -1],
        [{ 'vmspace freed': -1, 'exit of the last user': 1 }, -52],
      ],
      '-1 per exec that reuses, -52 per exit of the last user',
    ],
    [
      'room for a term, if the term is more than some differences',
      [
        [{ exit: 1, 'pmap_remove call': 9 }, 1],
        [{ exit: 1, 'pmap_remove call': 9 }, 3],
        [{ exit: 2, 'pmap_remove call': 9 }, 0],
      ],
      'up to +3 per exit',
    ],
    [
      'room on both sides, if both sides occur',
      [
        [{ exit: 1 }, 1],
        [{ exit: 2 }, -3],
      ],
      'up to +1 per exit, up to -2 per exit',
    ],
    [
      'one side, if no terms fit',
      [
        [{ exit: 1 }, 1],
        [{ exit: 1 }, 3],
        [{}, 2],
      ],
      'more',
    ],
    [
      'the other side',
      [
        [{ exit: 1 }, -1],
        [{}, -2],
      ],
      'fewer',
    ],
    [
      'a term that bounds it, if both sides occur',
      [
        [{ exit: 1 }, -1],
        [{}, 2],
      ],
      '-1 per exit, more',
    ],
    [
      'none, if nothing bounds it',
      [
        [{}, 1],
        [{}, -1],
      ],
      null,
    ],
  ] as const)('is %s', (_what, points, expected) => {
    expect(formula(points)).toBe(expected);
  });

  it('measures no number by itself', () => {
    const points = [[{ 'pmap_remove call': 2 }, 2] as const, [{ 'pmap_remove call': 5 }, 5] as const];
    expect([formula(points), formula(points, 'removeCalls')]).toEqual(['+1 per pmap_remove call', 'more']);
    const locks = [[{ 'read lock of a map': 2 }, 2] as const, [{ 'read lock of a map': 5 }, 5] as const];
    expect([formula(locks, 'vmMapUpgrades'), formula(locks, 'vmMapReadLocks')]).toEqual([
      '+1 per read lock of a map',
      'more',
    ]);
  });

  it('has only occasions that can have to do with the number', () => {
    const locks = [[{ 'read lock of a map': 2 }, 2] as const, [{ 'read lock of a map': 5 }, 5] as const];
    expect(formula(locks, 'removeLoops')).toBe('more');
    const pages = [[{ 'live top-level page': 1 }, 1] as const, [{ 'live top-level page': 2 }, 2] as const];
    expect(formula(pages, 'removeLoops')).toBe('more');
    expect(formula(pages, 'userPtPageCount')).toBe('+1 per live top-level page');
    expect(formula(pages, 'residentCount')).toBe('+1 per live top-level page');
  });
});
