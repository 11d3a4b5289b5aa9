import { describe, expect, it } from 'vitest';
import { WorkloadError } from '../../../harness/workload/errors.ts';
import { OP_NAMES, type Workload, opAt } from '../../../harness/workload/ops.ts';
import { printWorkload } from '../../../harness/workload/text/print.ts';
import { type TraceOptions, TraceReader } from '../../../harness/workload/trace/read.ts';

const META = { ev: 'meta', format: 'vmtrace-1', name: 'x', cmd: 'x', note: '', page: 4096, root: 10 };

type Line = Record<string, unknown>;

/** A trace with these events; each gets its time and, if it has none, the root's pid. */
function read(events: readonly (Line | string)[], options: TraceOptions = {}, meta: Line = {}): Workload {
  const reader = new TraceReader('t', options);
  const lines = events.map((event, t) =>
    typeof event === 'string' ? event : JSON.stringify({ t, pid: 10, ...event }),
  );
  reader.block([JSON.stringify({ ...META, ...meta }), ...lines].join('\n'));
  return reader.finish('t');
}

/** The ops of a trace as text, without the machine, and without the exits added at the end. */
const opsOf = (events: readonly Line[], options?: TraceOptions, meta?: Line): string[] =>
  printWorkload(read([...events, { ev: 'exit', code: 0 }], options, meta))
    .split('\n')
    .filter((line) => /^p\d+:/.test(line))
    .slice(0, -1);

const map = (start: string, end: string, more: Line): Line => ({ start, end, prot: 'rw-', flags: [], off: 0, ...more });
const exec = (...maps: Line[]): Line => ({ ev: 'exec', path: '/bin/x', argv: ['x'], maps });
const LOADER = map('0x7000', '0x9000', { file: '/lib/ld-linux.so.2', ino: 7, prot: 'r-x' });

