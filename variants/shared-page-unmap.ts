/**
 * Diff 97210: answers to the second round.
 *
 * Reviewer: several processes may share the vmspace; exit then only drops a reference, so the shared page must stay.
 * pmap_remove() is also enough: no map lock and no map lookup are needed.
 * Now exec_free_abi_mappings() unmaps the page from the pmap only, and only for the last user of the vmspace. The map
 * entry stays: a later touch costs a soft fault, never a signal.
 */
import { type Machine, type Proc, defineVariant, pmapRemove } from '../core/index.ts';
import { doubleCountFix } from './double-count-fix.ts';

/**
 * exec_free_abi_mappings. The test may race with another process that uses the same vmspace: a wrong "shared" loses the
 * optimization (finding N3), a wrong "not shared" costs a soft fault.
 */
export function execFreeAbiMappings(m: Machine, p: Proc): void {
  const { vmspace } = p;
  if (vmspace.refcnt !== 1) return;
  const shared = p.sysent.sharedPage;
  if (shared !== null) pmapRemove(m, vmspace.pmap, shared.base, shared.base + shared.len);
}

export const sharedPageUnmap = defineVariant({
  id: 'shared-page-unmap',
  after: 'double-count-fix',
  title: 'Unmap the shared page with pmap_remove(), and only for the last user of the vmspace',
  review: { diff: 97210 },
  accounting: { topPagesInResidentCount: true },
  intends: [
    {
      what: 'removeCalls',
      by: '+1 per exec that reuses, +1 per exit of the last user',
      why: 'the map entry stays, so the sweep offers its range once more, and finds nothing left',
    },
    {
      what: 'removeEarlyExits',
      by: 'up to +1 per exec that reuses, up to +1 per exit of the last user',
      why: 'that second call leaves early',
    },
    { what: 'vmMapLocks', by: '-1 per exec that reuses, -1 per exit', why: 'pmap_remove needs no map lock' },
    { what: 'vmMapLookups', by: '-1 per exec that reuses, -1 per exit', why: 'pmap_remove looks for no entry' },
  ],
  hunks: {
    ...doubleCountFix.hunks,
    execBeforeTeardown: execFreeAbiMappings,
    exitBeforeVmspaceExit: execFreeAbiMappings,
  },
});
