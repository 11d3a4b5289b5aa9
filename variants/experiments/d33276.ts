/**
 * What came later: review D33276 (commit 4c57d6d55516, December 2021). The page-table page kept behind a promoted 2M
 * mapping leaves user_pt_page_count too when it is freed without a demotion (finding N1).
 */
import { defineVariant, pmapPtPageCountAdj } from '../../core/index.ts';
import { landed } from '../landed.ts';

export const d33276 = defineVariant({
  id: 'd33276',
  after: 'landed',
  title: 'landed, and reserved page-table pages uncounted when freed',
  review: { commit: '4c57d6d55516' },
  accounting: { topPagesInResidentCount: true },
  intends: [{ what: 'userPtPageCount', by: '-1 per reserved page freed', why: 'the page is gone' }],
  hunks: {
    ...landed.hunks,
    reservedPtPageFreed(m, pmap) {
      pmapPtPageCountAdj(m, pmap, -1);
    },
  },
});
