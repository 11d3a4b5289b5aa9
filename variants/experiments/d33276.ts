/**
 * A later fix: review D33276 (commit 4c57d6d55516, December 2021). The saved page table page of a promoted 2M mapping
 * is also subtracted from user_pt_page_count when it is freed without a demotion (finding N1).
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
