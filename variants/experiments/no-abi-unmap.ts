/** Control: landed, but exec and exit leave the shared page to the sweep. Shows what exec_free_abi_mappings() buys. */
import { defineVariant } from '../../core/index.ts';
import { landed } from '../landed.ts';

export const noAbiUnmap = defineVariant({
  id: 'no-abi-unmap',
  after: 'landed',
  title: 'landed, without exec_free_abi_mappings()',
  accounting: { topPagesInResidentCount: true },
  intends: [{ what: 'removeCalls', by: '-1 per exec that reuses, -1 per exit', why: 'the hook is gone' }],
  hunks: {
    ...landed.hunks,
    execBeforeTeardown: () => {},
    exitBeforeVmspaceExit: () => {},
  },
});
