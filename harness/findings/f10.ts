import { numbersIn } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { timeAgainst } from './modelled.ts';
import { fullOfCalls } from './observe.ts';

export const f10: Finding = {
  id: 'F10',
  kind: 'claim',
  title: 'A child that does not touch the shared page gains and loses next to nothing',
  thread: 'Third round, measurements of the fork loop without the touch.',
  claim:
    'Where the child does not touch the shared page there is no significant difference with or without exec_free_abi_mappings(): one full pmap_remove() that finds nothing, beside 52 early ones.',
  cases: [
    {
      name: 'a forked child of 60 entries exits, shared page not touched',
      workload: 'a: exec sh60\na: fork -> c\nc: exit\n',
      observes: "full pmap_remove calls of all calls in the child's exit",
      observe: (record) => fullOfCalls(record, 2),
      isShownBy: (got) => numbersIn(got)[0] <= 1,
      expected: {
        baseline: shows('0 of 52'),
        'toplevel-accounting': absent('52 of 52'),
        'double-count-fix': shows('1 of 52'),
        'shared-page-unmap': shows('1 of 53'),
        landed: shows('1 of 53'),
        'no-abi-unmap': shows('0 of 52'),
        'no-early-exit': absent('53 of 53'),
      },
      source:
        'recordings vm/scen-table-untouched-exit; sys/vm/vm_map.c vmspace_fork: a fork inherits the entry of the shared page, not its mapping',
    },
    {
      name: 'the same, priced: at most 0.5% of a life',
      workload: 'a: exec sh60\na: fork -> c\nc: exit\n',
      profiled: true,
      observes: 'modelled time per life relative to landed: typical (low-high)',
      against: 'landed',
      observe: (record, landed) => timeAgainst(record, landed, 1),
      isShownBy: (got) => Math.abs(Number.parseFloat(String(got)) - 1) <= 0.005,
      expected: {
        baseline: shows('0.9989 (0.9965-0.9997)'),
        'toplevel-accounting': absent('1.0552 (1.0158-1.1754)'),
        'shared-page-unmap': shows('1.0000 (1.0000-1.0000)'),
        landed: shows('1.0000 (1.0000-1.0000)'),
        'no-abi-unmap': shows('0.9989 (0.9965-0.9997)'),
        'no-early-exit': absent('1.0563 (1.0161-1.1789)'),
      },
      source:
        'one full call of 227, 462 or 865 cycles in a life of 700,000, 420,000 or 250,000 (harness/cost/constants.ts): 0.9997, 0.9989, 0.9965; with 51 or 52 more of them, and 52 early ones fewer: 1 + (51 or 52 calls of 227 - 52 of 10) / 700,000 and so on',
    },
  ],
  control: 'no-early-exit',
  known: [],
};
