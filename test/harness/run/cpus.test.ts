import { describe, expect, it } from 'vitest';
import { added, outcome } from '../../../harness/findings/observe.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { landed } from '../../../variants/index.ts';
import { recordOf } from '../../support/ran.ts';

const record = (text: string) => recordOf(parseWorkload(text, 'cpus.workload'), landed);

describe('a thread is on one CPU at a time', () => {
  it('so a thread that moved is not interrupted anywhere when its process exits', () => {
    const moved = record('machine cpus=2\na@0: exec sh60\na@1: clock\na@1: exit\n');
    expect(moved.ended).toEqual({ kind: 'done' });
    expect(added(moved, 'ipis', 2)).toBe(0);
  });

  it('while another thread of the process still receives invalidations', () => {
    const two = record(
      'machine cpus=2\na@0: exec sh60\na@0: mmap anon 4p rw -> b\na@0: write b 4p\na/2@1: read b\na@0: munmap b 4p\n',
    );
    expect(outcome(two, 4)).toBe('ok');
    expect(added(two, 'ipis', 4)).toBe(1);
  });

  it('and a process that takes a private copy leaves the shared address space with all threads', () => {
    const text =
      'machine cpus=3\na@0: exec sh60\na@0: rfork mem -> b\na/2@1: clock\nb@2: clock\na@0: unshare\nb@2: exit\na@0: exit\n';
    expect(record(text).ended).toEqual({ kind: 'done' });
  });
});
