import { afterAll, describe, expect, it } from 'vitest';
import { loadWorkload } from '../../../../harness/input/load.ts';
import { landed, series } from '../../../../variants/index.ts';
import { recordOf } from '../../../support/ran.ts';
import { EXEC, Imports, MMAP, countsOf, fixture, plain } from './support.ts';

const imports = new Imports();
afterAll(() => imports.dispose());

const forms = (name: string): string => fixture(`forms/${name}.strace`);

describe('numbers for names', () => {
  const mmapFlags = async (flags: string): Promise<unknown> => {
    const { lines } = await imports.lines(
      'strace',
      [`5 ${EXEC}`, `5 ${MMAP.replace('MAP_PRIVATE|MAP_ANONYMOUS', flags)}`],
      { strict: true },
    );
    return lines.at(-1)!.flags;
  };

  it('are Linux’s in the flags of mmap', async () => {
    expect(await mmapFlags('0x22')).toEqual(['PRIVATE', 'ANON']);
    expect(await mmapFlags('0x20022')).toEqual(['PRIVATE', 'ANON', 'STACK']);
    expect(await mmapFlags('0xc021')).toEqual(['SHARED', 'ANON', 'NORESERVE', 'POPULATE']);
    expect(await mmapFlags('0x100032')).toEqual(['PRIVATE', 'FIXED', 'ANON', 'FIXED_NOREPLACE']);
    expect(await mmapFlags('0x23')).toEqual(['SHARED_VALIDATE', 'ANON']);
    expect(await mmapFlags('0x22 /* MAP_PRIVATE|MAP_ANONYMOUS */')).toEqual(['PRIVATE', 'ANON']);
    expect(await mmapFlags('MAP_PRIVATE|MAP_ANONYMOUS|0x8000000')).toEqual(['PRIVATE', 'ANON']);
  });

  it.each([
    ['MAP_SHARED|MAP_ANONYMOUS|MAP_LOCKED', ['SHARED', 'ANON', 'LOCKED'], ['MAP_LOCKED']],
    ['0x2021', ['SHARED', 'ANON', 'LOCKED'], ['MAP_LOCKED']],
    ['0x20122', ['PRIVATE', 'ANON', 'GROWSDOWN', 'STACK'], ['MAP_GROWSDOWN']],
    ['0x28', ['DROPPABLE', 'ANON'], ['MAP_DROPPABLE']],
    ['MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|21<<MAP_HUGE_SHIFT', ['PRIVATE', 'ANON', 'HUGETLB'], ['MAP_HUGETLB']],
    ['MAP_PRIVATE|MAP_ANONYMOUS|0x200000', ['PRIVATE', 'ANON'], ['0x200000']],
    ['MAP_PRIVATE|MAP_ANONYMOUS|MAP_NEWER', ['PRIVATE', 'ANON', 'NEWER'], ['MAP_NEWER']],
  ])('%s: what no replay follows is counted', async (flags, names, lost) => {
    const { lines, counts } = await imports.lines('strace', [
      `5 ${EXEC}`,
      `5 ${MMAP.replace('MAP_PRIVATE|MAP_ANONYMOUS', flags)}`,
    ]);
    expect(lines.at(-1)!.flags).toEqual(names);
    expect(lines[0]).toMatchObject({ os: 'Linux', recorder: 'pmapdiff import strace' });
    expect(Object.keys(countsOf(counts.unknown))).toEqual(
      lost.map((word) => `${word} of mmap, which no replay follows`),
    );
  });

  it('a failed mmap has no effect, whatever it asked for', async () => {
    const { counts } = await imports.lines(
      'strace',
      [
        `5 ${EXEC}`,
        '5 mmap(NULL, 18446744073709551615, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM (Cannot allocate memory)',
        '5 mmap(NULL, 4096, PROT_READ, MAP_LOCKED|MAP_ANONYMOUS, -1, 0) = -1 EPERM (Operation not permitted)',
      ],
      { strict: true },
    );
    expect(countsOf(counts.ignored)).toEqual({ 'failed mmap': 1 });
  });

  it.each([
    ['clone3({flags=0x3d0f00, exit_signal=0, stack=0x7f0000000000} => {parent_tid=[6]}, 88) = 6', 'thread'],
    ['clone3({flags=0x4100, exit_signal=17, stack=0x7f0000002000, stack_size=0x9000}, 88) = 6', 'vfork'],
    ['clone3({flags=0x4100 /* CLONE_VM|CLONE_VFORK */, exit_signal=17 /* SIGCHLD */}, 88) = 6', 'vfork'],
    [
      'clone3({flags=CLONE_VM|CLONE_VFORK|CLONE_CLEAR_SIGHAND, exit_signal=SIGCHLD, cgroup=65536}, 88) = 6<comm>',
      'vfork',
    ],
    ['clone(child_stack=NULL, flags=0x1200000|17, child_tidptr=0x7ff65d8f6a10) = 6', 'fork'],
    ['clone(child_stack=0x55c1c094b0d0, flags=0x100|17) = 6', 'clone_vm'],
    ['clone(0x1200011, 0, 0, 0x7efe72366a10, 0) = 0x6', 'fork'],
    ['clone(0x111, 0x55bb062cf0d0, 0, 0x55bb062bd019, 0) = 0x6', 'clone_vm'],
    ["clone(child_stack=NULL, flags=SIGCHLD) = 2 /* 6 in strace's PID NS */", 'fork'],
    ['clone(child_stack=NULL, flags=0) = 6', 'fork'],
  ])('%s', async (call, kind) => {
    const imported = await imports.lines('strace', [`5 ${EXEC}`, `5 ${call}`], { strict: true });
    expect(plain(imported)[1]).toEqual({ pid: 5, ev: 'fork', child: 6, kind });
  });

  it('clone3 with a pointer is not understood, and no process is invented', async () => {
    const { counts, ...imported } = await imports.lines('strace', [
      `5 ${EXEC}`,
      '5 clone3(0x7ffdbe0f3f90, 0x58) = 0x6',
      '6 brk(0) = 0x1000',
    ]);
    expect(plain(imported)).toHaveLength(1);
    expect(countsOf(counts.unknown)).toEqual({
      'clone3 that does not show its flags': 1,
      'a line of a process whose start is not in the recording': 1,
    });
  });

  it('advice, lengths, descriptors and exit codes', async () => {
    const imported = await imports.lines(
      'strace',
      [
        '5 execve(0x7ffdb7eb3420, 0x7ffdb7eb48d8, 0x7ffdb7eb48e8) = 0',
        '5 mmap(0, 0x2000, 0x3, 0x22, 0xffffffff, 0) = 0x7f0000000000',
        '5 mmap(0, 0x2000, 0x1, 0x2, 0x3, 0x1000) = 0x7f0000010000',
        '5 madvise(0x7f0000000000, 0x1000, 0x4 /* MADV_DONTNEED */) = 0',
        '5 madvise(0x7f0000000000, 0x1000, 0x8) = 0',
        '5 exit_group(0x7) = ?',
      ],
      { strict: true },
    );
    expect(plain(imported)).toEqual([
      { pid: 5, ev: 'exec', path: '(unknown)' },
      expect.objectContaining({ ev: 'mmap', len: 8192, prot: 'rw-', file: null }),
      expect.objectContaining({ ev: 'mmap', len: 8192, prot: 'r--', file: 'fd 3 #1', off: 4096 }),
      expect.objectContaining({ ev: 'madvise', len: 4096, advice: 'DONTNEED' }),
      expect.objectContaining({ ev: 'madvise', len: 4096, advice: 'FREE' }),
      { pid: 5, ev: 'exit', code: 7 },
    ]);
  });
});

