import { describe, expect, it } from 'vitest';
import { outcomeName } from '../../../harness/workload/names.ts';
import {
  OP_CLOCK,
  OP_EXEC,
  OP_EXEC_FAIL,
  OP_EXIT,
  OP_GO,
  OP_MMAP,
  OP_MPROTECT,
  OP_NAMES,
  OP_READ,
  OP_RFORK_MEM,
  OP_SPAWN,
  OP_STOP,
  OP_VFORK,
  OP_WRITE,
  type Op,
  STOP_POINTS,
  type Workload,
  opAccesses,
  opAt,
} from '../../../harness/workload/ops.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';

const ops = ({ ops: list }: Workload): Op[] => Array.from({ length: list.length }, (_, i) => opAt(list, i));
const parse = (text: string): Workload => parseWorkload(text, 'w');
/** The last op of a text. */
const last = (text: string): Op => ops(parse(text)).at(-1)!;

/** The op of a line that follows a first line which makes p a process of the program cat. */
const from = (line: string, machine = ''): Op => last(`${machine}\np: exec cat\n${line}`);

const SHARED = 0x7ffffffff000;
const PAGE = 4096;

describe('the five examples of the format', () => {
  it('1: a sole exit, shared page touched', () => {
    const workload = parse(`# 1. sole exit, shared page touched
program sh60 entries=60 guards=4 untouched=4
sh: exec sh60
sh: clock
sh: exit
`);
    expect(ops(workload).map((op) => op.code)).toEqual([OP_EXEC, OP_CLOCK, OP_EXIT]);
    expect(workload.title).toBe('1. sole exit, shared page touched');
    expect(workload.programs.map((program) => program.name)).toEqual(['sh60']);
    expect(workload.processes).toEqual([{ name: 'sh', parent: -1, pid: 0 }]);
  });

  it('2: a vforked child whose exec fails', () => {
    const workload = parse(
      'make: exec sh60\nmake: vfork -> cc\ncc: execfail ENOENT\ncc: exit 127\nmake: clock  => ok\n',
    );
    const [, vfork, fail, exit, clock] = ops(workload);
    expect(vfork).toMatchObject({ code: OP_VFORK, arg: 1 });
    expect(workload.processes[1]).toEqual({ name: 'cc', parent: 0, pid: 0 });
    expect(fail).toMatchObject({ code: OP_EXEC_FAIL, arg: 2, len: 0 });
    expect(exit).toMatchObject({ code: OP_EXIT, arg: 127 });
    expect(outcomeName(clock.expect - 1)).toBe('ok');
  });

  it('3: two sharers leave at the same time', () => {
    const workload = parse(
      'a: exec sh60\na: rfork mem -> b\na: clock\na: stop refcnt-tested\na: exit\nb: exit\na: go\n',
    );
    const codes = ops(workload).map((op) => op.code);
    expect(codes).toEqual([OP_EXEC, OP_RFORK_MEM, OP_CLOCK, OP_STOP, OP_EXIT, OP_EXIT, OP_GO]);
    expect(STOP_POINTS[opAt(workload.ops, 3).arg]).toBe('refcnt-tested');
  });

  it('4: a promoted superpage, unmapped', () => {
    const workload = parse(`machine superpages=on
p: exec sh60
p: mmap anon 4M rw -> buf
p: write buf 4M step 1p
p: munmap buf 4M
p: exit`);
    const [, mmap, write] = ops(workload);
    expect(workload.machine.superpages).toBe(true);
    expect(mmap).toMatchObject({ code: OP_MMAP, addr: 0, len: 2 ** 22 });
    expect(workload.mmaps[mmap.arg]).toEqual({
      kind: 'anon',
      prot: 3,
      maxProt: 7,
      shared: false,
      wishes: [],
      fixed: false,
      file: -1,
      off: 0,
      result: 0,
    });
    expect(workload.results).toEqual(['buf']);
    expect(write).toMatchObject({ code: OP_WRITE, base: 1, addr: 0, len: 2 ** 22, arg: PAGE });
    expect(opAccesses(write.len, write.arg)).toBe(1024);
  });

  it('5: churn, a thousand iterations', () => {
    const workload = parse(`p: exec sh60
repeat 1000
  p: mmap anon 16p rw -> b
  p: write b 16p step 1p
  p: mprotect b 8p r
  p: munmap b 16p
end
p: exit`);
    expect(workload.ops.length).toBe(4002);
    expect(opAt(workload.ops, 3999)).toMatchObject({ code: OP_MPROTECT, arg: 1, len: 8 * PAGE, line: 5 });
  });
});

