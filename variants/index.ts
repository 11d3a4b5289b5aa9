/**
 * The revisions in review order, then the controls and what-ifs. Adding one = one file and one line here.
 *
 * This is what `pmapdiff` means to a user's own variant: the engine's face, and every built-in variant to start from.
 */
import type { Variant } from '../core/index.ts';
import { baseline } from './baseline.ts';
import { doubleCountFix } from './double-count-fix.ts';
import { d33276 } from './experiments/d33276.ts';
import { inLoopCheck } from './experiments/in-loop-check.ts';
import { noAbiUnmap } from './experiments/no-abi-unmap.ts';
import { noEarlyExit } from './experiments/no-early-exit.ts';
import { unmapWithoutRefcountCheck } from './experiments/unmap-without-refcount-check.ts';
import { landed } from './landed.ts';
import { sharedPageUnmap } from './shared-page-unmap.ts';
import { toplevelAccounting } from './toplevel-accounting.ts';

export * from '../core/index.ts';
export { baseline, toplevelAccounting, doubleCountFix, sharedPageUnmap, landed };
export { noEarlyExit, noAbiUnmap, unmapWithoutRefcountCheck, d33276, inLoopCheck };

/** The review, state by state. */
export const series: readonly Variant[] = [baseline, toplevelAccounting, doubleCountFix, sharedPageUnmap, landed];

/** Controls and what-ifs: they enter a comparison by name only. */
export const experiments: readonly Variant[] = [
  noEarlyExit,
  noAbiUnmap,
  unmapWithoutRefcountCheck,
  d33276,
  inLoopCheck,
];

export const variantById = (id: string): Variant | undefined =>
  [...series, ...experiments].find((variant) => variant.id === id);
