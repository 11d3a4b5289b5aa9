/**
 * The kernel before the review: FreeBSD main of October 2021.
 *
 * The top-level page-table pages of a pmap are in user_pt_page_count (pmap_alloc_pt_page counts them) but not in the
 * pmap's resident_count. So resident_count is 0 exactly when nothing at all is mapped, and then pmap_remove returns
 * immediately. exec and exit tear the address space down without handling the shared page first: pmap_remove_pages does
 * not see it (it is unmanaged), and once touched it keeps the pmap non-empty for every pmap_remove that follows.
 */
import {
  KernelPanic,
  defineVariant,
  pmapAllocPtPage,
  pmapFreePtPage,
  pmapResidentCountAdj,
  vmMapRemove,
} from '../core/index.ts';

export const baseline = defineVariant({
  id: 'baseline',
  after: null,
  title: 'Before the review',
  accounting: { topPagesInResidentCount: false },
  intends: [],
  hunks: {
    invalidateOthers: () => true,
    pinitTopPage: (m) => pmapAllocPtPage(m, null, 0), // counted in user_pt_page_count here
    releaseBegin(_m, pmap) {
      const { residentCount } = pmap.stats;
      if (residentCount !== 0)
        throw new KernelPanic('pmap_release', 'pmap resident count != 0', { pmap: pmap.id, residentCount });
    },
    releaseTopPage(m, _pmap, frame, zeroed) {
      pmapFreePtPage(m, null, frame, zeroed);
    },
    releaseEnd: () => {},
    reservedPtPageFreed(m, pmap) {
      pmapResidentCountAdj(m, pmap, -1); // user_pt_page_count keeps the page: finding N1
    },
    removeIsNoop: (_m, pmap) => pmap.stats.residentCount === 0,
    removeLoopDone: (_m, pmap) => pmap.stats.residentCount === 0,
    execBeforeTeardown: () => {},
    exitBeforeVmspaceExit: () => {},
    vmspaceClear(m, _p, vm) {
      vmMapRemove(m, vm.map, vm.map.minOffset, vm.map.maxOffset);
    },
  },
});