describe('places and sizes', () => {
  const cat = parse('p: exec cat').programs[0];

  it.each([
    ['0x7000', 0x7000],
    ['shared', SHARED],
    ['shared+8', SHARED + 8],
    ['stack-1p', SHARED - PAGE],
    ['stack - 1p + 16', SHARED - PAGE + 16],
    ['text', cat.text],
    ['data+1p', cat.data + PAGE],
    ['heap+3p', cat.heap + 3 * PAGE],
    ['top-1', SHARED + PAGE - 1],
  ])('%s', (place, address) => {
    expect(from(`p: read ${place}`)).toMatchObject({ code: OP_READ, addr: address, len: 1, base: 0 });
  });

  it('depend on the machine', () => {
    expect(from('p: read shared', 'machine lower-shared=on').addr).toBe(SHARED - PAGE);
    expect(from('p: read shared', 'machine la57=on').addr).toBe(2 ** 56 - PAGE);
    expect(from('p: read stack-1p', 'machine la57=on lower-shared=on').addr).toBe(2 ** 56 - 3 * PAGE);
  });

  it.each([
    ['8', 8],
    ['3p', 3 * PAGE],
    ['64K', 65536],
    ['4M', 2 ** 22],
    ['1G', 2 ** 30],
    ['0x1000', 4096],
  ])('a size of %s', (size, bytes) => {
    expect(from(`p: munmap data ${size}`).len).toBe(bytes);
  });

  it('a span from one place to another', () => {
    expect(from('p: munmap data .. data+3p')).toMatchObject({ addr: cat.data, len: 3 * PAGE });
    expect(from('p: munmap stack-4p..stack')).toMatchObject({ addr: SHARED - 4 * PAGE, len: 4 * PAGE });
  });

  it('an access without a step touches each page of its span', () => {
    expect(from('p: read data 4p')).toMatchObject({ len: 4 * PAGE, arg: PAGE });
    expect(from('p: run text 1p step 64')).toMatchObject({ len: PAGE, arg: 64 });
  });

  it('names of addresses may be used with offsets and as fixed places', () => {
    const workload = parse('p: exec cat\np: mmap anon 4p rw -> a\np: mmap anon 1p r fixed a+1p -> b\np: read b-1p');
    expect(opAt(workload.ops, 2)).toMatchObject({ base: 1, addr: PAGE });
    expect(workload.mmaps[1]).toMatchObject({ fixed: true, result: 1 });
    expect(opAt(workload.ops, 3)).toMatchObject({ base: 2, addr: -PAGE });
  });
});

