import type { RunRecord } from '../run/record.ts';
import { type Finding, absent, everywhere, shows } from './finding.ts';
import { added, outcome } from './observe.ts';

/** A private page that a forked child may still see, and that is then shared with another child. */
const shared = `a: exec bare
a: mmap anon 1p rw fixed 0x200000
a: write 0x200000
a: fork -> b
a: minherit 0x200000 1p share
a: fork -> c
`;
/** vm_fault_copy_entry copies the page when a wired entry becomes writable. */
const upgraded = `${shared}a: mprotect 0x200000 1p r
a: mlock 0x200000 1p
a: mprotect 0x200000 1p rw
`;

/** Processes that map a page hidden by a newer one of the same memory. Null if no op was run. */
function stale({ ops, violations }: RunRecord): string | null {
  if (ops === 0) return null;
  const who = violations.flatMap(({ name, process }) => (name === 'leaf-stale' ? [process] : []));
  return who.length === 0 ? 'nobody' : who.join(' ');
}

/** How the exit of b ended: a panic by its function and reason, or an outcome. */
function exitOfChild(record: RunRecord): string | null {
  const { ended } = record;
  return ended.kind === 'panic' ? `${ended.where}: ${ended.reason}` : outcome(record, 9);
}

/** Pages that the write copied, faults of the sharer's read, and who maps the old page afterwards. */
function copied(record: RunRecord): string | null {
  const copies = added(record, 'copyOnWrites', 6);
  return copies === null ? null : `${copies}, ${added(record, 'softFaults', 7)}, ${stale(record)}`;
}

export const n12: Finding = {
  id: 'N12',
  kind: 'fault',
  title: 'A wired entry that becomes writable leaves its sharers with the old page',
  thread: 'Not in the thread: a fault of the kernel that all revisions share.',
  claim:
    'vm_fault_copy_entry copies the pages of a wired read-only entry that becomes writable, but unlike vm_fault_cow does not unmap the old ones from others that share the object. A sharer goes on reading the old page; when the object behind collapses, that page is freed while it is mapped.',
  cases: [
    {
      name: 'a sharer reads the old page',
      workload: upgraded,
      checked: true,
      observes: 'processes that map a page which a newer one of the same memory hides',
      observe: stale,
      isShownBy: (got) => got !== 'nobody',
      expected: everywhere(shows('c')),
      source:
        'recordings of the kernel’s VM code, scen-wired-upgrade-shared: the sharer peeks 1 where the writer has 2; sys/vm/vm_fault.c vm_fault_copy_entry, vm_fault_cow',
    },
    {
      name: 'then the child that kept the old page alive exits',
      workload: `${upgraded}b: exit => panic\n`,
      panicsIn: 9,
      observes: 'outcome of the exit',
      observe: exitOfChild,
      isShownBy: (got) => String(got).endsWith('freeing mapped page'),
      expected: everywhere(shows('vm_object_collapse_scan: freeing mapped page')),
      source: 'recordings of the kernel’s VM code, scen-freeing-mapped; sys/vm/vm_object.c vm_object_collapse_scan',
    },
    {
      name: 'the write itself copies the page',
      workload: `${shared}a: write 0x200000\nc: read 0x200000\n`,
      checked: true,
      observes: "pages copied by the write, faults of the sharer's read, processes that map the old page",
      observe: copied,
      isShownBy: (got) => !String(got).endsWith('nobody'),
      expected: everywhere(absent('1, 1, nobody')),
      source: 'sys/vm/vm_fault.c vm_fault_cow: pmap_remove_all of the copied page unless OBJ_ONEMAPPING',
    },
  ],
  control: 'baseline',
  known: [],
  knownViolations: [{ finding: 'N12', variant: 'baseline', what: 'leaf-stale' }],
};
