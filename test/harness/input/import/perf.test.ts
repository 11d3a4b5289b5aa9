import { afterAll, describe, expect, it } from 'vitest';
import { Imports, countsOf, eventsOf } from './support.ts';

const imports = new Imports();
afterAll(() => imports.dispose());

const CALLS = [
  '400 1700000000.000100 execve("/bin/t", ["t"], 0x7ffd /* 0 vars */) = 0 <0.000100>',
  '400 1700000000.001000 clone3({flags=CLONE_VM|CLONE_THREAD, stack=0x1}, 88) = 401 <0.000010>',
  '401 1700000000.002000 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000001000 <0.000010>',
  '401 1700000000.003000 munmap(0x7f0000001000, 8192) = 0 <0.000010>',
  '400 1700000000.004000 exit_group(0) = ?',
  '401 1700000000.004050 +++ exited with 0 +++',
  '400 1700000000.004100 +++ exited with 0 +++',
];
const FAULT = 'exceptions:page_fault_user: address=0x7f0000001000 ip=0x401000 error_code=0x6';

const faultsOf = async (perf: string[], calls = CALLS): Promise<unknown[]> => {
  const faults = imports.write('perf', `${perf.join('\n')}\n`);
  const imported = await imports.lines('strace', calls, { faults, strict: true });
  const events = eventsOf(imported) as { ev: string }[];
  return events.flatMap((event, i) => (event.ev === 'fault' ? [{ ...event, behind: events[i - 1]!.ev }] : []));
};

describe('a fault of a thread is one of its process, between the calls of its time, in every form of perf script:', () => {
  it.each([
    ['-F comm,pid,tid,cpu,time,event,trace --ns', `t   400/401   [000] 1700000000.002500123: ${FAULT}`],
    ['without -F: the number is the thread’s', `               t     401 [001] 1700000000.002500: ${FAULT}`],
    ['a command with blanks, digits and brackets', `  my 7 [x] 9 t     401 [001] 1700000000.002500: ${FAULT}`],
    ['-F pid,time,event,trace', `400 1700000000.002500: ${FAULT}`],
    ['-F tid,time,event,trace, padded', `    401 1700000000.002500: ${FAULT}`],
    ['-F +period', `t     401 1700000000.002500:          1 ${FAULT}`],
    ['flags of the CPU', `t     401 [000] d..1. 1700000000.002500: ${FAULT}`],
    ['-F +flags', `t     401 [000] 1700000000.002500: ${FAULT.replace(': ', ':                         ')}`],
    ['-F +ip,sym', `t     401 1700000000.002500: ${FAULT} ffffffff821f29e1 exc_page_fault`],
    [
      'the kernel’s name for the address',
      `t     401 1700000000.002500: ${FAULT.replace('ip=0x401000', 'ip=_copy_to_user+0x28')}`,
    ],
  ])('%s', async (_form, line) => {
    expect(await faultsOf([line])).toEqual([
      { pid: 400, ev: 'fault', addr: '0x7f0000001000', access: 'w', behind: 'mmap' },
    ]);
  });

  it('with call chains and a header', async () => {
    const chain = [
      '\tffffffff821f29e1 exc_page_fault+0x3d1 ([kernel.kallsyms])',
      '\t    7ffbf2cf2ad7 [unknown] ([unknown])',
      '',
    ];
    const lines = ['# captured on: today', `t 401 1700000000.002500: ${FAULT}`, ...chain];
    expect(await faultsOf(lines)).toHaveLength(1);
  });

  it('what mmap populates is missing among them, and counted', async () => {
    const calls = CALLS.map((line) => line.replace('MAP_ANONYMOUS', 'MAP_ANONYMOUS|MAP_POPULATE'));
    const faults = imports.write('perf', `t 401 1700000000.002500: ${FAULT}\n`);
    const { counts } = await imports.lines('strace', calls, { faults });
    expect(countsOf(counts.unknown)).toEqual({ 'MAP_POPULATE of mmap, which no replay follows': 1 });
    expect(countsOf((await imports.lines('strace', calls)).counts.unknown)).toEqual({});
    const idle = calls.map((line) => line.replace('MAP_POPULATE', 'MAP_POPULATE|MAP_NONBLOCK'));
    expect(countsOf((await imports.lines('strace', idle, { faults })).counts.unknown)).toEqual({});
  });

  it('those of a child before its fork has returned are not lost among those of the whole system', async () => {
    const calls = [
      CALLS[0]!,
      '400 1700000000.001000 fork( <unfinished ...>',
      '400 1700000000.003000 <... fork resumed>) = 402 <0.002000>',
      '402 1700000000.004000 exit_group(0) = ?',
      '400 1700000000.004100 exit_group(0) = ?',
    ];
    const others = Array.from({ length: 100_000 }, () => `Xorg 9999 1700000000.001500: ${FAULT}`);
    expect(await faultsOf([...others, `t 402 1700000000.002000: ${FAULT}`], calls)).toMatchObject([
      { pid: 402, behind: 'fork' },
    ]);
  });

  it('those of a vfork child before its exec precede it, where the exec’s own line comes after the parent’s vfork', async () => {
    const calls = [
      CALLS[0]!,
      '400 1700000000.001000 vfork() = 402 <0.002000>',
      '402 1700000000.002000 execve("/bin/u", ["u"], 0x7ffd /* 0 vars */ <unfinished ...>',
      '400 1700000000.003500 brk(NULL) = 0x1000 <0.000010>',
      '402 1700000000.003600 <... execve resumed>) = 0 <0.001600>',
      '402 1700000000.004000 exit_group(0) = ?',
      '402 1700000000.004050 +++ exited with 0 +++',
    ];
    const line = `u 402 1700000000.001500: ${FAULT.replace('0x7f0000001000', '0x404010')}`;
    const faults = imports.write('perf', `${line}\n`);
    const imported = eventsOf(await imports.lines('strace', calls, { faults, strict: true })) as { ev: string }[];
    expect(imported.slice(1, 6).map(({ ev }) => ev)).toEqual(['fork', 'fault', 'exec', 'vforkdone', 'brk']);
  });

  it('equal lines are two faults', async () => {
    const line = `t 401 1700000000.002500: ${FAULT}`;
    expect(await faultsOf([line, line])).toHaveLength(2);
  });

  it('what comes before the first call belongs to strace', async () => {
    const lines = ['1700000000.000001', '1700000000.002500'].map((time) => `t 400 ${time}: ${FAULT}`);
    expect(await faultsOf(lines)).toHaveLength(1);
  });

  it('the first process of a recording without pids is known by what its number is later', async () => {
    const calls = [
      CALLS[0]!.slice(4),
      '1700000000.001000 fork() = 402 <0.000010>',
      '[pid 400] 1700000000.002000 brk(NULL) = 0x1000 <0.000010>',
      '[pid 400] 1700000000.003000 exit_group(0) = ?',
    ];
    expect(await faultsOf([`t 400 1700000000.002500: ${FAULT}`], calls)).toMatchObject([{ pid: 1, behind: 'brk' }]);
  });
});

