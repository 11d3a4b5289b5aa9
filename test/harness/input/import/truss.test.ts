import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { loadWorkload } from '../../../../harness/input/load.ts';
import { printWorkload } from '../../../../harness/workload/text/print.ts';
import { baseline, landed } from '../../../../variants/index.ts';
import { recordOf } from '../../../support/ran.ts';
import { Imports, countsOf, eventsOf, fixture } from './support.ts';

const imports = new Imports();
afterAll(() => imports.dispose());

const LINES = readFileSync(fixture('make.truss.txt'), 'utf8').trimEnd().split('\n');
/** Without the head of -f and -d. */
const BARE = LINES.map((line) => line.replace(/^ *\d+: \d+\.\d{9} /, ''));

const mmap = (addr: string, len: number, prot: string, flags: string[], file: string | null, off = 0): object => ({
  pid: 871,
  ev: 'mmap',
  addr,
  len,
  prot,
  flags,
  file,
  off,
});
const LIBC = '/lib/libc.so.7';

describe('truss -f -d -a', () => {
  it('becomes the events that the calls of each process are, a child’s after the fork that names it', async () => {
    const imported = await imports.lines('truss', LINES, { strict: true });
    expect(eventsOf(imported)).toEqual([
      { pid: 871, ev: 'exec', path: '(running)', argv: ['(running)'], loader: '(ld-unknown)', maps: expect.any(Array) },
      mmap('0x8220f0000', 135168, 'rw-', ['PRIVATE', 'ANON'], null),
      mmap('0x822400000', 4194304, '---', ['GUARD'], null),
      mmap('0x822400000', 540672, 'r--', ['PRIVATE', 'FIXED', 'NOCORE', 'PREFAULT_READ'], LIBC),
      mmap('0x822484000', 1339392, 'r-x', ['PRIVATE', 'FIXED', 'NOCORE', 'PREFAULT_READ'], LIBC, 0x83000),
      mmap('0x8225cb000', 40960, 'rw-', ['PRIVATE', 'FIXED', 'PREFAULT_READ'], LIBC, 0x1c9000),
      { pid: 871, ev: 'mprotect', addr: '0x8225cb000', len: 36864, prot: 'r--' },
      { pid: 871, ev: 'brk', addr: '0x2d0000' },
      { pid: 871, ev: 'brk', addr: '0x2e1000', old: '0x2d0000' },
      { pid: 871, ev: 'fork', child: 872, kind: 'vfork' },
      { pid: 872, ev: 'execfail', err: 2, path: '/usr/local/bin/tool' },
      { pid: 872, ev: 'exec', path: '/bin/sh', argv: ['/bin/sh'], maps: expect.any(Array) },
      { pid: 871, ev: 'vforkdone', child: 872 },
      expect.objectContaining({ pid: 872, ev: 'mmap', addr: '0x3c0e5a000000', len: 20480, prot: 'rw-', file: null }),
      { pid: 872, ev: 'mmap', len: 2 ** 49, prot: '---', flags: ['GUARD'], file: null, err: 12 },
      { pid: 872, ev: 'munmap', addr: '0x3c0e5a000000', len: 20480 },
      { pid: 872, ev: 'exit', code: 0 },
      { pid: 871, ev: 'wait', child: 872 },
      { pid: 871, ev: 'fork', child: 873, kind: 'fork' },
      { pid: 873, ev: 'madvise', addr: '0x8220f0000', len: 16384, advice: 'FREE' },
      { pid: 871, ev: 'fork', child: 874, kind: 'clone_vm' },
      { pid: 873, ev: 'exit', code: 0, sig: 'SIGSEGV' },
      { pid: 874, ev: 'exit', code: 3 },
      { pid: 871, ev: 'fork', child: 875, kind: 'fork' },
      { pid: 875, ev: 'exit', code: 0 },
      { pid: 871, ev: 'exit', code: 0 },
    ]);
    expect(imported.lines.at(-1)).toMatchObject({ t: 4444 - 101 });
    expect(imported.counts.withoutSharedPage).toBe(0);
  });

  it('a child that was not traced has ended when its parent reaps it', async () => {
    const lines = [
      'fork()\t\t\t\t\t\t = 2001 (0x7d1)',
      'wait4(-1,{ EXITED,val=0 },0x0,0x0)\t\t = 2001 (0x7d1)',
      'process exit, rval = 0',
    ];
    const events = eventsOf(await imports.lines('truss', lines)) as { ev: string }[];
    expect(events.slice(1).map(({ ev }) => ev)).toEqual(['fork', 'exit', 'wait', 'exit']);
  });

  it('goes on after each vfork though no child was traced', async () => {
    const lines = [
      'vfork()\t\t\t\t\t\t = 2001 (0x7d1)',
      'vfork()\t\t\t\t\t\t = 2002 (0x7d2)',
      'mmap(0x0,4096,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANON,-1,0x0) = 34366181376 (0x800625000)',
      'process exit, rval = 0',
    ];
    const { out, counts } = await imports.lines('truss', lines);
    const { perOp } = recordOf(await loadWorkload(out), landed);
    expect([...perOp.code].filter((code) => code !== 0)).toEqual([]);
    expect([...counts.repairs.keys()].filter((kind) => kind.includes('end is not in'))).toHaveLength(1);
  });

  it('replays: no op fails, and a process that shares an address space ends after it', async () => {
    const { out } = await imports.file('truss', fixture('make.truss.txt'));
    const record = recordOf(await loadWorkload(out), landed);
    expect([record.ended.kind, record.replay?.failedOps, record.replay?.signals]).toEqual(['done', 0, 0]);
  });

  it('with -H, with -D, with both times and without any, the events are the same', async () => {
    const expected = eventsOf(await imports.lines('truss', LINES));
    const forms: readonly ((line: string) => string)[] = [
      (line) => line.replace(/^( *)(\d+): /, '$1$2 100$2: '),
      (line) => line.replace(/(\d+\.\d{9}) /, '0.000004711 '),
      (line) => line.replace(/(\d+\.\d{9}) /, '$1 0.000004711 '),
      (line) => line.replace(/\d+\.\d{9} /, ''),
    ];
    for (const form of forms) {
      const lines = LINES.map((line) => (/^ *\d+: /.test(line) ? form(line) : line));
      expect(eventsOf(await imports.lines('truss', lines, { strict: true }))).toEqual(expected);
    }
  });

  it('of one process alone, without -f, is that of process 1, with and without its threads', async () => {
    const own = BARE.filter((_, i) => LINES[i].startsWith('  871')).filter(
      (line) => !/^(vfork|r?fork|pdfork|wait)/.test(line),
    );
    const { lines } = await imports.lines('truss', own, { strict: true });
    expect(new Set(lines.slice(1).map(({ pid }) => pid))).toEqual(new Set([1]));
    const threads = own.map((line, i) => `${100300 + (i % 2)}: ${line}`);
    const same = await imports.lines('truss', threads, { strict: true });
    expect(eventsOf(same)).toEqual(eventsOf({ lines }));
  });

  it('counts what is not of it: output of the program, a call cut off, an unknown call, a table of -c', async () => {
    const { counts } = await imports.lines('truss', [
      ...LINES.slice(0, 3),
      'hello(world)',
      '-- UNKNOWN FreeBSD SYSCALL 999 --',
      '  871: 0.000000009 mmap(0x0,13516',
      ...LINES.slice(3),
    ]);
    expect(countsOf(counts.unknown)).toEqual({
      'a line that is not one of truss': 1,
      'a call that truss does not know': 1,
      'mmap that does not end': 1,
    });
    const summary = [
      'syscall                     seconds   calls  errors',
      'mmap                    0.000049000      18       0',
    ];
    await expect(imports.lines('truss', summary)).rejects.toThrow(/in:2: expected lines of truss, found none/);
  });

  it('a pid that is used again before the first fork has returned waits for the second', async () => {
    const { lines, counts } = await imports.lines('truss', [
      '    1: break(0x1000) = 0 (0x0)',
      '    2: process exit, rval = 7',
      '    2: <new process>',
      '    2: process exit, rval = 8',
      '    1: fork() = 2 (0x2)',
      '    1: fork() = 2 (0x2)',
    ]);
    expect(lines.flatMap(({ ev, code }) => (ev === 'fork' || ev === 'exit' ? [code ?? ev] : []))).toEqual([
      'fork',
      7,
      'fork',
      8,
    ]);
    expect(counts.unknown.size).toBe(0);
  });

  it('a result that is two different numbers is not understood', async () => {
    const { lines, counts } = await imports.lines('truss', [
      '    1: mmap(0x0,4096,PROT_READ,MAP_PRIVATE|MAP_ANON,-1,0x0) = 4096 (0x2000)',
      '    1: lseek(3,0x0,SEEK_SET)\t = -1 (0xffffffffffffffff)',
      '    1: break(0x0)\t\t = 12288 (0x3000)',
      '    1: break(0x3010)\t\t = 16384 (0x4000)',
    ]);
    expect(countsOf(counts.unknown)).toEqual({ 'a result of mmap that is two numbers': 1 });
    expect(eventsOf({ lines }).slice(1)).toEqual([
      { pid: 1, ev: 'brk', addr: '0x3000' },
      { pid: 1, ev: 'brk', addr: '0x4000', old: '0x3000' },
    ]);
  });

  it('a guard is no memory, a stack grows, and a library is mapped as its linker asks', async () => {
    const { out, counts } = await imports.lines(
      'truss',
      [
        '    1: execve("/bin/sh",[ "sh" ],[ "A=B" ]) EJUSTRETURN',
        '    1: mmap(0x0,1048576,PROT_NONE,MAP_GUARD,-1,0x0) = 34368331776 (0x800832000)',
        '    1: mprotect(0x800832000,4096,PROT_READ|PROT_WRITE) = 0 (0x0)',
        '    1: mmap(0x900000000,1048576,PROT_NONE,MAP_FIXED|MAP_GUARD|MAP_EXCL|MAP_ALIGNED_SUPER,-1,0x0) = 38654705664 (0x900000000)',
        '    1: open("/lib/f",O_RDONLY,00)\t = 3 (0x3)',
        '    1: mmap(0x900000000,524288,PROT_MAX(PROT_READ)|PROT_READ,MAP_PRIVATE|MAP_FIXED|MAP_NOCORE|MAP_PREFAULT_READ,3,0x0) = 38654705664 (0x900000000)',
        '    1: mmap(0x0,2097152,PROT_READ|PROT_WRITE,MAP_STACK,-1,0x0) = 42949672960 (0xa00000000)',
        '    1: mmap(0x0,4096,PROT_READ,MAP_PRIVATE|MAP_32BIT,3,0x200) = 8704 (0x2200)',
        '    1: shm_open2(SHM_ANON,O_RDWR|O_CREAT,00,0x0,"memfd:x") = 3 (0x3)',
        '    1: mmap(0x0,4096,PROT_READ,MAP_SHARED,3,0x0) = 32768 (0x8000)',
        '    1: exit(0x0)\t\t',
        '    1: process exit, rval = 0',
      ],
      { strict: true },
    );
    expect(countsOf(counts.unknown)).toEqual({});
    const workload = await loadWorkload(out);
    const ops = printWorkload(workload)
      .split('\n')
      .flatMap((line) => /^p1: (m.* fixed 0x.*)/.exec(line)?.[1] ?? []);
    expect(ops).toEqual([
      'mmap guard 1M - fixed 0x800832000',
      'mmap guard 1M - fixed 0x900000000',
      'mmap file "/lib/f" 128p r max r prefault nocore fixed 0x900000000',
      'mmap stack 2M rw fixed 0xa00000000',
      'mmap file "/lib/f" 2p r fixed 0x2000',
      'mmap file "fd 3 #1" 1p r shared fixed 0x8000',
    ]);
    const record = recordOf(workload, landed);
    expect([record.ended.kind, record.replay?.failedOps]).toEqual(['done', 0]);
  });

  it('a guard takes part in no pmap_remove: the calls are those without it', async () => {
    const program = [
      '    1: execve("/bin/sh",[ "sh" ],[ "A=B" ]) EJUSTRETURN',
      '    1: mmap(0x0,4096,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANON,-1,0x0) = 34367283200 (0x800732000)',
    ];
    const guard = [
      '    1: mmap(0x0,1048576,PROT_NONE,MAP_GUARD,-1,0x0) = 34368331776 (0x800832000)',
      '    1: mprotect(0x800832000,4096,PROT_READ|PROT_WRITE) = 0 (0x0)',
      '    1: munmap(0x800833000,4096)\t = 0 (0x0)',
    ];
    const calls = async (lines: string[]): Promise<unknown> => {
      const { out } = await imports.lines('truss', [...lines, '    1: process exit, rval = 0']);
      const record = recordOf(await loadWorkload(out), baseline);
      return [record.removeByPlace, record.replay?.failedOps];
    };
    expect(await calls([...program, ...guard])).toEqual(await calls(program));
  });

  it.each([
    ['procctl(P_PID,0x1,PROC_STACKGAP_CTL,{ PROC_STACKGAP_DISABLE })', 'procctl'],
    ['procctl(P_PID,0x1,0x10000000,0x820d5f1c0)', 'procctl'],
    ['sysarch(AMD64_SET_PKRU,0x820d5f1c0)', 'sysarch'],
    ['minherit(0x1000,4096,INHERIT_NONE)', 'minherit'],
    ['mlockall(MCL_FUTURE)', 'mlockall'],
  ])('%s has no event, and says so', async (call, name) => {
    const { counts } = await imports.lines('truss', [...BARE.slice(0, 1), `${call}\t = 0 (0x0)`]);
    expect(countsOf(counts.unknown)).toEqual({ [`${name}, for which vmtrace-1 has no event`]: 1 });
  });

  it('calls that do not change an address space have no effect', async () => {
    const calls = ['procctl(P_PID,0x1,PROC_REAP_STATUS,0x820d5f1c0)', 'sysarch(AMD64_SET_FSBASE,0x820d5f1c0)'];
    const { counts } = await imports.lines('truss', [
      ...BARE.slice(0, 1),
      ...calls.map((call) => `${call}\t = 0 (0x0)`),
    ]);
    expect([countsOf(counts.unknown), countsOf(counts.ignored)]).toEqual([{}, { procctl: 1, sysarch: 1 }]);
  });

  it('what a replay cannot follow is counted with its call', async () => {
    const { lines, counts } = await imports.lines('truss', [
      'mmap(0x0,4096,PROT_READ,MAP_PRIVATE|MAP_ANON|0x8000,-1,0x0) = 4096 (0x1000)',
      'mprotect(0x1000,4096,PROT_MAX(PROT_READ)|PROT_READ) = 0 (0x0)',
      'madvise(0x1000,4096,MADV_NOCORE)\t = 0 (0x0)',
      "mmap(0x0,18446744073709551615,PROT_READ,MAP_PRIVATE|MAP_ANON,-1,0x0) ERR#12 'Cannot allocate memory'",
    ]);
    expect(countsOf(counts.unknown)).toEqual({
      '0x8000 of mmap, which no replay follows': 1,
      'PROT_MAX of mprotect, which no replay follows': 1,
      'MADV_NOCORE of madvise, which no replay follows': 1,
    });
    expect(countsOf(counts.ignored)).toEqual({ 'failed mmap': 1 });
    expect(lines.slice(2).map(({ ev }) => ev)).toEqual(['mmap', 'mprotect', 'madvise']);
  });

  it('--procstat gives the maps of its programs', async () => {
    const procstat = imports.write('rows', '  872 0x200000 0x201000 r-x 1 5 2 0 CN--- vn /bin/sh\n');
    const { lines } = await imports.lines('truss', LINES, { procstat });
    expect(lines.find(({ path }) => path === '/bin/sh')?.maps).toEqual([
      { start: '0x200000', end: '0x201000', prot: 'r-x', flags: ['PRIVATE'], file: '/bin/sh', off: 0 },
    ]);
  });
});
