import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { PageEvidence, RangeSet } from '../../../../harness/input/import/ranges.ts';
import { loadWorkload } from '../../../../harness/input/load.ts';
import { importText } from '../../../../harness/report/import.ts';
import { baseline } from '../../../../variants/index.ts';
import { recordOf } from '../../../support/ran.ts';
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

describe('a shared page elsewhere, as FreeBSD 13.2 and later have it', () => {
  const RECORDED = [
    ' 100 100100 tool     1700000000.000001 CALL  execve(0x1,0x2,0x3)',
    ' 100 100100 tool     1700000000.000002 NAMI  "/bin/tool"',
    ' 100 100100 tool     1700000000.000003 NAMI  "/libexec/ld-elf.so.1"',
    ' 100 100100 tool     1700000000.000004 RET   execve JUSTRETURN',
    ' 100 100100 tool     1700000000.000010 PFLT  0x20f401000 0x4<VM_PROT_EXECUTE>',
    ' 100 100100 tool     1700000000.000011 PRET  KERN_SUCCESS',
    ' 100 100100 tool     1700000000.000012 PFLT  0x82aa10000 0x1<VM_PROT_READ>',
    ' 100 100100 tool     1700000000.000013 PRET  KERN_SUCCESS',
    ' 100 100100 tool     1700000000.000014 CALL  fork',
    ' 100 100100 tool     1700000000.000015 RET   fork 101/0x65',
    ' 101 100101 tool     1700000000.000016 PFLT  0x82aa10000 0x1<VM_PROT_READ>',
    ' 101 100101 tool     1700000000.000017 PRET  KERN_SUCCESS',
    ' 101 100101 tool     1700000000.000018 CALL  exit(0)',
    ' 100 100100 tool     1700000000.000020 CALL  exit(0)',
  ];
  const procstat = imports.write(
    'one.procstat',
    `  PID              START                END PRT  RES PRES REF SHD FLAG  TP PATH
  100        0x20f400000        0x20f401000 r--    1    5   2   0 CN--- vn /bin/tool
  100        0x20f401000        0x20f402000 r-x    1    5   2   0 CN--- vn /bin/tool
  100        0x20f402000        0x20f410000 ---    0    0   0   0 ----- gd
  100        0x81f060000        0x81f080000 ---    0    0   0   0 ----- gd
  100        0x81f080000        0x81f0a0000 rw-    3    3   1   0 ---D- sw
  100        0x82aa10000        0x82aa11000 r-x    1    1  23   0 ----- ph
  100     0x7ffffffff000     0x800000000000 ---    0    0   0   0 ----- gd
  200        0x20f400000        0x20f401000 r--    1    5   2   0 CN--- vn /bin/other
  200        0x82bb20000        0x82bb21000 r-x    1    1  23   0 ----- ph
`,
  );

  it('is where --procstat says, for each process; the guard at the old place is the kernel’s', async () => {
    const imported = await imports.lines('kdump', RECORDED, { procstat, strict: true });
    expect(imported.lines[1].maps).toEqual([
      { start: '0x20f400000', end: '0x20f401000', prot: 'r--', flags: ['PRIVATE'], file: '/bin/tool', off: 0 },
      { start: '0x20f401000', end: '0x20f402000', prot: 'r-x', flags: ['PRIVATE'], file: '/bin/tool', off: 0x1000 },
      { start: '0x20f402000', end: '0x20f410000', prot: '---', flags: ['GUARD'], file: null, off: 0 },
      { start: '0x81f080000', end: '0x81f0a0000', prot: 'rw-', flags: ['PRIVATE', 'ANON'], file: '[stack]', off: 0 },
    ]);
    expect(imported.lines.filter(({ ev }) => ev === 'touch').map(({ pid }) => pid)).toEqual([100, 101]);
    expect(imported.counts.withoutSharedPage).toBe(0);
    for (const touch of ['recorded', 'exec', 'all'] as const) {
      const record = recordOf(await loadWorkload(imported.out, { touch }), baseline);
      expect([record.ended.kind, record.replay?.failedOps, record.replay?.signals]).toEqual(['done', 0, 0]);
    }
  });

  it('without it no touch can be recognised, and that is said', async () => {
    const { lines, counts } = await imports.lines('kdump', RECORDED);
    expect([lines.some(({ ev }) => ev === 'touch'), counts.withoutSharedPage]).toEqual([false, 1]);
    expect(importText('one.kdump', counts)).toContain(
      'no touch of the shared page can be recognised in 1 of the programs: no page fault is at 0x7ffffffff000, ' +
        'and --procstat does not say where the page is',
    );
    const old = RECORDED.map((line) => line.replace('0x82aa10000', '0x7ffffffff080'));
    expect((await imports.lines('kdump', old)).counts.withoutSharedPage).toBe(0);
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
