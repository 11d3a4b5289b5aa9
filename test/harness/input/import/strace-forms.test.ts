import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { loadWorkload } from '../../../../harness/input/load.ts';
import { landed } from '../../../../variants/index.ts';
import { recordOf } from '../../../support/ran.ts';
import { EXEC, Imports, type Node, countsOf, eventsOf, fixture, plain, treeOf } from './support.ts';

const imports = new Imports();
afterAll(() => imports.dispose());

const forms = (name: string): string => fixture(`forms/${name}.strace`);

/** What the C library does before main(): forms.c is linked statically. */
const START = ['brk first', 'brk by 3392', 'brk by 0', 'brk by 135168', 'brk by 704', 'mprotect program 16384 r--'];
const THREAD: Node = { kind: 'thread', child: [] };

/** What forms.c does, call by call. */
const EXPECTED: readonly Node[] = [
  'exec forms',
  ...START,
  'mmap anywhere 8392704 --- PRIVATE,ANON,STACK null 0',
  'mprotect mapping 0 + 4096 8388608 rw-',
  THREAD,
  'mmap anywhere 8192 rw- PRIVATE,ANON null 0',
  'munmap mapping 1 + 0 8192 ',
  'mmap anywhere 36864 rw- PRIVATE,ANON,STACK null 0',
  { kind: 'vfork', child: ['exec exe', ...START, 'exit 2'] },
  'munmap mapping 2 + 0 36864 ',
  { kind: 'fork', child: ['exit 0'] },
  { kind: 'vfork', child: ['execfail /no/such', 'exit 7'] },
  { kind: 'clone_vm', child: ['exit 0'] },
  'mmap anywhere 4194304 rw- PRIVATE,ANON,HUGETLB null 0',
  'mmap anywhere 16384 rw- PRIVATE,ANON,NORESERVE,POPULATE null 0',
  'mremap mapping 4 + 0 16384 to 32768',
  'mprotect mapping 5 + 0 4096 r--',
  'munmap mapping 5 + 0 32768 ',
  THREAD,
  'exec exe',
  ...START,
  'exit 3',
];

describe('one program, recorded by strace with', () => {
  const whole = readdirSync(fixture('forms'))
    .filter((name) => name.endsWith('.strace') && !/^(no-f|f-q-signal-none)\./.test(name))
    .map((name) => name.replace('.strace', ''));

  it.each(whole)('%s: every line understood, every call of every process', async (name) => {
    const { counts, lines } = await imports.file('strace', forms(name), { strict: true });
    expect(treeOf(lines)).toEqual(EXPECTED);
    expect(lines.flatMap(({ sig }) => sig ?? [])).toEqual(['SIGKILL']);
    expect([counts.unknown.size, counts.repairs.size]).toEqual([0, 0]);
  });

  it('-q -e signal=none: a killed child ends where its parent waits for it', async () => {
    const { counts, lines } = await imports.file('strace', forms('f-q-signal-none'), { strict: true });
    expect(treeOf(lines)).toEqual(EXPECTED);
    expect(countsOf(counts.repairs)).toEqual({
      'a process whose end is not in the recording: taken from the calls of its parent': 1,
    });
  });

  it('no -f: children end where their parent is told; the process ends, though a thread of it was not traced', async () => {
    const { lines } = await imports.file('strace', forms('no-f'), { strict: true });
    const kinds = treeOf(lines).flatMap((node) => (typeof node === 'string' ? [] : [[node.kind, ...node.child]]));
    expect(kinds).toEqual([
      ['thread'],
      ['vfork', 'exit 2'],
      ['fork', 'exit 0'],
      ['vfork', 'exit 7'],
      ['clone_vm', 'exit 0'],
      ['thread'],
    ]);
    const ends = lines
      .filter(({ ev }) => ev === 'exit' || ev === 'wait')
      .map(({ ev, pid, child }) => `${ev} ${child ?? pid}`);
    expect(ends).toHaveLength(9);
    for (let i = 0; i < 8; i += 2) expect(ends[i]!.replace('exit', 'wait')).toBe(ends[i + 1]);
  });

  it('lines of one form, one by one: each is placed at its time', async () => {
    const { lines } = await imports.file('strace', forms('f-i-n-r'));
    const total = readFileSync(forms('f-i-n-r'), 'utf8')
      .trimEnd()
      .split('\n')
      .reduce((sum, line) => sum + Math.round(Number(/^\d+ +(\d+\.\d+)/.exec(line)![1]) * 1e6), 0);
    expect(lines.at(-1)).toMatchObject({ ev: 'exit' });
    expect(Number(lines.at(-1)!.t)).toBeGreaterThan(total - 10_000);
    expect(Number(lines.at(-1)!.t)).toBeLessThanOrEqual(total);
  });
});

