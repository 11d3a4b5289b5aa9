import type { RunRecord } from '../run/record.ts';
import { type Finding, absent, shows } from './finding.ts';
import { pmapWaits } from './modelled.ts';

function waitsIn(record: RunRecord, from: number): string | null {
  const seen = pmapWaits(record, from);
  return seen === null ? null : `${seen.waits && seen.locks > 0 ? 'waits' : 'no wait'}`;
}

function waitsOfOwner(record: RunRecord): string | null {
  const seen = pmapWaits(record, 2);
  return seen === null ? null : `${waitsIn(record, 2)} in ${seen.locks} acquisitions`;
}

export const f19: Finding = {
  id: 'F19',
  kind: 'claim',
  title: 'The pmap lock is uncontended in these paths',
  thread: 'Third round, on the cost of a full pmap_remove().',
  claim:
    'What a full pmap_remove() costs is not waiting: the pmap lock is uncontended. It is one lock per address space, so it is contended only where sharers of one run on several CPUs, however many instances there are.',
  cases: [
    {
      name: '64 instances of a forked child that touches the shared page and exits: each has its own address space',
      workload: 'a: exec sh60\na: fork -> b\na: fork -> c\nc: write stack-1p\nc: clock\nc: exit\n',
      profiled: true,
      observes: 'whether a life waits for a pmap lock, and how often it takes one',
      observe: waitsOfOwner,
      isShownBy: (got) => String(got).startsWith('no'),
      expected: {
        baseline: shows('no wait in 163 acquisitions'),
        'toplevel-accounting': shows('no wait in 163 acquisitions'),
        'double-count-fix': shows('no wait in 112 acquisitions'),
        'shared-page-unmap': shows('no wait in 112 acquisitions'),
        landed: shows('no wait in 112 acquisitions'),
        'no-early-exit': shows('no wait in 164 acquisitions'),
      },
      source:
        'calls: recordings vm/scen-table-touched-exit; locks: 102 of 51 pmap_copy calls, 2 each, 9 of faults, pmap_remove_pages and the rest, one of each full call; a queue with one customer never waits',
    },
    {
      name: 'a sharer of the address space runs on a second CPU',
      workload: 'machine cpus=2\na: exec sh60\na: rfork mem -> b\nb@1: clock\nb@1: exit\n',
      profiled: true,
      observes: 'whether a life waits for a pmap lock',
      observe: (record) => waitsIn(record, 1),
      isShownBy: (got) => got === 'no wait',
      expected: {
        baseline: absent('waits'),
        'toplevel-accounting': absent('waits'),
        'double-count-fix': absent('waits'),
        'shared-page-unmap': absent('waits'),
        landed: absent('waits'),
      },
      source: 'a queue with two customers: each finds the other there with a chance above 0',
    },
  ],
  control: 'landed',
  known: [],
};
