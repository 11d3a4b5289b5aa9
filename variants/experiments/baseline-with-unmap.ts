/**
 * Control: the baseline with exec_free_abi_mappings() and its old test for 0. Shows that the speedup comes from the
 * unmapping alone (finding N4); the accounting and the new threshold only keep each other correct.
 */
import { type Machine, type Proc, defineVariant, pmapRemove } from '../../core/index.ts';
import { baseline } from '../baseline.ts';

/** exec_free_abi_mappings, as landed. */
function execFreeAbiMappings(m: Machine, p: Proc): void {
  const { vmspace } = p;
  if (vmspace.refcnt !== 1) return;
  const shared = p.sysent.sharedPage;
  if (shared !== null) pmapRemove(m, vmspace.pmap, shared.base, shared.base + shared.len);
}

export const baselineWithUnmap = defineVariant({
  id: 'baseline-with-unmap',
  after: 'baseline',
  title: 'Before the review, but exec and exit unmap the shared page as landed',
  accounting: { topPagesInResidentCount: false },
  intends: [
    { what: 'removeCalls', by: '+1 per exec that reuses, +1 per exit of the last user', why: 'the hook' },
    { what: 'removeEarlyExits', by: 'more', why: 'the shared page no longer stays behind' },
    {
      what: 'delayedInvalidations',
      by: 'fewer, +1 per exec that reuses, +1 per exit of the last user',
      why: 'one for the hook, none for the calls that leave early now',
    },
    {
      what: 'pmapLocks',
      by: 'fewer, +1 per exec that reuses, +1 per exit of the last user',
      why: 'one for the hook, none for the calls that leave early now',
    },
    {
      what: 'removeLoops',
      by: 'fewer, +1 per exec that reuses, +1 per exit of the last user',
      why: 'one for the hook, none for the calls that leave early now',
    },
    {
      what: 'removeLoopBreaks',
      by: 'up to +1 per pmap_remove call',
      why: 'the loop ends at what was mapped last, where the shared page would be left',
    },
    { what: 'invalidatePages', by: 'more', why: 'of whatever the process has put in place of the shared page' },
    { what: 'pvListWriteLocks', by: 'more', why: 'a managed page in place of the shared page' },
    { what: 'invlpgs', by: 'more', why: 'the shared page is unmapped while its pmap is still active' },
    { what: 'invpcids', by: 'more', why: 'one for each invlpg of a pmap with two roots, in the user-mode half' },
    {
      what: 'pagesZeroed',
      by: 'any',
      why: 'while an exit is stopped, others may take the page-table pages that an early unmapping has freed',
    },
  ],
  hunks: {
    ...baseline.hunks,
    execBeforeTeardown: execFreeAbiMappings,
    exitBeforeVmspaceExit: execFreeAbiMappings,
  },
});
