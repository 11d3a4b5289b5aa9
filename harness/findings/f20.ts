import { isPositive } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { added } from './observe.ts';

export const f20: Finding = {
  id: 'F20',
  kind: 'observation',
  title: 'The unmapping comes before the shuffle of pmap activations',
  thread: "Second round, the author's answer to vmspace_clear().",
  claim:
    'The author wants the unmapping while the pmap is still active: it costs one INVLPG on this CPU. After vmspace_exit() has switched to vmspace0 the pmap is inactive, and there is nothing to flush.',
  cases: [
    {
      name: '60-entry exit, shared page touched',
      workload: 'a: exec sh60\na: clock\na: exit\n',
      observes: 'INVLPGs of the exit',
      observe: (record) => added(record, 'invlpgs', 2),
      isShownBy: isPositive,
      expected: {
        baseline: absent(0),
        'toplevel-accounting': absent(0),
        'double-count-fix': shows(1),
        'shared-page-unmap': shows(1),
        landed: shows(1),
        'unmap-after-remove-pages': absent(0),
        'vmspace-clear': absent(0),
      },
      source:
        'sys/amd64/amd64/pmap.c pmap_remove of one page flushes one page of an active pmap; sys/kern/kern_exit.c exit1: the pmap is still active there, and in vmspace_dofree it is not',
    },
  ],
  control: 'vmspace-clear',
  known: [],
};
