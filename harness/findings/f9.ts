import { type Finding, absent, shows } from './finding.ts';
import { speedAgainst } from './modelled.ts';

export const f9: Finding = {
  id: 'F9',
  kind: 'claim',
  title: 'The fork loop runs 5750 times a second with the early exit, 5430 times without',
  thread: 'Third round, measurements of the fork loop with the touch.',
  claim:
    'fork of 60 entries, a touch of the shared page, exit and wait: 5750 loops a second with the early exit, 5430 with the test disabled, 0.944 of it. The model gives the ratio as a range; it does not predict the speed itself.',
  cases: [
    {
      name: 'a forked child of 60 entries touches the shared page and exits, priced',
      workload: 'a: exec sh60\na: fork -> c\nc: clock\nc: exit\n',
      profiled: true,
      observes: 'modelled lives per second relative to landed: typical (low-high)',
      against: 'landed',
      observe: (record, landed) => speedAgainst(record, landed, 1),
      isShownBy: (got) => Number.parseFloat(String(got)) > 0.99,
      expected: {
        baseline: absent('0.95 (0.85-0.98)'),
        'toplevel-accounting': absent('0.95 (0.85-0.98)'),
        'double-count-fix': shows('1.00 (1.00-1.00)'),
        'shared-page-unmap': shows('1.00 (1.00-1.00)'),
        landed: shows('1.00 (1.00-1.00)'),
        'no-early-exit': absent('0.95 (0.85-0.98)'),
      },
      source:
        'the thread: 5430/5750 = 0.944; 52 calls at 227, 462 or 865 cycles less 5 to 10 for an early one, in a life of 700,000, 420,000 or 250,000 (harness/cost/constants.ts): 0.984, 0.947, 0.848',
    },
  ],
  control: 'no-early-exit',
  known: [],
};
