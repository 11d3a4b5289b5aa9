/** Users' variant files of test/fixtures/variants, and landed against them in this process. */
import { join } from 'node:path';
import type { Machine, Variant } from '../../core/index.ts';
import { type WorkloadComparison, planComparison } from '../../harness/compare/plan.ts';
import { compareWorkload } from '../../harness/compare/workload.ts';
import { knownDifferences } from '../../harness/findings/index.ts';
import { type Facts, factsOf } from '../../harness/run/facts.ts';
import { loadVariant } from '../../harness/run/load.ts';
import type { RunRecord } from '../../harness/run/record.ts';
import { run } from '../../harness/run/run.ts';
import type { Workload } from '../../harness/workload/ops.ts';
import * as face from '../../variants/index.ts';
import { root } from './layers.ts';

export const fixtureFile = (id: string): string => join(root, 'test/fixtures/variants', `${id}.ts`);

export const loadFixture = (path: string): Promise<Variant> => loadVariant(path, face);

export function factsBeside(variant: Variant): Facts[] {
  return factsOf([...face.series, ...face.experiments, variant], face);
}

let machine: Machine | null = null;
const references = new Map<string, RunRecord>();

function recordOf(workload: Workload, variant: Variant): RunRecord {
  const result = run(machine, workload, variant);
  ({ machine } = result);
  return result.record;
}

/** A variant against landed on one workload, as `compare --against landed` does it. */
export function againstLanded(workload: Workload, variant: Variant): WorkloadComparison {
  const plan = planComparison(['landed', variant.id], factsBeside(variant), {
    against: { kind: 'variant', id: 'landed' },
    ledger: knownDifferences,
    predecessors: false,
  });
  const reference = references.get(workload.name) ?? recordOf(workload, face.landed);
  references.set(workload.name, reference);
  return compareWorkload(plan, workload, [reference, recordOf(workload, variant)]);
}