describe('what stands in a line beside the call', () => {
  it.each([
    ['-y: a cut-off path', '3</a\\76b (deleted)>', '/a>b (deleted)'],
    ['-y: a deleted file', '3</a>(deleted)', '/a'],
    ['-yy: a device', '3</dev/zero<char 1:5>>', '/dev/zero'],
    ['-yy: a file that is named like a call', '3</a, b) = 0>', '/a, b) = 0'],
    ['-xx', '3<\\x2f\\x61>', '/a'],
  ])('%s', async (_what, descriptor, file) => {
    const given = MMAP.replace('-1', descriptor).replace('|MAP_ANONYMOUS', '');
    const { lines } = await imports.lines('strace', [`5 ${EXEC}`, `5 ${given}`], { strict: true });
    expect(lines.at(-1)).toMatchObject({ ev: 'mmap', file });
  });

  it.each([
    'accept4(3<TCP:[127.0.0.1:80->127.0.0.1:5000]>, {sa_family=AF_INET, sin_port=htons(5000)}, [16], 0) = 4<TCP:[127.0.0.1:80]>',
    'openat(AT_FDCWD</home/a (b>, "x", O_RDONLY) = 3</home/a (b/x>',
    'write(2, "a < b, (c\\n"..., 1024) = 11',
    'ioctl(1, _IOC(_IOC_READ, 0x54, 1<<3, 0x8), 0x7ffe) = 0',
    'restart_syscall(<... resuming interrupted poll ...>) = 1',
    'poll([{fd=3<UNIX-STREAM:[7->8,"/run/x"]>, events=POLLIN}], 1, -1 /* forever, ) */) = 1 ([{fd=3, revents=POLLIN}])',
    'prctl(PR_SET_NAME, "PR_SET_MM") = 0',
  ])('%s', async (call) => {
    const { counts } = await imports.lines('strace', [`5 ${EXEC}`, `5 ${call} <0.000010>`], { strict: true });
    expect(countsOf(counts.ignored)).toEqual({ [/^\w+/.exec(call)![0]]: 1 });
  });

  it('names of arguments (-N), a security context and a note of injection', async () => {
    const imported = await imports.lines(
      'strace',
      [
        `5 [unconfined_t] 1700000000.000001 execve(pathname="/bin/t", argv=["t"], envp=0x7ffd00000000 /* 3 vars */) = 0`,
        '5 [unconfined_t] 1700000000.000002 mmap(addr=NULL, length=8192, prot=PROT_READ, flags=MAP_PRIVATE|MAP_ANONYMOUS, fd=-1, offset=0) = 0x7f0000001000 (DELAYED)',
        '5 [unconfined_t] 1700000000.000003 clone(child_stack=NULL, flags=CLONE_VM|CLONE_VFORK|SIGCHLD) = 6',
      ],
      { strict: true },
    );
    expect(plain(imported)).toEqual([
      { pid: 5, ev: 'exec', path: '/bin/t' },
      expect.objectContaining({ ev: 'mmap', addr: '0x7f0000001000', len: 8192 }),
      { pid: 5, ev: 'fork', child: 6, kind: 'vfork' },
      { pid: 5, ev: 'vforkdone', child: 6 },
    ]);
  });

  it('stacks, data and the summary are no lines of processes', async () => {
    const { counts } = await imports.lines(
      'strace',
      [
        `5 ${EXEC}`,
        ' > /usr/lib/ld-linux-x86-64.so.2(_dl_catch_error+0x26f0) [0x1ab70]',
        '5 read(3, "x", 1) = 1',
        ' | 00000  78                                                x                |',
        '5 +++ exited with 0 +++',
        '% time     seconds  usecs/call     calls    errors syscall',
        '------ ----------- ----------- --------- --------- ----------------',
        ' 68.57    0.006291         786         8         1 wait4',
        '------ ----------- ----------- --------- --------- ----------------',
        '100.00    0.009174          71       128         4 total',
      ],
      { strict: true },
    );
    expect(countsOf(counts.ignored)).toEqual({
      'stack of a call': 1,
      read: 1,
      'data of a call': 1,
      'summary of strace': 5,
    });
  });
});

