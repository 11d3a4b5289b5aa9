/**
 * What-if: the order does not matter (finding F7). The last owner unmaps the shared page after pmap_remove_pages
 * instead of before it. That needs no test of vm_refcnt: no other user can be left.
 *
 * At that point the early exit itself tells whether the page was ever touched (finding F21), and two sharers that exit
 * at the same time cannot both skip the unmapping (finding N3). At exit the pmap is no longer active by then (finding
 * F20).
 */
import { defineVariant, pmapRemove, vmMapRemove } from '../../core/index.ts';
import { landed } from '../landed.ts';

export const unmapAfterRemovePages = defineVariant({
  id: 'unmap-after-remove-pages',
  after: 'landed',
  title: 'landed, unmapping the shared page after pmap_remove_pages()',
  accounting: { topPagesInResidentCount: true },
  intends: [
    { what: 'removeCalls', by: 'more', why: 'the last owner unmaps, even one that found vm_refcnt 2' },
    {
      what: 'removeEarlyExits',
      by: 'more',
      why: 'the call for an untouched page leaves early; no last owner skips it',
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
    { what: 'invalidatePages', by: 'fewer', why: 'what the process has put in place of the page goes with all others' },
    { what: 'pvListWriteLocks', by: 'fewer', why: 'a managed page in place of the shared page goes with all others' },
    { what: 'invlpgs', by: 'fewer', why: 'at exit the pmap is not active any more' },
    { what: 'invpcids', by: 'fewer', why: 'one for each invlpg of a pmap with two roots, in the user-mode half' },
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
      if (shared !== null) pmapRemove(m, vm.pmap, shared.base, shared.base + shared.len);
      vmMapRemove(m, vm.map, vm.map.minOffset, vm.map.maxOffset);
    },
  },
});
