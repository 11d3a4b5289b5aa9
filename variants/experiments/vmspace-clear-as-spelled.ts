/**
 * What-if: vmspace_clear() exactly as written in the thread (finding N5). The snippet calls vm_map_remove(map, base,
 * len): the end is below the start, the range check makes the range empty, and the entry stays.
 */
import { defineVariant, vmMapRemove } from '../../core/index.ts';
import { vmspaceClear } from './vmspace-clear.ts';

export const vmspaceClearAsSpelled = defineVariant({
  id: 'vmspace-clear-as-spelled',
  after: 'vmspace-clear',
  title: 'vmspace-clear, with the length in place of the end as in the snippet',
  accounting: { topPagesInResidentCount: true },
  intends: [
    {
      what: 'removeEarlyExits',
      by: 'any',
      why: 'a page that was touched stays behind for the sweep; a process that never had one may have wired pages left',
    },
    {
      what: 'delayedInvalidations',
      by: 'any',
      why: 'one for each call that no longer leaves early, or one fewer for each that now does',
    },
    {
      what: 'pmapLocks',
      by: 'any',
      why: 'one for each call that no longer leaves early, or one fewer for each that now does',
    },
    {
      what: 'removeLoops',
      by: 'any',
      why: 'one for each call that no longer leaves early, or one fewer for each that now does',
    },
    { what: 'vmMapLookups', by: 'fewer', why: 'nothing is looked for in an empty range' },
    { what: 'vmMapSplaySteps', by: 'any', why: 'the tree is not splayed for an empty range' },
    {
      what: 'vmObjectReadLocks',
      by: 'up to -2 per teardown with other memory there',
      why: 'a wired entry that reaches beyond the page is unwired in one',
    },
    {
      what: 'invalidateAlls',
      by: 'up to +1 per teardown with other memory there, up to -1 per teardown with other memory there, up to -1 per vmspace freed',
      why: 'such an entry is unmapped in one, at clean-up too',
    },
    ...['contextFlushes', 'invltlbs'].map((what) => ({
      what,
      by: 'up to +1 per teardown with other memory there, up to -1 per teardown with other memory there',
      why: 'such an entry is unmapped in one',
    })),
    {
      what: 'invalidatePages',
      by: 'up to +1 per teardown with a superpage there',
      why: 'where the page has an entry of its own, the superpage is demoted before its turn, and it is unmapped alone',
    },
    {
      what: 'pvListWriteLocks',
      by: 'up to +3 per teardown with other memory there',
      why: 'wired pages stay on their chunks between others, which parts runs of one lock',
    },
    { what: 'pagesZeroed', by: 'any', why: 'of a wired superpage no page-table page is left empty' },
    {
      what: 'invlpgs',
      by: 'up to -2 per teardown with other memory there',
      why: 'wired pages that were put in place of the page go with those beside them',
    },
  ],
  hunks: {
    ...vmspaceClear.hunks,
    vmspaceClear(m, p, vm) {
      const shared = p.sysent.sharedPage;
      if (shared !== null) vmMapRemove(m, vm.map, shared.base, shared.len);
      vmMapRemove(m, vm.map, vm.map.minOffset, vm.map.maxOffset);
    },
  },
});
