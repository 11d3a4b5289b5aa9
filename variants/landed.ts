/**
 * What landed (commit 0b3bc7288984): cosmetic changes only.
 *
 * Reviewer: `1 + (pm_pmltopu != NULL ? 1 : 0)` is more idiomatic (finding F13: nothing else may differ).
 */
import { defineVariant } from '../core/index.ts';
import { sharedPageUnmap } from './shared-page-unmap.ts';

export const landed = defineVariant({
  id: 'landed',
  after: 'shared-page-unmap',
  title: 'Landed, with cosmetic changes',
  review: { commit: '0b3bc7288984' },
  accounting: { topPagesInResidentCount: true },
  intends: [],
  hunks: {
    ...sharedPageUnmap.hunks,
    removeIsNoop: (_m, pmap) => pmap.stats.residentCount <= 1 + (pmap.topUser !== 0 ? 1 : 0),
  },
});