describe('a call that is in no table is not said to have no effect:', () => {
  const lines = (call: string): string[] => [`430 ${EXEC}`, `430 ${call} = 0`];

  it.each([
    'mmap2(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)',
    'old_mmap({addr=NULL, length=8192}, 6)',
    'map_shadow_stack(NULL, 8192, 0)',
    'io_setup(128, [0x7f0000000000])',
    'process_madvise(3, [{iov_base=0x7f0000000000, iov_len=4096}], 1, MADV_COLD, 0)',
    'prctl(PR_SET_MM, PR_SET_MM_BRK, 0x1000, 0, 0)',
    'prctl(0x23, 0x7, 0x1000, 0, 0)',
    'arch_prctl(ARCH_MAP_VDSO_64, 0x7f0000000000)',
    'msync(0x7f0000000000, 4096, MS_INVALIDATE)',
    'syscall_0x1f5(0x1, 0x2)',
    'a_call_of_tomorrow(1)',
  ])('%s', async (call) => {
    const { counts } = await imports.lines('strace', lines(call));
    expect([counts.unknown.size, counts.ignored.size]).toEqual([1, 0]);
    await expect(imports.lines('strace', lines(call), { strict: true })).rejects.toThrow(
      /in:2: expected a line that is understood/,
    );
  });

  it('a process of another mode', async () => {
    const { counts } = await imports.lines('strace', [
      `430 ${EXEC}`,
      '430 [ Process PID=430 runs in 32 bit mode. ]',
      '430 [ Process PID=430 runs in 64 bit mode. ]',
    ]);
    expect(countsOf(counts.unknown)).toEqual({ 'a process in 32 bit mode, of which only 64 bit is read': 1 });
  });

  const KDUMP = [
    '  2769 ktrace   CALL  execve(0x1,0x2,0x3)',
    '  2769 ktrace   NAMI  "/bin/rm"',
    '  2769 rm       RET   execve JUSTRETURN',
  ];

  it.each(['linux_mmap2', 'linux_vfork', 'linux_clone', 'linux_exit_group', 'freebsd32_mmap', 'minherit'])(
    'kdump: %s',
    async (name) => {
      const { counts } = await imports.lines('kdump', [
        ...KDUMP,
        `  2769 rm       CALL  ${name}(0x1)`,
        `  2769 rm       RET   ${name} 0`,
      ]);
      expect([counts.unknown.size, counts.ignored.size]).toEqual([1, 0]);
    },
  );

  it.each(['linux_newfstatat', 'freebsd11_fstat', 'freebsd32_sigaction', '_umtx_op'])(
    'kdump: %s has none',
    async (name) => {
      const { counts } = await imports.lines(
        'kdump',
        [...KDUMP, `  2769 rm       CALL  ${name}(0x1)`, `  2769 rm       RET   ${name} 0`],
        { strict: true },
      );
      expect(countsOf(counts.ignored)).toEqual({ [name]: 1 });
    },
  );
});

