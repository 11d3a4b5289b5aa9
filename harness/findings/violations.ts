/**
 * Invariants that a finding breaks: what a run whose invariants are checked must show besides what the ledger knows
 * already. The accounting of a variant excuses none of them.
 */
import type { Known } from '../compare/declarations.ts';

export const knownViolations: readonly Known[] = [
  { finding: 'N1', variant: 'baseline', what: 'reserved-pt-page-count', until: 'd33276' },
  { finding: 'F1', variant: 'toplevel-accounting', what: 'user-pt-page-count', until: 'double-count-fix' },
  { finding: 'F6', variant: 'double-count-fix', what: 'shared-page-entry', until: 'shared-page-unmap' },
  { finding: 'F6', variant: 'double-count-fix', what: 'shared-page-signal', until: 'shared-page-unmap' },
  { finding: 'N12', variant: 'baseline', what: 'leaf-stale' },
];
