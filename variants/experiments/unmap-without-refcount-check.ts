/**
 * Control (never submitted): exec_free_abi_mappings() without its reference test. It is correct, as a reviewer said: a
 * process that shares the vmspace only takes one more soft fault (finding F14).
 */
import { type Machine, type Proc, defineVariant, pmapRemove } from '../../core/index.ts';
import { landed } from '../landed.ts';

function unmapForAllUsers(m: Machine, p: Proc): void {
  const shared = p.sysent.sharedPage;
  if (shared !== null) pmapRemove(m, p.vmspace.pmap, shared.base, shared.base + shared.len);
}

const WITH_LITTLE_MEMORY = [
  'pvEntryCount',
  'pvListWriteLocks',
  'pvPageCount',
  'pvChunkAllocs',
  'pvChunkFrees',
  'pvChunkListLocks',
  'pmapTryLocks',
  'invalidateAlls',
  'contextFlushes',
  'invltlbs',
  'allocFailures',
  'shortAllocs',
  'vmWaits',
  'vmObjectWriteLocks',
] as const;

export const unmapWithoutRefcountCheck = defineVariant({
  id: 'unmap-without-refcount-check',
  after: 'landed',
  title: 'landed, unmapping the shared page even for a shared vmspace',
  accounting: { topPagesInResidentCount: true },
  intends: [
    {
      what: 'removeCalls',
      by: '+1 per exit, -1 per exit of the last user',
      why: 'exits of a shared vmspace unmap the page too',
    },
    { what: 'removeEarlyExits', by: 'more', why: 'nothing is mapped any more, or no last owner skips the unmapping' },
    {
      what: 'delayedInvalidations',
      by: 'fewer, +1 per exit, -1 per exit of the last user, up to +1 per read lock of a map',
      why: 'one for the hook, none for calls that leave early now; one when a superpage replaces what the hook left of it',
    },
    {
      what: 'removeLoops',
      by: 'any',
      why: 'one for a hook that finds no page-table page, none for calls that leave early now',
    },
    {
      what: 'pmapLocks',
      by: 'any',
      why: 'one for the hook, one when a sharer faults the page back in, none for early exits',
    },
    { what: 'softFaults', by: 'any', why: 'a sharer that uses the page again faults it back in; its child may too' },
    { what: 'prefaults', by: 'any', why: 'a child is given what its parent maps, and the page-table pages of it' },
    { what: 'vmMapReadLocks', by: 'any', why: 'of that fault, or of one that another page-table page spares' },
    { what: 'vmMapLookups', by: 'any', why: 'of that fault, or of one that another page-table page spares' },
    { what: 'vmMapUpgrades', by: 'any', why: 'of that fault, or of one that another page-table page spares' },
    { what: 'vmMapDowngrades', by: 'any', why: 'of that fault, or of one that another page-table page spares' },
    { what: 'vmMapSplaySteps', by: 'any', why: 'its lookup leaves another tree' },
    { what: 'vmObjectReadLocks', by: 'any', why: 'of that fault, or of one that another page-table page spares' },
    {
      what: 'residentCount',
      by: 'any',
      why: 'less until that fault; more where its page-table page was the last free one',
    },
    {
      what: 'userPtPageCount',
      by: 'any',
      why: 'less until that fault, where nothing else is mapped near the page; more if another process takes the frame',
    },
    {
      what: 'ptPageFrees',
      by: 'any',
      why: 'such a page-table page goes early, and not again with the last user',
    },
    { what: 'ptPageAllocs', by: 'any', why: 'and comes back with that fault' },
    {
      what: 'invalidatePages',
      by: 'any',
      why: 'the page is unmapped early, and may be gone when the last user exits',
    },
    { what: 'invlpgs', by: 'any', why: 'the page is unmapped early, and may be gone when the last user exits' },
    { what: 'invpcids', by: 'any', why: 'one for each invlpg of a pmap with two roots, in the user-mode half' },
    { what: 'wiredCount', by: 'fewer', why: 'the page may be locked' },
    ...[
      'demotions',
      'promotions',
      'promotionFailures',
      'superpageMappings',
      'invalidateRanges',
      'invalidateRangePages',
      'pvListReadLocks',
      'swapoutReferenced',
      'swapoutUnmapped',
    ].map((what) => ({
      what,
      by: 'any',
      why: 'a superpage in place of the page is demoted or destroyed early, and may come back with that fault',
    })),
    { what: 'teardownsWithSuperpage', by: 'any', why: 'the next to leave finds it demoted, or mapped anew' },
    { what: 'pagesDirtied', by: 'any', why: 'other memory in place of the page is unmapped early' },
    { what: 'pagesZeroed', by: 'any', why: 'that page-table page may be used for something else' },
    { what: 'shootdowns', by: 'any', why: 'the others that use the vmspace may run' },
    { what: 'ipis', by: 'any', why: 'the others that use the vmspace may run' },
    ...WITH_LITTLE_MEMORY.map((what) => ({
      what,
      by: 'any',
      why: 'with little memory, what is reclaimed depends on that page and its page-table page',
    })),
  ],
  hunks: {
    ...landed.hunks,
    execBeforeTeardown: unmapForAllUsers,
    exitBeforeVmspaceExit: unmapForAllUsers,
  },
});
