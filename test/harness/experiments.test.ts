import { beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../../core/index.ts';
import { planComparison } from '../../harness/compare/compare.ts';
import { compareWorkload } from '../../harness/compare/workload.ts';
import type { Known } from '../../harness/compare/declarations.ts';
import { knownDifferences } from '../../harness/findings/index.ts';
import { factsOf } from '../../harness/run/facts.ts';
import type { RunRecord } from '../../harness/run/record.ts';
import { run } from '../../harness/run/run.ts';
import { CATALOG } from '../../harness/workload/catalog/index.ts';
import { generateWorkload } from '../../harness/workload/generate.ts';
import { loadWorkload } from '../../harness/workload/load.ts';
import type { Workload } from '../../harness/workload/ops.ts';
import * as face from '../../variants/index.ts';

/** Longer ones repeat what is in the others. */
const MOST_OPS = 1000;
const SEEDS = [1, 3, 14, 27, 399];
const all = [...face.series, ...face.experiments];
const facts = factsOf(all, new Set(Object.keys(face)));

let workloads: Workload[];
let machine: Machine | null = null;
const records = new Map<string, RunRecord>();

function record(id: string, workload: Workload): RunRecord {
  const key = `${id} ${workload.name}`;
  const made = records.get(key);
  if (made !== undefined) return made;
  const result = run(
    machine,
    workload,
    all.find((variant) => variant.id === id)!,
  );
  ({ machine } = result);
  records.set(key, result.record);
  return result.record;
}

beforeAll(async () => {
  const catalog = await Promise.all(Object.keys(CATALOG).map((name) => loadWorkload(name)));
  workloads = catalog.filter(({ ops }) => ops.length < MOST_OPS);
  for (const seed of SEEDS) workloads.push(generateWorkload(seed, { choices: 40, machine: 'cpus=2 pti=on' }));
});

/** What nobody declared of an experiment beside its predecessor, by workload. */
function unexpected(id: string, after: string, ledger: readonly Known[]): string[] {
  const plan = planComparison([after, id], facts, { against: { kind: 'variant', id: after }, ledger, steps: false });
  return workloads.flatMap((workload) =>
    compareWorkload(plan, workload, [record(after, workload), record(id, workload)]).pairs[0]!.differences.flatMap(
      ({ what, standing }) => (standing === 'unexpected' ? [`${workload.name}: ${what}`] : []),
    ),
  );
}

describe('a what-if', () => {
  it.each(face.experiments)('$id differs from $after as it declares', ({ id, after }) => {
    expect(unexpected(id, after!, knownDifferences)).toEqual([]);
  });

  const ofExperiments = knownDifferences.filter(({ variant }) => face.experiments.some(({ id }) => id === variant));
  it.each(ofExperiments)('$variant needs what the ledger knows of its $what ($finding)', (known) => {
    const { after } = face.experiments.find(({ id }) => id === known.variant)!;
    const ledger = knownDifferences.filter((other) => other !== known);
    expect(unexpected(known.variant, after!, ledger)).not.toEqual([]);
  });

  it('about the IPIs of a dying pmap changes nothing', () => {
    expect(face.dyingPmapNoIpi.intends).toEqual([]);
    const plan = planComparison(['landed', 'dying-pmap-no-ipi'], facts, {
      against: { kind: 'variant', id: 'landed' },
      ledger: [],
      steps: false,
    });
    for (const workload of workloads) {
      const both = ['landed', 'dying-pmap-no-ipi'].map((id) => record(id, workload));
      expect(compareWorkload(plan, workload, both).pairs[0]!.verdict).toBe('identical');
    }
  });
});
