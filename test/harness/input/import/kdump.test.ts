import { afterAll, describe, expect, it } from 'vitest';
import { kdumpLineOf } from '../../../../harness/input/import/kdump-line.ts';
import { END_UNKNOWN } from '../../../../harness/input/import/recording.ts';
import { Imports, countsOf, eventsOf } from './support.ts';

const imports = new Imports();
afterAll(() => imports.dispose());

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

  it.each(['0xffffffff', '0xffffffffffffffff', '-1', '4294967295'])('mmap of no file: descriptor %s', async (fd) => {
    const { lines } = await imports.lines(
      'kdump',
      [
        ...EXEC,
        `  2769 rm dir   CALL  mmap(0,0x8000,0x3<PROT_READ|PROT_WRITE>,0x2<MAP_PRIVATE>,${fd},0)`,
        '  2769 rm dir   RET   mmap 34365181952/0x800531000',
      ],
      { strict: true },
    );
    expect(lines[2]).toMatchObject({ ev: 'mmap', file: null });
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

  it.each([
    ['0x2000<MAP_GUARD>', ['GUARD']],
    ['MAP_GUARD|MAP_FIXED', ['GUARD', 'FIXED']],
    ['0x6010', ['FIXED', 'GUARD', 'EXCL']],
    ['0x1002400<MAP_STACK|MAP_GUARD|MAP_ALIGNED_SUPER>', ['STACK', 'GUARD', 'ALIGNED_SUPER']],
    ['0xc000e02', ['PRIVATE', 'HASSEMAPHORE', 'STACK', 'NOSYNC', 'ALIGNED(12)']],
    ['0xe1062', ['PRIVATE', 'RESERVED0020', 'RESERVED0040', 'ANON', 'NOCORE', 'PREFAULT_READ', '32BIT']],
    ['0<><invalid>0', []],
  ])('flags of mmap, %s, are those of FreeBSD', async (flags, names) => {
    const imported = await imports.lines(
      'kdump',
      [
        ...EXEC,
        `  2769 rm dir   CALL  mmap(0,0x1000,0<PROT_NONE>,${flags},0xffffffff,0)`,
        '  2769 rm dir   RET   mmap 34365181952/0x800531000',
      ],
      { strict: true },
    );
    expect(imported.lines.at(-1)).toMatchObject({ ev: 'mmap', flags: names });
    expect(imported.lines[0]).toMatchObject({ os: 'FreeBSD', recorder: 'pmapdiff import kdump' });
  });

  it('a flag that is only in the number, and a result that is two numbers, are not understood', async () => {
    const imported = await imports.lines('kdump', [
      ...EXEC,
      '  2769 rm dir   CALL  mmap(0,0x1000,0<PROT_NONE>,0x9002<MAP_PRIVATE|MAP_ANON>,0xffffffff,0)',
      '  2769 rm dir   RET   mmap 34365181952/0x800531000',
      '  2769 rm dir   CALL  munmap(0x800531000,0x1000)',
      '  2769 rm dir   RET   munmap 16/0x11',
    ]);
    expect(countsOf(imported.counts.unknown)).toEqual({ '0x8000 of mmap, which no replay follows': 1, RET: 1 });
  });

  it('what never returned is told with the line where it began', async () => {
    const { counts } = await imports.lines('kdump', [
      ...EXEC,
      '  2769 rm dir   CALL  munmap(0x800531000,0x1000)',
      '  2769 rm dir   PFLT  0x10 0x1<VM_PROT_READ>',
      '  2769 rm dir   PFLT  0x1010 0x1<VM_PROT_READ>',
      '  2769 rm dir   CALL  getpid',
    ]);
    const at = EXEC.length;
    expect([...counts.repairs].map(([kind, { line }]) => [kind, line - at])).toEqual([
      ['a fault that never returned: left out', 2],
      ['munmap that never returned: left out', 1],
    ]);
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

it('a child maps the file that its parent has opened; closefrom closes it', async () => {
  const maps = [
    '  2770 sh       CALL  mmap(0,0x1000,0x1<PROT_READ>,0x2<MAP_PRIVATE>,0x3,0)',
    '  2770 sh       RET   mmap 34365181952/0x800531000',
  ];
  const imported = await imports.lines(
    'kdump',
    [
      ...EXEC,
      '  2769 sh       CALL  openat(AT_FDCWD,0x1,0)',
      '  2769 sh       NAMI  "/lib/libc.so.7"',
      '  2769 sh       RET   openat 3',
      '  2769 sh       CALL  fork',
      '  2769 sh       RET   fork 2770/0xad2',
      ...maps,
      '  2770 sh       CALL  closefrom(0x3)',
      '  2770 sh       RET   closefrom 0',
      ...maps,
    ],
    { strict: true },
  );
  expect(imported.lines.flatMap(({ ev, file }) => (ev === 'mmap' ? [file] : []))).toEqual([
    '/lib/libc.so.7',
    'fd 3 #1',
  ]);
});

describe('a child that was not traced (ktrace without -i)', () => {
  const fork = (child: number): string[] => ['  2769 sh       CALL  fork', `  2769 sh       RET   fork ${child}`];
  const waits = (child: number, options: string): string[] => [
    `  2769 sh       CALL  wait4(0xffffffff,0,${options},0)`,
    `  2769 sh       RET   wait4 ${child}`,
  ];
  const imported = async (lines: string[]): Promise<[unknown[], number | undefined]> => {
    const found = await imports.lines('kdump', [...EXEC, ...lines], { strict: true });
    const events = eventsOf(found) as { pid: number; ev: string }[];
    return [events.slice(1).map(({ pid, ev }) => `${pid} ${ev}`), countsOf(found.counts.repairs)[END_UNKNOWN]];
  };

  it.each(['0', '0x2<WUNTRACED>', 'WNOHANG|WUNTRACED'])(
    'has ended when its parent reaps it: options %s',
    async (options) => {
      expect(await imported([...fork(7), ...waits(7, options), ...fork(7)])).toEqual([
        ['2769 fork', '7 exit', '2769 wait', '2769 fork'],
        1,
      ]);
    },
  );

  it('may have stopped if it was traced and its parent asks for that', async () => {
    const own = ['     7 sh       CALL  munmap(0x800625000,0x1000)', '     7 sh       RET   munmap 0'];
    const end = '     7 sh       CALL  exit(0)';
    expect(await imported([...fork(7), ...own, ...waits(7, '0x2<WUNTRACED>'), ...own, end, ...waits(7, '0')])).toEqual([
      ['2769 fork', '7 munmap', '2769 wait', '7 munmap', '7 exit', '2769 wait'],
      undefined,
    ]);
  });
});

describe('a vfork in kdump', () => {
  const call = (pid: number, name: string, args: string, result: string): string[] => [
    `  ${pid} sh       CALL  ${name}(${args})`,
    `  ${pid} sh       RET   ${name} ${result}`,
  ];
  const PARENT = EXEC.map((line) => line.replace('2769', '1000').replace('rm dir', 'sh    '));
  const events = async (lines: string[]): Promise<object[]> =>
    (eventsOf(await imports.lines('kdump', [...PARENT, ...lines], { strict: true })) as object[]).slice(1);

  it('shares the break until the child has gone', async () => {
    const found = await events([
      ...call(1000, 'break', '0x200000', '0'),
      '  1000 sh       CALL  vfork',
      '  1001 sh       RET   vfork 0',
      ...call(1001, 'break', '0x221000', '0'),
      '  1001 sh       CALL  exit(0)',
      '  1000 sh       RET   vfork 1001/0x3e9',
      ...call(1000, 'break', '0x242000', '0'),
    ]);
    expect(found).toEqual([
      { pid: 1000, ev: 'brk', addr: '0x200000' },
      { pid: 1000, ev: 'fork', child: 1001, kind: 'vfork' },
      { pid: 1001, ev: 'brk', addr: '0x221000', old: '0x200000' },
      { pid: 1001, ev: 'exit', code: 0 },
      { pid: 1000, ev: 'vforkdone', child: 1001 },
      { pid: 1000, ev: 'brk', addr: '0x242000', old: '0x221000' },
    ]);
  });

  it('has returned though the child’s exec is written later: the exec was before it', async () => {
    const found = await events([
      '  1000 sh       CALL  vfork',
      '  1001 sh       RET   vfork 0',
      '  1001 sh       CALL  execve(0x1,0x2,0x3)',
      '  1001 sh       NAMI  "/bin/ls"',
      '  1000 sh       RET   vfork 1001/0x3e9',
      ...call(1000, 'munmap', '0x800625000,0x1000', '0'),
      '  1001 ls       RET   execve JUSTRETURN',
      '  1001 ls       CALL  exit(0)',
    ]);
    expect(found).toMatchObject([
      { pid: 1000, ev: 'fork', child: 1001, kind: 'vfork' },
      { pid: 1001, ev: 'exec', path: '/bin/ls' },
      { pid: 1000, ev: 'vforkdone', child: 1001 },
      { pid: 1000, ev: 'munmap' },
      { pid: 1001, ev: 'exit', code: 0 },
    ]);
  });
});

describe('kdump, with other options', () => {
  /** As without options, and the same lines as an option writes them. */
  const PLAIN = [
    '  2769 prog     CALL  execve(0x7fffffffe590,0x7fffffffeb10,0x7fffffffeb28)',
    '  2769 prog     NAMI  "/bin/prog"',
    '  2769 prog     NAMI  "/libexec/ld-elf.so.1"',
    '  2769 prog     RET   execve JUSTRETURN',
    '  2769 prog     CALL  mmap(0,0x8000,0x3<PROT_READ|PROT_WRITE>,0x1002<MAP_PRIVATE|MAP_ANON>,0xffffffff,0)',
    '  2769 prog     RET   mmap 34365181952/0x800531000',
    '  2769 prog     CALL  rfork(0x30<RFPROC|RFMEM>)',
    '  2769 prog     RET   rfork 2770/0xad2',
    '  2770 prog     CALL  exit(0)',
    '  2769 prog     CALL  open(0x800640000,0x100000<O_RDONLY|O_CLOEXEC>)',
    '  2769 prog     NAMI  "/no/such"',
    '  2769 prog     RET   open -1 errno 2 No such file or directory',
    '  2769 prog     CALL  compat11.fstat(0x1,0x820d5f000)',
    '  2769 prog     RET   compat11.fstat 0',
    '  2769 prog     PFLT  0x800531010 0x2<VM_PROT_WRITE>',
    '  2769 prog     PRET  KERN_SUCCESS',
    '  2769 prog     CALL  exit(0x1)',
  ];
  const each = (edit: (line: string) => string) => (): string[] => PLAIN.map(edit);
  const raw = (line: string): string =>
    line
      .replaceAll(/<[^>]*>/g, '')
      .replace(/RET {3}(\w+) \d+\/(0x\w+)/, 'RET   $1 $2')
      .replace(/errno 2.*/, 'errno 2');

  it.each<[string, () => string[]]>([
    ['-S, the numbers of calls', each((line) => line.replace(/(CALL|RET ) {2}([\w.]+)/, '$1  $2[477]'))],
    ['-A, the ABI', each((line) => line.replace(/(CALL|RET |NAMI|PFLT|PRET) {2}/, '$1  F64  '))],
    ['-n, no names', each(raw)],
    ['-d, decimal', each((line) => line.replaceAll(/(?<=[(,])0x[0-9a-f]+/g, (n) => `${Number(n)}`))],
    ['-n -d', each((line) => raw(line).replaceAll(/(?<=[(,] ?|RET {3}\w+ )0x[0-9a-f]+/g, (n) => `${Number(n)}`))],
    ['-H, a thread that is not known', each((line) => line.replace(' prog', '      0 prog'))],
    [
      '-T -E -R -H, three times and a thread',
      each((line) => line.replace(/ prog {5}/, ' 100769 prog     1700000000.000001 0.000002 -0.000003 ')),
    ],
    ['-A -S', each((line) => line.replace(/(CALL|RET ) {2}([\w.]+)/, '$1  F64  $2[477]'))],
  ])('%s: the same events', async (_, lines) => {
    const expected = await imports.lines('kdump', PLAIN, { strict: true });
    expect(expected.lines.map(({ ev }) => ev)).toEqual(['meta', 'exec', 'mmap', 'fork', 'exit', 'fault', 'exit']);
    expect(expected.lines[3]).toMatchObject({ kind: 'clone_vm', child: 2770 });
    const imported = await imports.lines('kdump', lines(), { strict: true });
    expect(eventsOf(imported)).toEqual(eventsOf(expected));
  });

  it('records of several lines: arrays, data that is kdump output itself, a name with a line break', async () => {
    const { lines, counts } = await imports.lines(
      'kdump',
      [
        ...PLAIN.slice(0, 4),
        '  2769 prog     STRU  struct kevent[] = { { ident=5, filter=EVFILT_READ, flags=0x1<EV_ADD>, udata=0x0 }',
        '             { ident=7, filter=EVFILT_READ, flags=0x1<EV_ADD>, udata=0x0 }',
        '             { ident=9, filter=EVFILT_READ, flags=0x1<EV_ADD>, udata=0x0 } }',
        '  2769 prog     GIO   fd 1 wrote 99 bytes',
        '       "  2770 prog     CALL  exit(0)',
        '\t  2770 prog     CALL  exit(0)',
        '\t',
        '       "',
        '  2769 prog     GIO   fd 1 wrote 2 bytes',
        '       0x0000 ff01                                     |..|',
        '  2769 prog     CALL  open(0x1,0<O_RDONLY>)',
        '  2769 prog     NAMI  "/tmp/a',
        '  b',
        '"',
        '  2769 prog     RET   open 3',
        '  2769 prog     CALL  mmap(0,0x1000,0x1<PROT_READ>,0x2<MAP_PRIVATE>,0x3,0)',
        '  2769 prog     RET   mmap 34365181952/0x800531000',
      ],
      { strict: true },
    );
    expect(lines.at(-1)).toMatchObject({ ev: 'mmap', file: '/tmp/a\n  b\n' });
    expect(countsOf(counts.ignored)).toMatchObject({ STRU: 1, GIO: 2, 'data of GIO': 5 });
    await expect(
      imports.lines('kdump', [...PLAIN, '  2769 prog     NAMI  "/cut', ...PLAIN.slice(0, 1)], { strict: true }),
    ).rejects.toThrow(/NAMI that does not end/);
    await expect(imports.lines('kdump', [...PLAIN, '\tno data'], { strict: true })).rejects.toThrow(/in:18: /);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    [
      'a script: its interpreter is the program',
      ['/usr/local/bin/tool', '/bin/sh', '/libexec/ld-elf.so.1'],
      ['/bin/sh', '/libexec/ld-elf.so.1'],
    ],
    ['a script with a static interpreter', ['/etc/rc', '/rescue/sh'], ['/rescue/sh', '/rescue/sh']],
    ['a static program', ['/rescue/sh'], ['/rescue/sh', '/rescue/sh']],
    ['a linker that is run itself', ['/libexec/ld-elf.so.1'], ['/libexec/ld-elf.so.1', '/libexec/ld-elf.so.1']],
    [
      'a linker that was looked up in two places',
      ['/bin/x', '/compat/linux/lib64/ld-linux.so.2', '/lib64/ld-linux.so.2'],
      ['/bin/x', '/lib64/ld-linux.so.2'],
    ],
    ['a recording without names', [], ['(unknown)', '(ld-unknown)']],
  ])('%s', async (_, names, files) => {
    const { lines } = await imports.lines('kdump', [
      PLAIN[0],
      ...names.map((name) => `  2769 prog     NAMI  "${name}"`),
      PLAIN[3],
      ...['0x201000', '0x801001000'].flatMap((at) => [
        `  2769 prog     PFLT  ${at} 0x5<VM_PROT_READ|VM_PROT_EXECUTE>`,
        PLAIN[15],
      ]),
    ]);
    const maps = lines[1].maps as { file: string; prot: string }[];
    const found = maps.filter(({ prot }) => prot === 'r-x').map(({ file }) => file);
    expect(found).toEqual(files);
    expect(lines[1].path).toBe(names[0] ?? '(unknown)');
  });

  it('fexecve is an exec of the file that is open', async () => {
    const { lines } = await imports.lines('kdump', [
      ...PLAIN.slice(0, 4),
      '  2769 prog     CALL  open(0x1,0<O_RDONLY>)',
      '  2769 prog     NAMI  "/bin/other"',
      '  2769 prog     RET   open 3',
      '  2769 prog     CALL  fexecve(0x3,0x1,0x2)',
      '  2769 prog     NAMI  "/libexec/ld-elf.so.1"',
      '  2769 prog     RET   fexecve JUSTRETURN',
    ]);
    expect(lines.at(-1)).toMatchObject({ ev: 'exec', path: '/bin/other' });
  });
});