const THREAD_FLAGS = 'CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM';
const END_TAKEN = 'a process whose end is not in the recording: taken from the calls of its parent';

describe('an exec in a second thread', () => {
  const lines = (end: string, ...between: string[]): string[] => [
    `810 ${EXEC}`,
    `810 clone3({flags=${THREAD_FLAGS}, stack=0x7f0000000000}, 88) = 811`,
    `811 execve("/bin/server", ["server", "again"], 0x7ffd00000000 /* 3 vars */${end}`,
    ...between,
    '810 <... execve resumed>) = 0',
    '810 brk(NULL) = 0x555555700000',
    '810 +++ exited with 0 +++',
  ];
  const superseded = '810 +++ superseded by execve in pid 811 +++';

  it.each([
    ['<pid changed to N ...>', lines(' <pid changed to 810 ...>', superseded)],
    ['<unfinished ...>', lines(' <unfinished ...>', superseded)],
    ['no word of it (-qqq)', lines(' <pid changed to 810 ...>')],
    [
      'a call of the first thread that never returns',
      lines(' <unfinished ...>', '810 <... pause resumed>) = ?', superseded).toSpliced(
        2,
        0,
        '810 pause( <unfinished ...>',
      ),
    ],
  ])('%s', async (_what, given) => {
    const imported = await imports.lines('strace', given, { strict: true });
    expect(plain(imported)).toEqual([
      { pid: 810, ev: 'exec', path: '/bin/t' },
      { pid: 810, ev: 'fork', child: 811, kind: 'thread' },
      { pid: 810, ev: 'exec', path: '/bin/server' },
      { pid: 810, ev: 'brk', addr: '0x555555700000' },
      { pid: 810, ev: 'exit', code: 0 },
    ]);
  });

  it('a thread whose clone did not show its flags is known by its exec', async () => {
    const given = lines(' <pid changed to 810 ...>', superseded).with(1, '810 clone3(0x7ffdbe0f3f90, 0x58) = 0x32b');
    const { counts, ...imported } = await imports.lines('strace', given);
    expect(plain(imported).slice(1, 3)).toEqual([
      { pid: 810, ev: 'fork', child: 811, kind: 'thread' },
      { pid: 810, ev: 'exec', path: '/bin/server' },
    ]);
    expect(countsOf(counts.unknown)).toEqual({ 'clone3 that does not show its flags': 1 });
  });
});