describe('the replay rule', () => {
  it('exec makes all maps in order, then accesses what was resident; the kernel’s own maps are omitted', () => {
    expect(
      opsOf([
        exec(
          map('0x1000', '0x3000', { file: '/bin/x', ino: 5, prot: 'r-x', off: 4096, res: [[1, 1, 'file']] }),
          map('0x4000', '0x6000', { file: null, res: [[0, 2, 'anon']] }),
          map('0x6000', '0x7000', { file: '/bin/x', ino: 5, prot: '--x', res: [[0, 1, 'file']] }),
          map('0x8000', '0x9000', { file: '[vvar]', prot: 'r--' }),
          map('0x9000', '0xa000', { file: '[vdso]', prot: 'r-x', res: [[0, 1, 'file']] }),
          map('0x900000', '0x921000', { file: '[stack]', res: [[32, 1, 'anon']] }),
        ),
      ]),
    ).toEqual([
      'p10: exec bare',
      'p10: mmap file "/bin/x#5"+1p 2p rx fixed 0x1000',
      'p10: mmap anon 2p rw fixed 0x4000',
      'p10: mmap file "/bin/x#5" 1p x fixed 0x6000',
      'p10: mmap stack 8M rw fixed 0x121000',
      'p10: read 0x2000',
      'p10: write 0x4000',
      'p10: write 0x5000',
      'p10: run 0x6000',
      'p10: write 0x920000',
    ]);
  });

  it('FreeBSD’s guards, stacks, maximum protections and marks of mmap are those of the op', () => {
    const mmap = (addr: string, flags: string[], more: Line = {}): Line => ({
      ev: 'mmap',
      addr,
      len: 8192,
      prot: 'rw-',
      flags,
      file: null,
      off: 0,
      ...more,
    });
    const events = [
      exec(map('0x1000', '0x3000', { file: null, prot: '---', flags: ['GUARD'] })),
      mmap('0x10000', ['FIXED', 'GUARD', 'EXCL'], { prot: '---' }),
      mmap('0x20000', ['PRIVATE', 'ANON', 'STACK']),
      mmap('0x30000', ['STACK', 'SHARED', 'NOCORE']),
      mmap('0x40000', ['PRIVATE', 'NOCORE', 'PREFAULT_READ', 'NOSYNC'], { file: '/f', max: 'rw-' }),
      mmap('0x50000', ['ANON', '32BIT', 'HASSEMAPHORE', 'ALIGNED_SUPER', 'NOSYNC']),
    ];
    const ops = [
      'p10: exec bare',
      'p10: mmap guard 2p - fixed 0x1000',
      'p10: mmap guard 2p - fixed 0x10000',
      'p10: mmap stack 2p rw fixed 0x20000',
      'p10: mmap stack 2p rw shared nocore fixed 0x30000',
      'p10: mmap file "/f" 2p rw max rw prefault nocore nosync fixed 0x40000',
      'p10: mmap anon 2p rw nosync fixed 0x50000',
    ];
    expect(opsOf(events, {}, { os: 'FreeBSD 14.0' })).toEqual(ops);
    // Linux ignores its MAP_STACK; a recording that does not say is read like one of Linux.
    const plain = ops.map((op) => op.replace('mmap stack', 'mmap anon'));
    expect(opsOf(events, {}, { os: 'Linux 6.18' })).toEqual(plain);
    expect(opsOf(events)).toEqual(plain);
  });

  it('a fork copies, vfork and clone_vm share, a thread is not a process', () => {
    expect(
      opsOf([
        { ev: 'fork', child: 11, kind: 'fork' },
        { ev: 'fork', child: 12, kind: 'vfork' },
        { ev: 'fork', child: 13, kind: 'clone_vm' },
        { ev: 'fork', child: 14, kind: 'thread' },
        { ev: 'fault', addr: '0x1234', access: 'x', tid: 14 },
        { pid: 12, ev: 'execfail', err: 2, path: '/bin/y' },
        { pid: 12, ev: 'exit', code: 127 },
        { ev: 'vforkdone', child: 12 },
        { ev: 'wait', child: 12 },
        { ev: 'texit', tid: 14 },
      ]).slice(0, 5),
    ).toEqual(['p10: fork -> p11', 'p10: vfork -> p12', 'p10: rfork mem -> p13', 'p10: run 0x1234', 'p12: exit 127']);
  });

  it('mappings, protections and advice become ops; failed mappings and unknown advice do not', () => {
    const anon = { flags: ['PRIVATE', 'ANON'], file: null, prot: 'rw-' };
    expect(
      opsOf([
        { ev: 'mmap', addr: '0x10000', len: 5000, ...anon },
        { ev: 'mmap', len: 5000, ...anon, err: 12 },
        { ev: 'mmap', addr: '0x20000', len: 4097, flags: ['SHARED'], file: '/f', prot: 'r--', off: 8192 },
        { ev: 'mprotect', addr: '0x10000', len: 4096, prot: '---' },
        { ev: 'madvise', addr: '0x10000', len: 4096, advice: 'DONTNEED' },
        { ev: 'madvise', addr: '0x10000', len: 4096, advice: 'DONTFORK' },
        { ev: 'munmap', addr: '0x10000', len: 5000 },
      ]),
    ).toEqual([
      'p10: mmap anon 2p rw fixed 0x10000',
      'p10: mmap file "/f"+2p 2p r shared fixed 0x20000',
      'p10: mprotect 0x10000 1p -',
      'p10: madvise 0x10000 1p dontneed',
      'p10: munmap 0x10000 5000',
    ]);
  });

  it('a file is as large as its largest mapping requires', () => {
    const { files } = read([
      { ev: 'mmap', addr: '0x20000', len: 4097, flags: ['PRIVATE'], file: '/f', prot: 'r--', off: 8192 },
      { ev: 'mmap', addr: '0x30000', len: 1, flags: ['PRIVATE'], file: '/f', prot: 'r--' },
    ]);
    expect(files).toEqual([{ name: '/f', pages: 4, resident: 'all', mode: 'rw' }]);
  });

  it('brk maps and unmaps whole pages, mremap grows, shrinks and moves', () => {
    expect(
      opsOf([
        { ev: 'brk', addr: '0x10000' },
        { ev: 'brk', addr: '0x12001', old: '0x10000' },
        { ev: 'brk', addr: '0x12800', old: '0x12001' },
        { ev: 'brk', addr: '0x11000', old: '0x12800' },
        { ev: 'mremap', addr: '0x20000', len: 8192, newlen: 4096, new: '0x20000', flags: [] },
        { ev: 'mremap', addr: '0x20000', len: 4096, newlen: 12288, new: '0x20000', flags: [] },
        { ev: 'mremap', addr: '0x20000', len: 12288, newlen: 16384, new: '0x40000', flags: [] },
      ]),
    ).toEqual([
      'p10: mmap anon 3p rw fixed 0x10000',
      'p10: munmap 0x11000 2p',
      'p10: munmap 0x21000 1p',
      'p10: mmap anon 2p rw fixed 0x21000',
      'p10: mmap anon 4p rw fixed 0x40000',
      'p10: munmap 0x20000 3p',
    ]);
  });

  it('equal faults in one microsecond are accesses of their own', () => {
    const fault = { t: 2, ev: 'fault', addr: '0x4ec0', access: 'w', p: 1, k: 1 };
    expect(opsOf([exec(map('0x4000', '0x6000', { file: null })), fault, fault]).slice(-2)).toEqual([
      'p10: write 0x4ec0',
      'p10: write 0x4ec0',
    ]);
  });

  it('accesses keep their origin, faults in the kernel’s own maps are omitted', () => {
    const { ops, trace } = read([
      exec(map('0x4000', '0x6000', { file: null, res: [[0, 1, 'zero']] })),
      { ev: 'fault', addr: '0x4008', access: 'r' },
      { ev: 'fault', addr: '0x4008', access: 'w', p: 1 },
      { ev: 'fault', addr: '0x9000', access: 'r', in: 'vdso' },
      { ev: 'fault', addr: '0x9000', access: 'r', in: 'vvar' },
      { ev: 'touch', in: 'vvar', off: 0 },
    ]);
    const list = Array.from({ length: ops.length }, (_, i) => opAt(ops, i));
    expect(list.map((op) => `${OP_NAMES[op.code]} ${op.origin} ${op.line}`)).toEqual([
      'exec 0 2',
      'mmap 0 2',
      'read 1 2',
      'read 2 3',
      'write 3 4',
      'touch-shared 4 7',
      'exit 0 7',
    ]);
    expect(trace!.leftOut).toMatchObject({ faultsInVdso: 1, faultsInVvar: 1 });
    expect(trace!.exitsAdded).toBe(1);
  });

  it('the touch policy decides which processes read the shared page', () => {
    const events = [
      exec(LOADER),
      { ev: 'touch' },
      { ev: 'fork', child: 11, kind: 'fork' },
      { pid: 11, ev: 'touch' },
      { pid: 11, ev: 'exit', code: 0 },
    ];
    const touches = (touch: TraceOptions['touch']): string[] =>
      opsOf(events, { touch: touch! }).filter((line) => /touch|fork/.test(line));
    expect(touches('recorded')).toEqual(['p10: touch-shared', 'p10: fork -> p11', 'p11: touch-shared']);
    expect(touches('exec')).toEqual(['p10: touch-shared', 'p10: fork -> p11', 'p11: touch-shared']);
    expect(touches('never')).toEqual(['p10: fork -> p11']);
    expect(touches('all')).toEqual(['p10: touch-shared', 'p10: fork -> p11', 'p11: touch-shared']);
    expect(opsOf(events, { touch: 'exec' }).indexOf('p10: touch-shared')).toBe(2);
  });

  it('remaining processes exit in pid order', () => {
    const workload = read([
      { ev: 'fork', child: 30, kind: 'fork' },
      { ev: 'fork', child: 20, kind: 'fork' },
    ]);
    expect(printWorkload(workload).trim().split('\n').slice(-3)).toEqual(['p10: exit', 'p20: exit', 'p30: exit']);
    expect(workload.processes.map(({ pid, parent }) => [pid, parent])).toEqual([
      [10, -1],
      [30, 0],
      [20, 0],
    ]);
  });

  it('an empty recording has no ops', () => {
    expect(read([]).ops.length).toBe(0);
  });
});