describe('faults that have nothing to do with the calls are an error, and nothing is written:', () => {
  const at = (time: string, pid = 400): string => `t ${pid}/${pid} [000] ${time}: ${FAULT}`;
  it.each([
    [
      'another clock, before',
      [at('5120.000300'), at('5120.001500')],
      /perf: expected page faults from 1700000000.0001 to 1700000000.0041, the times of .*in, found times from 5120.0003 to 5120.0015 \(another clock\?\)/,
    ],
    [
      'another clock, behind',
      [at('1800000000.000300')],
      /perf: expected page faults from .* found times from 1800000000.0003/,
    ],
    ['--reltime', [at('0.000000'), at('0.003000')], /another clock\?/],
    [
      'no faults',
      ['# nothing'],
      /perf: expected lines of perf script with exceptions:page_fault_user or page_fault_kernel, found none/,
    ],
    ['an empty file', [], /expected lines of perf script/],
    [
      'faults of other processes',
      [at('1700000000.002500', 9)],
      /perf: expected page faults of the processes in .*in, found those of others only/,
    ],
  ])('%s', async (_what, lines, message) => {
    const folder = new Imports();
    const faults = folder.write('perf', lines.map((line) => `${line}\n`).join(''));
    await expect(folder.lines('strace', CALLS, { faults })).rejects.toThrow(message);
    expect(folder.names).toEqual(['in', 'perf']);
    folder.dispose();
  });

  it.each([
    ['-t', '12:00:00'],
    ['-r', '     0.000100'],
    ['none', ''],
  ])('times of strace that perf does not share: %s', async (_form, time) => {
    const calls = CALLS.map((line) => line.replace(/ [\d.]+/, ` ${time}`));
    await expect(faultsOf([at('1700000000.002500')], calls)).rejects.toThrow(
      /in:1: expected a time in seconds since 1970, as strace -ttt writes it \(for --faults\), found '[\d.:]*'/,
    );
  });

  it('other events are not understood', async () => {
    const faults = imports.write(
      'perf',
      `${at('1700000000.002500')}\ndd  400 1700000000.0026:  1 page-faults:  7f4f51f06b70 _start+0x0 (/usr/lib/ld.so)\n`,
    );
    const { counts } = await imports.lines('strace', CALLS, { faults });
    expect(Object.keys(countsOf(counts.unknown))).toEqual([`a line that is no page fault (${faults})`]);
  });
});