describe('addresses at and beyond the end of what a process may map are not understood:', () => {
  it.each([
    'mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7ffffffff000',
    'mmap(NULL, 0x800000000000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000',
    'munmap(0x800000000000, 4096) = 0',
    'mprotect(0xffffffffff600000, 4096, PROT_READ) = 0',
    'madvise(0x7ffffffff000, 8192, MADV_DONTNEED) = 0',
    'mremap(0x7f0000000000, 4096, 8192, MREMAP_MAYMOVE) = 0x7ffffffff000',
    'brk(0x800000001000) = 0x800000001000',
  ])('%s', async (call) => {
    const { counts, lines } = await imports.lines('strace', [`5 ${EXEC}`, `5 ${call}`]);
    expect([counts.unknown.size, lines.length]).toEqual([1, 2]);
  });
});

describe('times', () => {
  const timesOf = async (...times: string[]): Promise<unknown[]> => {
    const calls = [EXEC, ...times.slice(1).map(() => MMAP)];
    const { lines } = await imports.lines(
      'strace',
      times.map((time, i) => `700 ${time} ${calls[i]}`),
    );
    return lines.slice(1).map(({ t }) => t);
  };

  it.each([
    ['of day, past midnight', ['23:59:58.100000', '23:59:59.900000', '00:00:00.100000'], [0, 1_800_000, 2_000_000]],
    ['of day, past two midnights', ['23:59:58', '11:00:00', '22:00:00', '01:00:00'], [0, 39_602e6, 79_202e6, 90_002e6]],
    ['since the last line', ['0.000000', '0.000346', '1.500000', '0.000263'], [0, 346, 1_500_346, 1_500_609]],
    ['since the last line, padded', ['     0.000000', '     2.000000'], [0, 2_000_000]],
    [
      'of day with times since the last line',
      ['20:18:46.196624 (+     0.000000)', '20:18:46.197074 (+     0.000423)'],
      [0, 450],
    ],
    ['since 1970, in seconds', ['1795983525', '1795983527'], [0, 2_000_000]],
    ['since 1970, in nanoseconds', ['1795983525.000000900', '1795983525.000002100'], [0, 2]],
  ])('%s', async (_what, times, expected) => {
    expect(await timesOf(...times)).toEqual(expected);
  });

  it('equal lines whose times cannot tell them apart are two calls', async () => {
    const again = async (time: string): Promise<number> => {
      const { lines } = await imports.lines('strace', [`5 ${time} ${EXEC}`, `5 ${time} ${MMAP}`, `5 ${time} ${MMAP}`]);
      return lines.filter(({ ev }) => ev === 'mmap').length;
    };
    expect(await again('12:00:00')).toBe(2);
    expect(await again('     0.000002')).toBe(2);
    expect(await again('12:00:00.000002')).toBe(1);
    expect(await again('1700000000.000002')).toBe(1);
  });

  it('-z writes a line where its call ends, with the time of its beginning', async () => {
    const { counts, lines } = await imports.lines('strace', [
      `5 1700000000.000001 ${EXEC}`,
      '6 1700000000.000500 brk(NULL) = 0x555555700000',
      '5 1700000000.000200 vfork() = 6',
    ]);
    expect(lines.slice(2)).toMatchObject([{ t: 499, ev: 'fork' }, { ev: 'brk' }, { ev: 'vforkdone' }]);
    expect(countsOf(counts.repairs)).toEqual({ 'a time before the last one: kept in the order of lines': 1 });
  });
});