describe('a wrong line gives one error with its number', () => {
  const fault = { ev: 'fault', addr: '0x1000', access: 'r' };
  const mmap = { ev: 'mmap', addr: '0x1000', len: 1, prot: 'rw-', flags: [], file: null };
  const messageOf = (events: readonly (Line | string)[]): string => {
    try {
      read(events);
    } catch (error) {
      if (error instanceof WorkloadError) return error.message;
      throw error;
    }
    return 'no error';
  };
  const hex = 'an address (0x and up to 16 lower-case hexadecimal digits)';

  it.each<[string, (Line | string)[], string]>([
    ['no JSON', ['{"t":1,'], `t:2: expected a line of JSON, found '{"t":1,'`],
    ['an empty line', [fault, '', fault], 't:3: expected a line of JSON, found an empty line'],
    ['no object', ['7'], expect.stringMatching(/^t:2: expected an event \(.*\), found something else$/)],
    ['an unknown event', [{ ev: 'falt' }], expect.stringMatching(/found 'falt'; did you mean 'fault'\?$/)],
    ['an event named like a method', [{ ev: 'toString' }], expect.stringMatching(/found 'toString'$/)],
    [
      'an address that is not hexadecimal',
      [{ ...fault, addr: '0xzz' }],
      `t:2: expected a valid fault event, found in 'addr': ${hex}`,
    ],
    [
      'an address that is a number',
      [{ ...fault, addr: 4096 }],
      "t:2: expected a valid fault event, found in 'addr': Invalid input: expected string, received number",
    ],
    [
      'an unknown kind of access',
      [{ ...fault, access: 'q' }],
      expect.stringContaining("found in 'access': Invalid option"),
    ],
    [
      'a negative length',
      [{ ...mmap, len: -1 }],
      expect.stringContaining("t:2: expected a valid mmap event, found in 'len': Too small"),
    ],
    [
      'an invalid length',
      [{ ...mmap, len: null }],
      expect.stringContaining("found in 'len': Invalid input: expected number"),
    ],
    [
      'an invalid protection',
      [{ ...mmap, prot: 'rw' }],
      "t:2: expected a valid mmap event, found in 'prot': a protection such as 'rw-'",
    ],
    [
      'a mapping without an address',
      [{ ...mmap, addr: undefined }],
      "t:2: expected 'addr' in an mmap without 'err', found none",
    ],
    [
      'an event without a pid',
      [{ ...fault, pid: undefined }],
      expect.stringContaining("t:2: expected a valid fault event, found in 'pid'"),
    ],
    ['an unknown pid', [{ ...fault, pid: 99 }], 't:2: expected the pid of a running process, found 99'],
    [
      'a pid that has exited',
      [{ ev: 'exit', code: 0 }, fault],
      't:3: expected the pid of a running process, found 10, which exited in line 2',
    ],
    [
      'a child that runs already',
      [{ ev: 'fork', child: 10, kind: 'fork' }],
      't:2: expected the pid of a new child, found 10, which is running',
    ],
    [
      'events out of order',
      [
        { ...fault, t: 5 },
        { ...fault, t: 4 },
      ],
      't:3: expected a time (t) of at least 5, found 4',
    ],
    ['a second meta line', [JSON.stringify(META)], expect.stringMatching(/^t:2: expected an event .*found 'meta'/)],
    [
      'maps out of order',
      [exec(map('0x4000', '0x5000', { file: null }), map('0x1000', '0x2000', { file: null }))],
      't:2: expected maps in address order, found one from 0x1000 to 0x2000',
    ],
    [
      'resident pages outside their map',
      [exec(map('0x4000', '0x5000', { file: null, res: [[0, 1e15, 'anon']] }))],
      't:2: expected resident pages in the map at 0x4000, found 1000000000000000 from page 0',
    ],
  ])('%s', (_what, events, message) => {
    expect(messageOf(events)).toEqual(message);
  });

  it.each([
    ['no line at all', '', "t:1: expected a line of 'meta' first, found an empty file"],
    [
      'no meta line',
      JSON.stringify({ t: 0, pid: 10, ...fault }),
      "t:1: expected a line of 'meta' first, found 'fault'",
    ],
    [
      'another format',
      JSON.stringify({ ...META, format: 'vmtrace-2' }),
      expect.stringContaining("t:1: expected a valid meta event, found in 'format'"),
    ],
    ['pages of another size', JSON.stringify({ ...META, page: 16384 }), expect.stringContaining("found in 'page'")],
    ['a line of more than 1M', 'x'.repeat(2 ** 20 + 1), 't:1: expected a line of at most 1M, found 1048577 characters'],
  ])('%s', (_what, text, message) => {
    const reader = new TraceReader('t');
    expect(() => {
      reader.block(text);
      reader.finish('t');
    }).toThrow(expect.objectContaining({ message }) as Error);
  });

  it('a fault is read the same in its usual form and in any other', () => {
    const usual = '{"t":5,"pid":10,"ev":"fault","addr":"0x1000","access":"w","k":1,"p":1,"tid":12}';
    const other = '{ "ev":"fault", "pid":10, "t":5, "tid":12, "addr":"0x1000", "p":1, "access":"w" }';
    expect(read([usual])).toEqual(read([other]));
  });
});
