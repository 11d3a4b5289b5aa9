import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadWorkload, openWorkload } from '../../../harness/input/load.ts';
import { CATALOG } from '../../../harness/workload/catalog/index.ts';
import { type Op, OP_CLOCK, opAt, type Workload } from '../../../harness/workload/ops.ts';
import { firstOps } from '../../../harness/workload/pieces.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { opLines, printWorkload } from '../../../harness/workload/text/print.ts';
import { workloads } from './arbitrary.ts';

const ops = ({ ops: list }: Workload): Omit<Op, 'line'>[] =>
  Array.from({ length: list.length }, (_, i) => ({ ...opAt(list, i), line: 0 }));

const parsedBack = (workload: Workload): Workload => parseWorkload(printWorkload(workload), workload.name);

describe('printed text parses to the same ops', () => {
  it('for random workloads', () => {
    fc.assert(
      fc.property(workloads(), ({ workload }) => {
        const again = parsedBack(workload);
        expect(ops(again)).toEqual(ops(workload));
        expect({ ...again, ops: null }).toEqual({ ...workload, ops: null });
      }),
      { numRuns: 200 },
    );
  });

  it.each(Object.keys(CATALOG))('for %s of the catalog', async (name) => {
    const workload = await loadWorkload(name);
    const again = parsedBack(workload);
    expect(ops(again)).toEqual(ops(workload));
    expect({ ...again, ops: null }).toEqual({ ...workload, ops: null });
  });

  it.each(['pipe_one', 'cc_tiny', 'forkloop_small', 'spawn_vforkfail'])('for the recorded %s', async (name) => {
    const workload = await loadWorkload(name);
    const again = parsedBack(workload);
    expect(ops(again)).toEqual(ops(workload).map((op) => ({ ...op, origin: 0 })));
    expect(again).toMatchObject({ signals: 'report', files: workload.files, mmaps: workload.mmaps });
  });

  it.each(['make12', 'cc_tiny'])(
    'for the first ops of the recorded %s, whose files stay as large as they are',
    async (name) => {
      const { head, pieces } = await openWorkload(name);
      for await (const piece of pieces()) {
        const workload = firstOps(head, piece, 700);
        const again = parsedBack(workload);
        expect(ops(again)).toEqual(ops(workload).map((op) => ({ ...op, origin: 0 })));
        expect(again.files).toEqual(workload.files.slice(0, again.files.length));
        expect(again.files.length).toBeGreaterThan(2);
        expect(printWorkload(again)).toBe(printWorkload(workload));
        break;
      }
    },
  );

  it('with every verb and every word', () => {
    const text = `# every verb
machine cpus=2 pti=on ram=64M
signals report
program tool entries=12 guards=2 untouched=1 libs=0 text=16p data=2p bss=0
p@0: exec tool
p@0: fork -> c1
p/t2@1: vfork -> c2
c2@1: execfail ENOEXEC
c2@1: exec cat => ok
p@0: spawn cat -> c3
p@0: spawn EACCES -> c4 => EACCES
p@0: rfork mem -> c5
c5@0: unshare
p@0: rfork thread -> c6
c6@0: execfail E2BIG late
p@0: handler SIGUSR1
p@0: kill p SIGUSR1 => SIGSEGV
p@0: mmap anon 4p rw -> a
p@0: mmap guard 4p - fixed a+4p
p@0: mmap stack 1M rw
p@0: mmap file "odd name"+2p 8p rx max rx shared prefault nocore nosync fixed 0x123456000
p@0: mmap phys 1p r -> "my buf"
p@0: munmap "my buf" 1p
p@0: mprotect a 1p -
p@0: minherit a 1p none
p@0: madvise a 1p free
p@0: msync a 1p async
p@0: mlock a 1p
p@0: munlock a 1p
p@0: brk +4p
p@0: brk -1p
p@0: read heap
p@0: write data 2p
p@0: run text+8 100 step 3
p@0: read 0x400000000 1G step 1G
p@0: touch-shared
p@0: clock => ok
p@0: unref c1
p@0: swapout c1
c1@0: swapout p desired 300
p@0: snapshot
c1@0: stop fork-unlocked
c1@0: fork -> c7
c1@0: go
c1@0: exit 3
p@0: wait c1
p@0: exit
`;
    expect(printWorkload(parseWorkload(text, 'w'))).toBe(text);
  });
});

describe('the lines of single ops', () => {
  const workload = parseWorkload('p: exec cat\nrepeat 2\np: write data\nend\np: clock\n', 'w');

  it('can be requested in any order', () => {
    const line = opLines(workload);
    expect([3, 0, 2, 2].map(line)).toEqual(['p: clock', 'p: exec cat', 'p: write data', 'p: write data']);
    expect(opAt(workload.ops, 3).code).toBe(OP_CLOCK);
  });

  it('distinguish processes of one name while both are still mentioned', () => {
    const reused = parseWorkload('p: exec cat\np: fork -> c\np: kill c SIGKILL\np: fork -> c\nc: exit\np: wait c', 'w');
    expect(printWorkload(reused)).toBe(
      'p: exec cat\np: fork -> c\np: kill c SIGKILL\np: fork -> c\nc: exit\np: wait c\n',
    );
    const both: Workload = {
      ...reused,
      processes: reused.processes.map((process) => ({ ...process, name: 'p' })),
    };
    expect(printWorkload(both)).toBe(
      'p: exec cat\np: fork -> p.2\np: kill p.2 SIGKILL\np: fork -> p.2\np.2: exit\np: wait p.2\n',
    );
  });
});
