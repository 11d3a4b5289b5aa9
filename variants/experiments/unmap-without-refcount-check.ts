/**
 * Control (never submitted): exec_free_abi_mappings() without its reference test. Correct, as a reviewer said: a process
 * that shares the vmspace pays one soft fault (finding F14).
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
  intends: [{ what: 'removeCalls', by: 'more', why: 'exits of a shared vmspace unmap the page too' }],
  hunks: {
    ...landed.hunks,
    execBeforeTeardown: unmapForAllUsers,
    exitBeforeVmspaceExit: unmapForAllUsers,
  },
});
