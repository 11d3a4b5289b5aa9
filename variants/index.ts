/**
 * The revisions in review order, then the controls and what-ifs. Adding one = one file and one line here.
 *
 * This is what `pmapdiff` means to a user's own variant: the engine's face, and every built-in variant to start from.
 */
import type { Variant } from '../core/index.ts';
import { baseline } from './baseline.ts';
import { doubleCountFix } from './double-count-fix.ts';
import { baselineWithUnmap } from './experiments/baseline-with-unmap.ts';
import { d33276 } from './experiments/d33276.ts';
import { dyingPmapNoIpi } from './experiments/dying-pmap-no-ipi.ts';
import { inLoopCheck } from './experiments/in-loop-check.ts';
import { noAbiUnmap } from './experiments/no-abi-unmap.ts';
import { noEarlyExit } from './experiments/no-early-exit.ts';
import { unmapAfterRemovePages } from './experiments/unmap-after-remove-pages.ts';
import { unmapWithoutRefcountCheck } from './experiments/unmap-without-refcount-check.ts';
import { vmspaceClearAsSpelled } from './experiments/vmspace-clear-as-spelled.ts';
import { vmspaceClear } from './experiments/vmspace-clear.ts';
import { landed } from './landed.ts';
import { sharedPageUnmap } from './shared-page-unmap.ts';
import { toplevelAccounting } from './toplevel-accounting.ts';

export * from '../core/index.ts';
export {
  baseline,
  baselineWithUnmap,
  d33276,
  doubleCountFix,
  dyingPmapNoIpi,
  inLoopCheck,
  landed,
  noAbiUnmap,
  noEarlyExit,
  sharedPageUnmap,
  toplevelAccounting,
  unmapAfterRemovePages,
  unmapWithoutRefcountCheck,
  vmspaceClear,
  vmspaceClearAsSpelled,
};

/** The review, state by state. */
export const series: readonly Variant[] = [baseline, toplevelAccounting, doubleCountFix, sharedPageUnmap, landed];

/** Controls and what-ifs: they enter a comparison by name only. */
export const experiments: readonly Variant[] = [
  noEarlyExit,
  noAbiUnmap,
  baselineWithUnmap,
  unmapWithoutRefcountCheck,
  unmapAfterRemovePages,
  vmspaceClear,
  vmspaceClearAsSpelled,
  dyingPmapNoIpi,
  d33276,
  inLoopCheck,
];

export const variantById = (id: string): Variant | undefined =>
  [...series, ...experiments].find((variant) => variant.id === id);
