/**
 * Control: landed, but pmap_remove always does its full work. Counterpart of landed in the published figures of 5750
 * and 5430 loops a second.
 */
import { defineVariant } from '../../core/index.ts';
import { landed } from '../landed.ts';

export const noEarlyExit = defineVariant({
  id: 'no-early-exit',
  after: 'landed',
  title: 'landed, without the early exit of pmap_remove',
  accounting: { topPagesInResidentCount: true },
  intends: [
    { what: 'removeEarlyExits', by: 'fewer', why: 'the test is off' },
    { what: 'delayedInvalidations', by: 'more', why: 'every call is full' },
    { what: 'pmapLocks', by: 'more', why: 'every call is full' },
    { what: 'removeLoops', by: 'more', why: 'every call is full' },
    {
      what: 'removeLoopBreaks',
      by: 'up to +1 per pmap_remove call',
      why: 'with nothing resident the test inside the loop ends what would have left early',
    },
  ],
  hunks: {
    ...landed.hunks,
    removeIsNoop: () => false,
  },
});