describe('a file that is mapped beyond the size of the memory', () => {
  it.each([
    ['of a device', '0x100040000'],
    ['of a file with a hole', '0x3ffffff0000'],
  ])('%s takes no memory before it is read: each revision runs all of it', async (_what, offset) => {
    const { out } = await imports.lines('strace', [
      `700 ${EXEC}`,
      '700 brk(NULL) = 0x555555600000',
      `700 mmap(NULL, 65536, PROT_READ|PROT_WRITE, MAP_SHARED, 5</dev/gpu0>, ${offset}) = 0x7f0000000000`,
      '700 munmap(0x7f0000000000, 65536) = 0',
      '700 exit_group(0) = ?',
      '700 +++ exited with 0 +++',
    ]);
    const workload = await loadWorkload(out);
    const ran = series.map((variant) => recordOf(workload, variant));
    expect(ran.map(({ ended, ops }) => [ended.kind, ops])).toEqual(series.map(() => ['done', 5]));
    const afterExec = ran.map(({ perOp }) => perOp.residentCount[0]!);
    // All but the first count the top-level page.
    expect(afterExec.map((pages) => pages - afterExec[0]!)).toEqual([0, 1, 1, 1, 1]);
  });
});

describe('--touch exec', () => {
  it('applies to every program that maps code itself, and to one that kdump names a linker of', async () => {
    const { out } = await imports.file('strace', fixture('pipes.strace.txt.gz'));
    const touched = async (touch: 'exec' | 'all'): Promise<number[]> => {
      const record = recordOf(await loadWorkload(out, { touch }), landed);
      const { execed } = record.replay!.byKind;
      return [execed.exit.processes, execed.exit.touched, execed.exit.calls, execed.exit.early];
    };
    const exec = await touched('exec');
    expect(exec.slice(0, 2)).toEqual([30, 30]);
    expect(exec).toEqual(await touched('all'));
  });

  it('not to a static program', async () => {
    const { lines } = await imports.file('strace', forms('f'));
    expect(lines.filter(({ ev, loader }) => ev === 'exec' && loader !== undefined)).toEqual([]);
  });

  it('kdump: a program whose linker is named, without page faults', async () => {
    const { lines } = await imports.lines('kdump', [
      '  2769 ktrace   CALL  execve(0x1,0x2,0x3)',
      '  2769 ktrace   NAMI  "/bin/rm"',
      '  2769 ktrace   NAMI  "/libexec/ld-elf.so.1"',
      '  2769 rm       RET   execve JUSTRETURN',
    ]);
    expect(lines[1]).toMatchObject({ ev: 'exec', loader: '/libexec/ld-elf.so.1' });
  });
});
