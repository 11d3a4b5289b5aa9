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
      by: 'fewer, +1 per exit, -1 per exit of the last user',
      why: 'one for the hook, none for calls that leave early now',
    },
    {
      what: 'removeLoops',
      by: 'fewer, up to +1 per exit, up to +1 per exec that reuses',
      why: 'one for a hook that finds no page-table page, none for calls that leave early now',
    },
    {
      what: 'pmapLocks',
      by: 'any',
      why: 'one for the hook, one when a sharer faults the page back in, none for early exits',
    },
    { what: 'softFaults', by: 'more', why: 'a sharer that uses the page again faults it back in' },
    { what: 'vmMapReadLocks', by: 'more', why: 'of that fault' },
    { what: 'vmMapLookups', by: 'more', why: 'of that fault' },
    { what: 'vmMapUpgrades', by: 'more', why: 'of that fault' },
    { what: 'vmMapDowngrades', by: 'more', why: 'of that fault' },
    { what: 'vmMapSplaySteps', by: 'any', why: 'its lookup leaves another tree' },
    { what: 'vmObjectReadLocks', by: 'more', why: 'of that fault' },
    { what: 'residentCount', by: 'fewer', why: 'until that fault' },
    { what: 'userPtPageCount', by: 'fewer', why: 'until that fault, where nothing else is mapped near the page' },
    {
      what: 'ptPageFrees',
      by: 'any',
      why: 'such a page-table page goes early, and not again with the last user',
    },
    { what: 'ptPageAllocs', by: 'more', why: 'and comes back with that fault' },
    {
      what: 'invalidatePages',
      by: 'any',
      why: 'the page is unmapped early, and may be gone when the last user exits',
    },
    { what: 'invlpgs', by: 'any', why: 'the page is unmapped early, and may be gone when the last user exits' },
    { what: 'invpcids', by: 'any', why: 'one for each invlpg of a pmap with two roots, in the user-mode half' },
    { what: 'shootdowns', by: 'more', why: 'the others that use the vmspace may run' },
    { what: 'ipis', by: 'more', why: 'the others that use the vmspace may run' },
  ],
  hunks: {
    ...landed.hunks,
    execBeforeTeardown: unmapForAllUsers,
    exitBeforeVmspaceExit: unmapForAllUsers,
  },
});