describe('processes, threads and CPUs', () => {
  it('a name reused after an exit is a different process', () => {
    const workload = parse('p: exec cat\np: fork -> c\nc: exit\np: wait c\np: fork -> c\nc: exit\np: wait c');
    expect(workload.processes.map((process) => process.name)).toEqual(['p', 'c', 'c']);
    expect(ops(workload).map((op) => OP_NAMES[op.code])).toEqual([
      'exec',
      'fork',
      'exit',
      'wait',
      'fork',
      'exit',
      'wait',
    ]);
    expect([3, 6].map((i) => opAt(workload.ops, i).arg)).toEqual([1, 2]);
  });

  it('a thread stays where it was last put, a child starts where its parent is', () => {
    const workload = parse(`machine cpus=4
p: exec cat
p/t@2: clock
p@1: clock
p/t: clock
p/t: fork -> c
c: clock
p/u: clock`);
    const actors = ops(workload).map((op) => workload.actors[op.who]);
    expect(actors.map(({ process, thread, cpu }) => `${process}/${thread}@${cpu}`)).toEqual([
      '0/@0',
      '0/t@2',
      '0/@1',
      '0/t@2',
      '0/t@2',
      '1/@2',
      '0/u@1',
    ]);
  });

  it('a process that a signal may have ended can be created again, and can still be used', () => {
    const text = 'p: exec cat\np: fork -> c\np: kill c SIGTERM\nc: clock\np: wait c\np: fork -> c\nc: exit';
    expect(parse(text).processes).toHaveLength(3);
    expect(parse('p: exec cat\np: write text => SIGSEGV\np: exec cat').ops.length).toBe(3);
  });

  it('a spawn names a program, or the errno with which it fails', () => {
    const workload = parse('p: exec sh60\np: spawn cat -> c\nc: read text\nc: exit\np: spawn ENOENT -> d => ENOENT');
    expect(opAt(workload.ops, 1)).toMatchObject({ code: OP_SPAWN, arg: 1, len: 1 });
    expect(opAt(workload.ops, 2).addr).toBe(workload.programs[1].text);
    expect(opAt(workload.ops, 4)).toMatchObject({ code: OP_SPAWN, arg: 2, len: -2 });
  });

  it('a child of a fork has the program of its parent', () => {
    const workload = parse('p: exec sh60\np: fork -> c\np: exec cat\nc: read heap');
    expect(last('p: exec sh60\np: fork -> c\np: exec cat\nc: read heap').addr).toBe(workload.programs[0].heap);
  });
});

describe('text', () => {
  it('may have comments, blanks, carriage returns and quoted names', () => {
    const workload = parse('\r\n  # title \r\n"my proc" : exec cat # why\r\n\t"my proc":clock=>ok\r\n');
    expect(workload.title).toBe('title');
    expect(workload.processes[0].name).toBe('my proc');
    expect(ops(workload).map((op) => op.line)).toEqual([3, 4]);
  });

  it('without ops is a workload without ops', () => {
    expect(parse('').ops.length).toBe(0);
    expect(parse('# nothing\nmachine pti=on\nrepeat 5\nend').ops).toEqual({ length: 0, chunks: [] });
  });

  it('specifies its machine, the rest is default', () => {
    expect(
      parse(
        'machine cpus=8 pti=on pcid=off la57=on superpages=on ram=256M lower-shared=on kernel-resident=2 frames=aged:8',
      ).machine,
    ).toEqual({
      cpus: 8,
      pti: true,
      pcid: false,
      la57: true,
      superpages: true,
      ram: 2 ** 28,
      lowerShared: true,
      kernelResident: 2,
      agedRuns: 8,
    });
    expect(parse('').machine).toEqual({
      cpus: 1,
      pti: false,
      pcid: true,
      la57: false,
      superpages: false,
      ram: 2 ** 30,
      lowerShared: false,
      kernelResident: 8192,
      agedRuns: 1,
    });
  });

  it('may nest repeats', () => {
    expect(parse('p: exec cat\nrepeat 3\nrepeat 4\np: clock\nend\np: snapshot\nend').ops.length).toBe(1 + 3 * 5);
  });

  it('is plain data: a structured clone is the same workload', () => {
    const workload = parse('p: exec sh60\np: mmap file f+1p 4p rw shared -> f\np: write f 4p => ok\np: exit');
    expect(structuredClone(workload)).toEqual(workload);
    expect(workload.files.at(-1)).toEqual({ name: 'f', pages: 5, resident: 'all', mode: 'rw' });
  });

  it('has files as large as they say, or as what is mapped of them', () => {
    const { files } = parse(
      'file f resident=even size=9p\nfile g resident=none size=1\np: exec cat\np: mmap file f 2p r\np: mmap file g 2p r',
    );
    expect(files.filter(({ name }) => 'fg'.includes(name))).toEqual([
      { name: 'f', pages: 9, resident: 'even', mode: 'rw' },
      { name: 'g', pages: 2, resident: 'none', mode: 'rw' },
    ]);
  });
});