describe('a call that does not return', () => {
  it('is told with the line where it began', async () => {
    const { counts } = await imports.lines('strace', [
      `5 ${EXEC}`,
      '5 munmap(0x7f0000001000, 8192 <unfinished ...>',
      '6 exit_group(0) = ?',
      '6 exit_group(0',
    ]);
    expect(counts.repairs.get('munmap that never returned: left out')?.line).toBe(2);
  });

  it.each([
    [
      '<detached ...>',
      '5 munmap(0x7f0000001000, 8192 <detached ...>',
      'munmap that never returned: left out',
      'repairs',
    ],
    [
      '<unfinished ...>',
      '5 munmap(0x7f0000001000, 8192 <unfinished ...>',
      'munmap that never returned: left out',
      'repairs',
    ],
    ['= ? <unavailable>', '5 munmap(0x7f0000001000, 8192) = ? <unavailable>', 'interrupted munmap', 'ignored'],
    [
      'to be restarted',
      '5 mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ? ERESTARTNOINTR (To be restarted)',
      'interrupted mmap',
      'ignored',
    ],
    ['fork, to be restarted', '5 fork() = ? ERESTARTNOINTR (To be restarted)', 'failed fork', 'ignored'],
  ] as const)('%s has no event and is counted', async (_what, line, kind, where) => {
    const { counts, ...imported } = await imports.lines('strace', [`5 ${EXEC}`, line], { strict: true });
    expect(plain(imported)).toEqual([{ pid: 5, ev: 'exec', path: '/bin/t' }]);
    expect(countsOf(counts[where])).toEqual({ [kind]: 1 });
  });

  it('resumed and unfinished in one line', async () => {
    const imported = await imports.lines(
      'strace',
      [
        `5 ${EXEC}`,
        '5 munmap(0x7f0000001000, <unfinished ...>',
        '5 <... munmap resumed> 8192 <unfinished ...>',
        '5 <... munmap resumed>) = 0',
        '5 exit_group(-1 <unfinished ...>',
        '5 <... exit_group resumed>) = ?',
        '5 +++ exited with 255 +++',
      ],
      { strict: true },
    );
    expect(plain(imported).slice(1)).toEqual([
      { pid: 5, ev: 'munmap', addr: '0x7f0000001000', len: 8192 },
      { pid: 5, ev: 'exit', code: 255 },
    ]);
  });
});

describe('lines without a pid', () => {
  it('are those of the process that is alone, and `[pid N]` of a number that nobody forked is the first process', async () => {
    const imported = await imports.lines(
      'strace',
      [
        'execve("/usr/bin/driver", ["driver", "x.c"], 0x7ffd00000000 /* 5 vars */) = 0',
        'brk(NULL)                               = 0xb77000',
        'vfork(strace: Process 4321 attached',
        ' <unfinished ...>',
        '[pid  4321] execve("/usr/lib/stage1", ["stage1", "x.c"], 0xb89000 /* 5 vars */ <unfinished ...>',
        '[pid  4320] <... vfork resumed>)        = 4321',
        '[pid  4320] mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000001000',
        '[pid  4321] <... execve resumed>)       = 0',
        '[pid  4320] wait4(4321,  <unfinished ...>',
        '[pid  4321] brk(NULL)                   = 0x2cbd000',
        '[pid  4321] exit_group(0)               = ?',
        '[pid  4321] +++ exited with 0 +++',
        '<... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 4321',
        '--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=4321, si_uid=0, si_status=0, si_utime=0, si_stime=0} ---',
        'munmap(0x7f0000001000, 8192)            = 0',
        'exit_group(0)                           = ?',
        '+++ exited with 0 +++',
      ],
      { strict: true },
    );
    expect(plain(imported)).toEqual([
      { pid: 1, ev: 'exec', path: '/usr/bin/driver' },
      { pid: 1, ev: 'brk', addr: '0xb77000' },
      { pid: 1, ev: 'fork', child: 4321, kind: 'vfork' },
      { pid: 4321, ev: 'exec', path: '/usr/lib/stage1' },
      { pid: 1, ev: 'vforkdone', child: 4321 },
      expect.objectContaining({ pid: 1, ev: 'mmap', addr: '0x7f0000001000' }),
      { pid: 4321, ev: 'brk', addr: '0x2cbd000' },
      { pid: 4321, ev: 'exit', code: 0 },
      { pid: 1, ev: 'wait', child: 4321 },
      { pid: 1, ev: 'munmap', addr: '0x7f0000001000', len: 8192 },
      { pid: 1, ev: 'exit', code: 0 },
    ]);
  });

  it('are those of the child that is left when the first process has exited', async () => {
    const imported = await imports.lines(
      'strace',
      [
        EXEC,
        'fork() = 4321',
        '[pid  4320] exit_group(0) = ?',
        '[pid  4320] +++ exited with 0 +++',
        'brk(NULL) = 0x2cbd000',
        'exit_group(3) = ?',
        '+++ exited with 3 +++',
      ],
      { strict: true },
    );
    expect(plain(imported).slice(1)).toEqual([
      { pid: 1, ev: 'fork', child: 4321, kind: 'fork' },
      { pid: 1, ev: 'exit', code: 0 },
      { pid: 4321, ev: 'brk', addr: '0x2cbd000' },
      { pid: 4321, ev: 'exit', code: 3 },
    ]);
  });

  it('of a process that strace -p attached to: the number in its message is no child', async () => {
    const imported = await imports.lines(
      'strace',
      [
        'strace: Process 4320 attached',
        'fork(strace: Process 4321 attached',
        ') = 4321',
        '[pid  4320] brk(NULL) = 0xb77000',
        '[pid  4321] +++ killed by SIGKILL +++',
        'strace: Process 4320 detached',
      ],
      { strict: true },
    );
    expect(plain(imported).slice(1)).toEqual([
      { pid: 1, ev: 'fork', child: 4321, kind: 'fork' },
      { pid: 1, ev: 'brk', addr: '0xb77000' },
      { pid: 4321, ev: 'exit', code: 0, sig: 'SIGKILL' },
    ]);
  });
});

