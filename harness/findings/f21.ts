import type { RunRecord } from '../run/record.ts';
import { type Finding, absent, shows } from './finding.ts';
import { added } from './observe.ts';

function blocksAndLocks(record: RunRecord): string | null {
  const blocks = added(record, 'delayedInvalidations', 1);
  return blocks === null ? null : `${blocks}, ${added(record, 'pmapLocks', 1)}`;
}

export const f21: Finding = {
  id: 'F21',
  kind: 'observation',
  title: 'No fast way to tell whether the shared page is mapped',
  thread: "Third round, the author's answer on the cost of exec_free_abi_mappings().",
  claim:
    'There is no way to tell whether the mapping is installed without taking the pmap lock, so the hook pays a delayed-invalidation block and the lock for nothing. After pmap_remove_pages() the early exit itself would tell.',
  cases: [
    {
      name: '60-entry exit, shared page not touched',
      workload: 'a: exec sh60\na: exit\n',
      observes: "delayed-invalidation blocks and pmap locks of the exit (pmap_remove_pages' own lock among them)",
      observe: blocksAndLocks,
      isShownBy: (got) => got === '1, 2',
      expected: {
        baseline: absent('0, 1'),
        'toplevel-accounting': absent('52, 53'),
        'double-count-fix': shows('1, 2'),
        'shared-page-unmap': shows('1, 2'),
        landed: shows('1, 2'),
        'unmap-after-remove-pages': absent('0, 1'),
        'no-abi-unmap': absent('0, 1'),
      },
      source:
        'recordings vm/scen-table-untouched-exit (pl: 1, 53, 2, 2); sys/amd64/amd64/pmap.c pmap_remove: a full call opens one block',
    },
  ],
  control: 'unmap-after-remove-pages',
  known: [],
};
