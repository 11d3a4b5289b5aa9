import type { RunRecord } from '../run/record.ts';
import { type Finding, absent, shows } from './finding.ts';
import { added, outcome } from './observe.ts';

/** Outcomes of the two clock reads that follow the exit, and the soft faults they take together. */
function survivorsReads(record: RunRecord): string | null {
  const [first, second] = [outcome(record, 5), outcome(record, 6)];
  if (first === null || second === null) return null;
  return `${first}, ${second}, ${added(record, 'softFaults', 5)! + added(record, 'softFaults', 6)!}`;
}

export const f14: Finding = {
  id: 'F14',
  kind: 'claim',
  title: 'With pmap_remove() the reference test is not needed for correctness',
  thread: 'Third round, on exec_free_abi_mappings().',
  claim: 'Without the vm_refcnt test the processes that share the vmspace would pay one soft fault, nothing else.',
  cases: [
    {
      name: 'one of three sharers exits, the others read the clock',
      workload: 'a: exec sh60\na: rfork mem -> b\na: rfork mem -> c\na: clock\nb: exit\na: clock\nc: clock\n',
      observes: 'outcomes of the two reads, soft faults of both together',
      observe: survivorsReads,
      isShownBy: (got) => /^ok, ok, [1-9]/.test(String(got)),
      expected: {
        baseline: absent('ok, ok, 0'),
        'toplevel-accounting': absent('ok, ok, 0'),
        'double-count-fix': absent('SIGSEGV, SIGSEGV, 0'),
        'shared-page-unmap': absent('ok, ok, 0'),
        landed: absent('ok, ok, 0'),
        'unmap-without-refcount-check': shows('ok, ok, 1'),
      },
      source:
        'sys/amd64/amd64/pmap.c pmap_remove clears the one entry that the sharers have in common; sys/vm/vm_fault.c vm_fault_soft_fast brings it back: one soft fault in total',
    },
  ],
  control: 'unmap-without-refcount-check',
  known: [
    { finding: 'F14', variant: 'unmap-without-refcount-check', what: 'tables' },
    { finding: 'F14', variant: 'unmap-without-refcount-check', what: 'mappedPages' },
  ],
};
