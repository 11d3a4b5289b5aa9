import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { kdumpLineOf } from '../../../../harness/input/import/kdump-line.ts';
import { PageEvidence, RangeSet } from '../../../../harness/input/import/ranges.ts';
import { loadWorkload } from '../../../../harness/input/load.ts';
import { Imports, countsOf, eventsOf, fixture } from './support.ts';

const imports = new Imports();
afterAll(() => imports.dispose());

const SH = '100 1.000 execve("/bin/sh", ["sh", "-c", "a, b"], 0x7ffe /* 2 vars */) = 0 <0.1>';

describe('strace', () => {
  it('a child whose lines precede its parent’s result is created first; with two forks in progress its lines wait', async () => {
    const { counts, ...imported } = await imports.lines('strace', [
      SH,
      '100 2.000 vfork( <unfinished ...>',
      '101 2.100 execve("/bin/no", ["no"], 0x1 /* 0 vars */) = -1 ENOENT (No such file or directory)',
      '101 2.200 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD <unfinished ...>',
      '102 2.250 fork( <unfinished ...>',
      '103 2.300 exit_group(3) = ?',
      '103 2.350 +++ exited with 3 +++',
      '101 2.400 <... clone resumed>, child_tidptr=0x7) = 102',
      '102 2.450 <... fork resumed>) = 103',
    ]);
    expect(countsOf(counts.unknown)).toEqual({});
    expect(eventsOf(imported).slice(1)).toEqual([
      { pid: 100, ev: 'fork', child: 101, kind: 'vfork' },
      { pid: 101, ev: 'execfail', err: 'ENOENT', path: '/bin/no' },
      { pid: 101, ev: 'fork', child: 102, kind: 'fork' },
      { pid: 102, ev: 'fork', child: 103, kind: 'fork' },
      { pid: 103, ev: 'exit', code: 3 },
    ]);
    expect(imported.lines[0]).toMatchObject({ root: 100, cmd: 'sh -c a, b' });
  });

  it('paths with blanks, commas, brackets and quotes; descriptors without paths; threads; death by a signal', async () => {
    const imported = await imports.lines('strace', [
      'execve("/opt/a \\"b\\", (c)", ["x"], 0x1 /* 0 vars */) = 0',
      'mmap(NULL, 5000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_DENYWRITE, 3</lib/a,(b\\76 c>, 0x1000) = 0x7f0000000000',
      'mmap(NULL, 4096, PROT_NONE, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM (Cannot allocate memory)',
      'mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 4, 0) = 0x7f0000100000',
      'mmap(0x7f0000101000, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED, 4, 0x1000) = 0x7f0000101000',
      'clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD, stack=0x1} => {parent_tid=[2]}, 88) = 2',
      '[pid     2] madvise(0x7f0000000000, 4096, MADV_DONTNEED) = 0',
      '[pid     2] mremap(0x7f0000100000, 8192, 4096, MREMAP_MAYMOVE) = 0x7f0000100000',
      '[pid     2] +++ exited with 0 +++',
      '+++ killed by SIGSEGV (core dumped) +++',
    ]);
    expect(eventsOf(imported).slice(1)).toEqual([
      {
        pid: 1,
        ev: 'mmap',
        addr: '0x7f0000000000',
        len: 5000,
        prot: 'r-x',
        flags: ['PRIVATE', 'DENYWRITE'],
        file: '/lib/a,(b> c',
        off: 4096,
      },
      { pid: 1, ev: 'mmap', len: 4096, prot: '---', flags: ['SHARED', 'ANON'], file: null, err: 'ENOMEM' },
      expect.objectContaining({ ev: 'mmap', file: 'fd 4 #1', off: 0 }),
      expect.objectContaining({ ev: 'mmap', file: 'fd 4 #1', off: 4096 }),
      { pid: 1, ev: 'fork', child: 2, kind: 'thread' },
      { pid: 1, ev: 'madvise', addr: '0x7f0000000000', len: 4096, advice: 'DONTNEED' },
      { pid: 1, ev: 'mremap', addr: '0x7f0000100000', len: 8192, newlen: 4096, new: '0x7f0000100000' },
      { pid: 1, ev: 'texit', tid: 2 },
      { pid: 1, ev: 'exit', code: 0, sig: 'SIGSEGV' },
    ]);
    expect(imported.lines[1].path).toBe('/opt/a "b", (c)');
  });

  it('--faults: perf’s page faults are placed between the calls; the kernel’s writes into a program follow its exec', async () => {
    const faults = imports.write(
      'perf',
      [
        '# comment',
        'sh 100 [000] 1700000001.050000: exceptions:page_fault_kernel: address=0x555555559010 ip=0xf error_code=0x2',
        'my sh 100/100 [001] 1700000002.000000: exceptions:page_fault_user: address=0x555555556010 ip=0x1 error_code=0x14',
        'sh 101 [001] 1700000003.050000: exceptions:page_fault_user: address=0x555555559010 ip=0x1 error_code=0x7',
      ].join('\n'),
    );
    const imported = await imports.lines(
      'strace',
      [
        SH.replace(' 1.000', ' 1700000001.000'),
        '100 1700000002.500 brk(NULL) = 0x5555aaaa0000 <0.000001>',
        '100 1700000003.000 fork() = 101 <0.1>',
        '101 1700000003.200 exit_group(0) = ?',
      ],
      { faults },
    );
    expect(eventsOf(imported).slice(1)).toEqual([
      { pid: 100, ev: 'fault', addr: '0x555555559010', access: 'w', k: 1 },
      { pid: 100, ev: 'fault', addr: '0x555555556010', access: 'x' },
      { pid: 100, ev: 'brk', addr: '0x5555aaaa0000' },
      { pid: 100, ev: 'fork', child: 101, kind: 'fork' },
      { pid: 101, ev: 'fault', addr: '0x555555559010', access: 'w', p: 1 },
      { pid: 101, ev: 'exit', code: 0 },
    ]);
    expect((imported.lines[1].maps as { prot: string }[]).map(({ prot }) => prot)).toEqual([
      'r--',
      'r-x',
      'r--',
      'rw-',
      'rw-',
    ]);
  });

  it('writes workload text to *.workload and gzip to *.gz, with the same ops', async () => {
    const { importRecording } = await import('../../../../harness/input/import/import.ts');
    const [text, packed] = [imports.path('x.workload'), imports.path('x.jsonl.gz')];
    for (const out of [text, packed])
      await importRecording(fixture('vforkfail.strace.txt.gz'), out, { format: 'strace' });
    expect(gunzipSync(readFileSync(packed)).toString()).toMatch(/^\{"ev":"meta"/);
    expect((await loadWorkload(text)).ops.length).toBe((await loadWorkload(packed)).ops.length);
  });
});

const EXEC = [
  '  2769 ktrace   CALL  execve(0x1,0x2,0x3)',
  '  2769 ktrace   NAMI  "/bin/rm dir"',
  '  2769 ktrace   NAMI  "/libexec/ld-elf.so.1"',
  '  2769 rm dir   RET   execve JUSTRETURN',
];

describe('kdump', () => {
  it.each([
    ['  2769 rmdir    CALL  fork', 2769, 0, 'rmdir', '', 'CALL', 'fork'],
    [' 10437 8        CALL  mmap(0,1)', 10437, 0, '8', '', 'CALL', 'mmap(0,1)'],
    [' 10437 100437 8        RET   fork 0', 10437, 100437, '8', '', 'RET', 'fork 0'],
    [
      ' 10437 a long command name 1700000000.000000123 PRET  KERN_SUCCESS',
      10437,
      0,
      'a long command name',
      '1700000000.000000123',
      'PRET',
      'KERN_SUCCESS',
    ],
    [
      ' 10437 100437 sh       -0.000001 CSW   stop kernel "x"',
      10437,
      100437,
      'sh',
      '-0.000001',
      'CSW',
      'stop kernel "x"',
    ],
  ])('%s', (text, pid, tid, command, time, type, rest) => {
    expect(kdumpLineOf(text)).toEqual({ pid, tid, command, time, type, text: rest });
  });

  it('old and new forms of masks, faults and results are equivalent', async () => {
    const tail = (mmap: string, fault: string): string[] => [
      `  2769 rm dir   CALL  mmap(0,0x8000,${mmap},0xffffffff,0)`,
      '  2769 rm dir   RET   mmap 34365181952/0x800531000',
      `  2769 rm dir   PFLT  ${fault}`,
      '  2769 rm dir   PRET  KERN_SUCCESS',
      '  2769 rm dir   CALL  exit(0x2)',
    ];
    const forms = [
      ['0x3<PROT_READ|PROT_WRITE>,0x1002<MAP_PRIVATE|MAP_ANON>', '0x800531010 0x2<VM_PROT_WRITE>'],
      ['PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANON', '0x800531010 VM_PROT_WRITE'],
      ['0x3,0x1002', '0x800531010 <VM_PROT_WRITE>'],
    ];
    for (const [mmap, fault] of forms) {
      const old = EXEC.map((line) => line.replace('JUSTRETURN', '0'));
      const imported = await imports.lines('kdump', [...old, ...tail(mmap, fault)], { strict: true });
      expect(eventsOf(imported).slice(1)).toEqual([
        {
          pid: 2769,
          ev: 'mmap',
          addr: '0x800531000',
          len: 32768,
          prot: 'rw-',
          flags: ['PRIVATE', 'ANON'],
          file: null,
          off: 0,
        },
        { pid: 2769, ev: 'fault', addr: '0x800531010', access: 'w' },
        { pid: 2769, ev: 'exit', code: 2 },
      ]);
      expect(imported.lines[1]).toMatchObject({ ev: 'exec', path: '/bin/rm dir' });
    }
  });

  it('a fault at the shared page is a touch; a failed fault is omitted; open identifies files', async () => {
    const imported = await imports.lines('kdump', [
      ...EXEC,
      '  2769 rm dir   PFLT  0x7ffffffff038 0x1<VM_PROT_READ>',
      '  2769 rm dir   PRET  KERN_SUCCESS',
      '  2769 rm dir   PFLT  0x10 0x1<VM_PROT_READ>',
      '  2769 rm dir   PRET  KERN_PROTECTION_FAILURE',
      '  2769 rm dir   CALL  openat(AT_FDCWD,0x8,0x100000<O_RDONLY|O_CLOEXEC>)',
      '  2769 rm dir   NAMI  "/lib/libc.so.7"',
      '  2769 rm dir   RET   openat 3',
      '  2769 rm dir   CALL  mmap(0,0x1000,0x1<PROT_READ>,0x40002<MAP_PRIVATE|MAP_PREFAULT_READ>,0x3,0)',
      '  2769 rm dir   RET   mmap 34365181952/0x800531000',
      '  2769 rm dir   CALL  mlock(0x800531000,0x1000)',
      '  2769 rm dir   RET   mlock 0',
      '  2769 rm dir   PSIG  SIGSEGV SIG_DFL code=SEGV_MAPERR',
    ]);
    expect(eventsOf(imported).slice(1)).toEqual([
      { pid: 2769, ev: 'fault', addr: '0x7ffffffff038', access: 'r', in: 'vvar' },
      { pid: 2769, ev: 'touch', in: 'vvar' },
      expect.objectContaining({ ev: 'mmap', file: '/lib/libc.so.7', flags: ['PRIVATE', 'PREFAULT_READ'] }),
      { pid: 2769, ev: 'exit', code: 0, sig: 'SIGSEGV' },
    ]);
    expect(countsOf(imported.counts.unknown)).toEqual({ 'mlock, for which vmtrace-1 has no event': 1 });
    expect(countsOf(imported.counts.ignored)).toMatchObject({ 'fault with KERN_PROTECTION_FAILURE': 1 });
  });

  it('--procstat gives the maps of an exec, without those that the process made itself and without the shared page', async () => {
    const procstat = imports.write(
      'procstat',
      `  PID              START                END PRT  RES PRES REF SHD FLAG  TP PATH
 2769           0x200000           0x203000 r--    3    9   3   1 CN--- vn /bin/rm dir
 2769           0x203000           0x208000 r-x    5    9   3   1 CN--- vn /bin/rm dir
 2769        0x800531000        0x800539000 rw-    5    5   1   0 ----- df
 2769     0x7fffdffff000     0x7ffffffdf000 ---    0    0   0   0 ----- gd
 2769     0x7ffffffdf000     0x7ffffffff000 rw-    3    3   1   0 ---D- df
 2769     0x7ffffffff000     0x800000000000 r-x    1    1   9   0 ----- ph
`,
    );
    const imported = await imports.lines(
      'kdump',
      [
        ...EXEC,
        '  2769 rm dir   CALL  mmap(0,0x8000,0x3,0x1002,0xffffffff,0)',
        '  2769 rm dir   RET   mmap 34365181952/0x800531000',
      ],
      { procstat },
    );
    expect(imported.lines[1].maps).toEqual([
      { start: '0x200000', end: '0x203000', prot: 'r--', flags: ['PRIVATE'], file: '/bin/rm dir', off: 0 },
      { start: '0x203000', end: '0x208000', prot: 'r-x', flags: ['PRIVATE'], file: '/bin/rm dir', off: 0x3000 },
      {
        start: '0x7ffffffdf000',
        end: '0x7ffffffff000',
        prot: 'rw-',
        flags: ['PRIVATE', 'ANON'],
        file: '[stack]',
        off: 0,
      },
    ]);
  });
});

describe('ranges', () => {
  it('merge, and yield the gaps between them', () => {
    const set = new RangeSet();
    for (const [start, end] of [
      [10, 20],
      [40, 50],
      [20, 25],
      [24, 40],
      [70, 80],
    ] as const)
      set.add(start, end);
    expect([...set.gaps(0, 100)]).toEqual([
      [0, 10],
      [50, 70],
      [80, 100],
    ]);
    expect([9, 10, 49, 50].map((addr) => set.has(addr))).toEqual([false, true, true, false]);
  });

  it('stores evidence about pages in runs', () => {
    const evidence = new PageEvidence();
    evidence.add(5, 9, 1);
    evidence.add(3, 6, 2);
    evidence.add(10, 10, 1);
    evidence.add(4, 4, 2);
    expect(evidence.runs).toEqual([
      { first: 3, last: 4, seen: 2 },
      { first: 5, last: 6, seen: 3 },
      { first: 7, last: 10, seen: 1 },
    ]);
  });
});
