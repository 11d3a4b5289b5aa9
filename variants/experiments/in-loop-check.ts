/**
 * What landed left a dead check: pmap_remove's outer loop stops at resident_count 0, which a live user pmap never
 * reaches once its top-level pages are counted (finding N2). Here the loop uses the threshold of the early exit.
 */
import { defineVariant } from '../../core/index.ts';
import { landed } from '../landed.ts';

export const inLoopCheck = defineVariant({
  id: 'in-loop-check',
  after: 'landed',
  title: 'landed, with the in-loop test of pmap_remove alive again',
  accounting: { topPagesInResidentCount: true },
  intends: [
    { what: 'removeLoops', by: 'fewer', why: 'the loop stops when nothing is left' },
    { what: 'removeLoopBreaks', by: 'more', why: 'the loop stops when nothing is left' },
  ],
  hunks: {
    ...landed.hunks,
    removeLoopDone: (_m, pmap) => pmap.stats.residentCount <= 1 + (pmap.topUser !== 0 ? 1 : 0),
  },
});
