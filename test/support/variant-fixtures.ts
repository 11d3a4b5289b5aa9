/** Users' variant files of test/fixtures/variants, and landed compared with them in this process. */
import { basename, join } from 'node:path';
import type { Variant } from '../../core/index.ts';
import type { Facts } from '../../harness/columns/facts.ts';
import { type WorkloadComparison, planComparison } from '../../harness/compare/plan.ts';
import { compareWorkload } from '../../harness/compare/workload.ts';
import { knownDifferences } from '../../harness/findings/index.ts';
import { exportedVariant } from '../../harness/run/load.ts';
import type { RunRecord } from '../../harness/run/record.ts';
import type { Workload } from '../../harness/workload/ops.ts';
import * as face from '../../variants/index.ts';
import { factsOfAll, factsOfOne } from './facts.ts';
import { root } from './layers.ts';
import { recordOf } from './ran.ts';

export const fixtureFile = (id: string): string => join(root, 'test/fixtures/variants', `${id}.ts`);

/** The variant in a file, in this process: `pmapdiff` resolves to the source here. */
export const loadFixture = async (path: string): Promise<Variant> =>
  exportedVariant((await import(/* @vite-ignore */ path)) as Record<string, unknown>, basename(path));

/** Facts of the built-in variants, followed by those of a variant with its own file. */
export const factsBeside = (variant: Variant, path: string | null = null): Facts[] => [
  ...factsOfAll([...face.series, ...face.experiments]),
  factsOfOne(variant, path),
];

const references = new Map<string, RunRecord>();

/** A variant against landed on one workload, as `compare --against landed` compares them. */
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
