/**
 * The initial revision: account for the top-level pages.
 *
 * resident_count is what ps shows as RSS, and it did not include the top-level pages. Now pmap_pinit counts them, and
 * pmap_release uncounts them, through the same helper that the lower page-table pages use. The pmap can only be
 * asserted empty at release after they are freed.
 *
 * What it overlooks: pmap_alloc_pt_page has already counted the page in user_pt_page_count (finding F1), and
 * pmap_remove still tests for 0, which a live user pmap never reaches again (finding F2).
 */
import { KernelPanic, defineVariant, pmapAllocPtPage, pmapFreePtPage, pmapPtPageCountAdj } from '../core/index.ts';
import { baseline } from './baseline.ts';

export const toplevelAccounting = defineVariant({
  id: 'toplevel-accounting',
  after: 'baseline',
  title: 'Account for the top-level pages',
  review: {},
  accounting: { topPagesInResidentCount: true },
  intends: [
    { what: 'residentCount', by: '+1 per live top-level page', why: 'the top-level pages are resident memory too' },
  ],
  hunks: {
    ...baseline.hunks,
    pinitTopPage(m, pmap) {
      const frame = pmapAllocPtPage(m, null, 0);
      pmapPtPageCountAdj(m, pmap, 1);
      return frame;
    },
    releaseBegin: () => {},
    releaseTopPage(m, pmap, frame, zeroed) {
      pmapFreePtPage(m, null, frame, zeroed);
      pmapPtPageCountAdj(m, pmap, -1);
    },
    releaseEnd(_m, pmap) {
      const { residentCount } = pmap.stats;
      if (residentCount !== 0)
        throw new KernelPanic('pmap_release', 'pmap resident count != 0', { pmap: pmap.id, residentCount });
    },
  },
});