describe('what no replay follows is counted', () => {
  it.each([
    ['madvise(0x7f0000001000, 4096, MADV_WIPEONFORK) = 0', 'MADV_WIPEONFORK of madvise'],
    ['madvise(0x7f0000001000, 4096, 10) = 0', 'MADV_DONTFORK of madvise'],
    ['madvise(0x7f0000001000, 4096, 0x66 /* MADV_??? */) = 0', 'MADV_GUARD_INSTALL of madvise'],
    ['mprotect(0x7ffffffde000, 4096, PROT_READ|PROT_EXEC|PROT_GROWSDOWN) = 0', 'PROT_GROWSDOWN of mprotect'],
    [
      'mremap(0x7f0000001000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_DONTUNMAP) = 0x7f0000009000',
      'MREMAP_DONTUNMAP of mremap',
    ],
    ['mremap(0x7f0000001000, 4096, 4096, 0x5) = 0x7f0000009000', 'MREMAP_DONTUNMAP of mremap'],
    ['mremap(0x7f0000001000, 0, 4096, MREMAP_MAYMOVE) = 0x7f0000009000', 'an old size of 0 of mremap'],
  ])('%s', async (call, kind) => {
    const { counts } = await imports.lines('strace', [EXEC, `700 ${call}`]);
    expect(countsOf(counts.unknown)).toEqual({ [`${kind}, which no replay follows`]: 1 });
  });

  it('but advice about pages and dumps is not', async () => {
    const words = ['HUGEPAGE', 'MERGEABLE', 'DONTDUMP', 'COLD', 'DONTNEED', 'FREE'];
    const calls = words.map((word) => `700 madvise(0x7f0000001000, 4096, MADV_${word}) = 0`);
    expect((await imports.lines('strace', [EXEC, ...calls], { strict: true })).counts.unknown.size).toBe(0);
  });
});

it('without -y, a mapped file has the path with which its descriptor was opened, in a child too', async () => {
  const map = (pid: number, fd: number): string =>
    `${pid} mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, ${fd}, 0) = 0x7f0000005000`;
  const imported = await imports.lines('strace', [
    `700 ${EXEC}`,
    '700 openat(AT_FDCWD, "/lib/libc.so.6", O_RDONLY|O_CLOEXEC) = 3',
    '700 open("relative.so", O_RDONLY) = 4',
    '700 dup2(3, 9) = 9',
    map(700, 3),
    map(700, 4),
    '700 fork() = 701',
    '700 close(3) = 0',
    map(700, 3),
    map(700, 9),
    map(701, 3),
    '701 close_range(3, 4294967295, 0) = 0',
    map(701, 9),
  ]);
  const files = imported.lines.flatMap(({ ev, file }) => (ev === 'mmap' ? [file] : []));
  const libc = '/lib/libc.so.6';
  expect(files).toEqual([libc, 'fd 4 #1', 'fd 3 #2', libc, libc, 'fd 9 #3']);
});

