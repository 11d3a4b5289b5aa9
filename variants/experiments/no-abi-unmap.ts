/**
 * Control: landed, but exec and exit leave the shared page to the final vm_map_remove. Shows the effect of
 * exec_free_abi_mappings().
 */
import { defineVariant } from '../../core/index.ts';
import { landed } from '../landed.ts';

export const noAbiUnmap = defineVariant({
  id: 'no-abi-unmap',
  after: 'landed',
  title: 'landed, without exec_free_abi_mappings()',
  accounting: { topPagesInResidentCount: true },
  intends: [
    { what: 'removeCalls', by: '-1 per exec that reuses, -1 per exit of the last user', why: 'the hook is gone' },
    { what: 'removeEarlyExits', by: 'fewer', why: 'a page that was touched stays behind for the sweep' },
    {
      what: 'delayedInvalidations',
      by: 'more, -1 per exec that reuses, -1 per exit of the last user',
      why: 'none for the hook, one for each call of the sweep that is full now',
    },
    {
      what: 'pmapLocks',
      by: 'more, -1 per exec that reuses, -1 per exit of the last user',
      why: 'none for the hook, one for each call of the sweep that is full now',
    },
    {
      what: 'removeLoops',
      by: 'more, -1 per exec that reuses, -1 per exit of the last user',
      why: 'none for the hook, one for each call of the sweep that is full now',
    },
    { what: 'invlpgs', by: 'fewer', why: 'the shared page goes after its pmap' },
    { what: 'invpcids', by: 'fewer', why: 'one for each invlpg of a pmap with two roots, in the user-mode half' },
  ],
  hunks: {
    ...landed.hunks,
    execBeforeTeardown: () => {},
    exitBeforeVmspaceExit: () => {},
  },
});
