/**
 * What-if: a reviewer's vmspace_clear() (finding F16). It replaces the test of vm_refcnt in exec and exit by a helper
 * next to vmspace_dofree, which removes the shared page's map entry first, once the last reference is gone, and then
 * the rest.
 *
 * The thread's snippet passes vm_map_remove() a length where an end belongs (finding N5); here it is the end.
 * What it overlooks: when exec cleans up, the process already has the new image's sysentvec (finding N9).
 */
import { defineVariant, vmMapRemove } from '../../core/index.ts';
import { landed } from '../landed.ts';

export const vmspaceClear = defineVariant({
  id: 'vmspace-clear',
  after: 'landed',
  title: 'landed, with vmspace_clear() after the last reference instead of exec_free_abi_mappings()',
  accounting: { topPagesInResidentCount: true },
  intends: [
    { what: 'removeCalls', by: 'fewer', why: 'the entry is gone when the sweep comes by' },
    {
      what: 'removeEarlyExits',
      by: 'any',
      why: 'one call less that leaves early; no last owner skips the unmapping',
    },
    {
      what: 'delayedInvalidations',
      by: 'any',
      why: 'an early exit comes before it; a call that did not come early is full where wired pages are left',
    },
    {
      what: 'pmapLocks',
      by: 'any',
      why: 'an early exit comes before it; a call that did not come early is full where wired pages are left',
    },
    {
      what: 'removeLoops',
      by: 'any',
      why: 'an early exit comes before it; a call that did not come early is full where wired pages are left',
    },
    { what: 'vmMapLocks', by: 'more', why: 'vm_map_remove takes the map lock' },
    { what: 'vmMapLookups', by: 'more', why: 'vm_map_remove looks for the entry' },
    { what: 'vmMapSplaySteps', by: 'any', why: 'its lookup leaves another tree to the sweep' },
    {
      what: 'vmObjectReadLocks',
      by: 'up to +2 per teardown with other memory there',
      why: 'a wired entry that reaches beyond the page is clipped, and each part is unwired',
    },
    { what: 'invalidatePages', by: 'fewer', why: 'what the process has put in place of the page goes with all others' },
    { what: 'pvListWriteLocks', by: 'fewer', why: 'a managed page in place of the shared page goes with all others' },
    {
      what: 'invlpgs',
      by: 'fewer, up to +2 per teardown with other memory there',
      why: 'at exit the pmap is not active any more; the parts of such an entry are unmapped one by one',
    },
    { what: 'invpcids', by: 'fewer', why: 'one for each invlpg of a pmap with two roots, in the user-mode half' },
    ...['contextFlushes', 'invltlbs'].map((what) => ({
      what,
      by: 'up to +1 per teardown with other memory there, up to -1 per teardown with other memory there',
      why: 'the parts of such an entry are unmapped one by one, and a part of one page is flushed alone',
    })),
    { what: 'invalidateAlls', by: 'any', why: 'with little memory, which address space gives up pages first' },
    {
      what: 'pagesZeroed',
      by: 'any',
      why: 'while an exit is stopped, others may take the page-table pages that an early unmapping has freed',
    },
  ],
  hunks: {
    ...landed.hunks,
    execBeforeTeardown: () => {},
    exitBeforeVmspaceExit: () => {},
    vmspaceClear(m, p, vm) {
      const shared = p.sysent.sharedPage;
      if (shared !== null) vmMapRemove(m, vm.map, shared.base, shared.base + shared.len);
      vmMapRemove(m, vm.map, vm.map.minOffset, vm.map.maxOffset);
    },
  },
});