it('a call whose result was injected has done nothing', async () => {
  const calls = [
    'munmap(0x7f0000001000, 4096) = 0 (INJECTED)',
    'munmap(0x7f0000001000, 4096) = -1 ENOMEM (Cannot allocate memory) (INJECTED)',
    'mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000005000 (INJECTED)',
    'fork() = 701 (INJECTED)',
    'execve("/bin/u", ["u"], 0x7ffd /* 0 vars */) = 0 (INJECTED)',
    'munmap(0x7f0000003000, 4096) = 0 (DELAYED)',
  ];
  const { lines, counts } = await imports.lines(
    'strace',
    [EXEC, ...calls].map((call) => `700 ${call}`),
    { strict: true },
  );
  expect(lines.slice(2)).toMatchObject([{ ev: 'munmap', addr: '0x7f0000003000' }]);
  expect(counts.repairs.size).toBe(0);
});

it('madvise has done what it can where it answers ENOMEM', async () => {
  const call = '700 madvise(0x7f0000001000, 8192, MADV_DONTNEED) = -1 ENOMEM (Cannot allocate memory)';
  const { lines } = await imports.lines('strace', [EXEC, call, call.replace('ENOMEM', 'EINVAL')], { strict: true });
  expect(lines.filter(({ ev }) => ev === 'madvise')).toMatchObject([{ addr: '0x7f0000001000', len: 8192 }]);
});

it('messages of old versions, without the name of strace, cut lines and name a child', async () => {
  const imported = await imports.lines(
    'strace',
    [
      'execve("/bin/sh", ["sh"], [/* 20 vars */]) = 0',
      'write(2, "Process 7 attached", 18) = 18',
      'clone(Process 4001 attached',
      'child_stack=0, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f09d0) = 4001',
      '[pid  4000] wait4(-1, Process 4000 suspended',
      ' <unfinished ...>',
      '[pid  4001] execve("/bin/ls", ["ls"], [/* 20 vars */]) = 0',
      '[pid  4001] exit_group(0)               = ?',
      'Process 4000 resumed',
      'Process 4001 detached',
      '<... wait4 resumed> [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 4001',
      '--- SIGCHLD (Child exited) @ 0 (0) ---',
      'exit_group(0)                           = ?',
    ],
    { strict: true },
  );
  expect(eventsOf(imported)).toMatchObject([
    { pid: 1, ev: 'exec', path: '/bin/sh' },
    { pid: 1, ev: 'fork', child: 4001, kind: 'fork' },
    { pid: 4001, ev: 'exec', path: '/bin/ls' },
    { pid: 4001, ev: 'exit' },
    { pid: 1, ev: 'wait', child: 4001 },
    { pid: 1, ev: 'exit' },
  ]);
  expect(countsOf(imported.counts.ignored)['message of strace']).toBe(4);
});

describe('a process that appears while another one forks, and is not its child', () => {
  const FORK = '4000 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD <unfinished ...>';
  const ORPHAN = 'a line of a process whose start is not in the recording';
  const born = (child: number): string => `4000 <... clone resumed>, child_tidptr=0x7f) = ${child}`;
  const unmaps = (pid: number): string => `${pid} munmap(0x7ffff0002000, 4096) = 0`;
  const importing = async (lines: string[]): Promise<[object[], number | undefined]> => {
    const imported = await imports.lines('strace', [
      '4000 execve("/bin/a", ["a"], 0x7f /* 0 vars */) = 0',
      ...lines,
      '4000 exit_group(0) = ?',
    ]);
    const events = (eventsOf(imported) as { pid: number; ev: string; child?: number }[]).slice(1, -1);
    return [events, countsOf(imported.counts.unknown)[ORPHAN]];
  };

  it('leaves its lines out, and those of the child are the child’s', async () => {
    expect(await importing([FORK, unmaps(4001), born(4050), unmaps(4050), unmaps(4001)])).toEqual([
      [
        { pid: 4000, ev: 'fork', child: 4050, kind: 'fork' },
        { pid: 4050, ev: 'munmap', addr: '0x7ffff0002000', len: 4096 },
      ],
      2,
    ]);
  });

  it('may be many, in forks of the same process, before and after the child’s first lines', async () => {
    const lines = [10, 20, 30].flatMap((n) => [
      FORK,
      unmaps(n),
      unmaps(5000 + n),
      unmaps(10),
      born(5000 + n),
      `${5000 + n} exit_group(0) = ?`,
    ]);
    const [events, orphans] = await importing(lines);
    expect(events).toHaveLength(9);
    expect(events.every((event) => !('pid' in event) || event.pid === 4000 || Number(event.pid) > 5000)).toBe(true);
    expect(orphans).toBe(6);
  });

  it('gives its lines to no later child with its pid', async () => {
    expect(await importing([FORK, unmaps(4001), born(4050), FORK, born(4001), unmaps(4001)])).toEqual([
      [
        { pid: 4000, ev: 'fork', child: 4050, kind: 'fork' },
        { pid: 4000, ev: 'fork', child: 4001, kind: 'fork' },
        { pid: 4001, ev: 'munmap', addr: '0x7ffff0002000', len: 4096 },
      ],
      1,
    ]);
  });
});

describe('a child that was not traced', () => {
  const parent = (...calls: string[]): string[] => [
    `600 ${EXEC}`,
    ...calls,
    '600 exit_group(0) = ?',
    '600 +++ exited with 0 +++',
  ];
  const sigchld = (code: string, status: string): string =>
    `600 --- SIGCHLD {si_signo=SIGCHLD, si_code=${code}, si_pid=601, si_uid=0, si_status=${status}, si_utime=0, si_stime=0} ---`;

  it.each<[string, string[], object]>([
    ['wait4', ['600 wait4(601, [{WIFEXITED(s) && WEXITSTATUS(s) == 4}], 0, NULL) = 601'], { code: 4 }],
    ['wait4 without a status', ['600 wait4(-1, NULL, 0, NULL) = 601'], { code: 0 }],
    [
      'wait4 of a killed child',
      ['600 wait4(-1, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV && WCOREDUMP(s)}], WUNTRACED, NULL) = 601'],
      { code: 0, sig: 'SIGSEGV' },
    ],
    [
      'waitid',
      [
        '600 waitid(P_PID, 601, {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=601, si_uid=0, si_status=4, si_utime=0, si_stime=0}, WEXITED, NULL) = 0',
      ],
      { code: 4 },
    ],
    ['SIGCHLD', [sigchld('CLD_KILLED', 'SIGKILL')], { code: 0, sig: 'SIGKILL' }],
    ['SIGCHLD with numbers', [sigchld('0x1', '4')], { code: 4 }],
    ['nothing but that the vfork has returned', [], { code: 0 }],
  ])('has ended at the latest where its parent knows it by %s', async (_what, calls, end) => {
    const { counts, out, ...imported } = await imports.lines('strace', parent('600 vfork() = 601', ...calls), {
      strict: true,
    });
    const events = plain(imported);
    expect(events.slice(2, 4)).toEqual([
      { pid: 601, ev: 'exit', ...end },
      { pid: 600, ev: 'vforkdone', child: 601 },
    ]);
    expect(events.at(-1)).toEqual({ pid: 600, ev: 'exit', code: 0 });
    expect(countsOf(counts.repairs)).toEqual({ [END_TAKEN]: 1 });
    const record = recordOf(await loadWorkload(out, { touch: 'exec' }), landed);
    const { execed, vforked } = record.replay!.byKind;
    expect([execed.exit.processes, vforked.exit.calls]).toEqual([1, 0]);
    expect(execed.exit.calls).toBeGreaterThan(0);
  });

  it.each([
    ['stopped', '600 wait4(601, [{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}], WSTOPPED, NULL) = 601'],
    ['perhaps stopped', '600 wait4(601, NULL, WUNTRACED, NULL) = 601'],
    ['signalled by hand', sigchld('SI_USER', '0')],
    ['continued', sigchld('CLD_CONTINUED', 'SIGCONT')],
  ])('lives on when it is only %s', async (_what, line) => {
    const imported = await imports.lines('strace', parent('600 fork() = 601', line), { strict: true });
    expect(plain(imported).filter((event) => (event as { pid: number }).pid === 601)).toEqual([]);
  });

  it('one that execs its own program keeps the space that its own lines give it', async () => {
    const imported = await imports.lines('strace', parent('600 vfork() = 601', `601 ${EXEC}`), { strict: true });
    expect(plain(imported).filter((event) => (event as { pid: number }).pid === 601)).toEqual([
      { pid: 601, ev: 'exec', path: '/bin/t' },
    ]);
  });
});
