import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { type ImportFormat, importRecording } from '../../../../harness/input/import/import.ts';
import { loadWorkload } from '../../../../harness/input/load.ts';
import { WorkloadError } from '../../../../harness/workload/errors.ts';
import { Imports, countsOf, fixture } from './support.ts';

const imports = new Imports();
afterAll(() => imports.dispose());

const STRACE = gunzipSync(readFileSync(fixture('vforkfail.strace.txt.gz')))
  .toString()
  .trimEnd()
  .split('\n');
const KDUMP = gunzipSync(readFileSync(fixture('pipe_one.kdump_T.txt.gz')))
  .toString()
  .trimEnd()
  .split('\n');

const TRUSS = readFileSync(fixture('make.truss.txt'), 'utf8').trimEnd().split('\n');

/** A permutation that is always the same. */
function shuffled<T>(items: readonly T[]): T[] {
  const out = [...items];
  let seed = 1;
  for (let i = out.length - 1; i > 0; i--) {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    const j = seed % (i + 1);
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

describe('what cannot be read is an error with file and line, and nothing is written:', () => {
  const packed = readFileSync(fixture('pipes.strace.txt.gz'));
  it.each<[string, 'strace' | 'kdump', string | Buffer, RegExp]>([
    [
      'binary garbage',
      'strace',
      Buffer.from([...Array(5000).keys()].map((i) => (i * 7919) % 256)),
      /in:1: expected text/,
    ],
    ['a NUL byte', 'kdump', `${KDUMP[0]}\n\0\n`, /in:2: expected text, found a NUL byte/],
    ['a truncated gzip file', 'strace', packed.subarray(0, 9000), /in:\d+: expected a complete gzip file/],
    [
      'a byte order mark',
      'strace',
      `\uFEFF${STRACE.join('\n')}`,
      /in:1: expected text in UTF-8 without a byte order mark/,
    ],
    ['an empty file', 'kdump', '', /in:1: expected lines of kdump, found none/],
    ['nothing that is of strace', 'strace', 'hello\nworld\n', /in:2: expected lines of strace, found none/],
    ['shuffled lines', 'strace', shuffled(STRACE).join('\n'), /in:\d+: expected times that do not go back/],
    [
      'the end of a fork without its beginning',
      'strace',
      `${STRACE[0]}\n19754 1795394725.3 <... vfork resumed>) = 8\n`,
      /in:2: expected the beginning/,
    ],
  ])('%s', async (_, format, text, message) => {
    const folder = new Imports();
    const file = folder.write('in', text);
    const old = folder.write('out', 'what was there before');
    await expect(importRecording(file, old, { format })).rejects.toThrow(message);
    await expect(importRecording(file, old, { format })).rejects.toThrow(WorkloadError);
    expect([readFileSync(old, 'utf8'), folder.names]).toEqual(['what was there before', ['in', 'out']]);
    folder.dispose();
  });

  it('a missing file, a folder, a file that is not procstat output', async () => {
    const out = imports.path('never');
    await expect(importRecording(imports.path('no'), out, { format: 'strace' })).rejects.toThrow(/no such file/);
    await expect(importRecording(imports.folder, out, { format: 'strace' })).rejects.toThrow(/found a directory/);
    const procstat = imports.write('bad', 'x\n');
    await expect(importRecording(fixture('pipe_one.kdump.txt.gz'), out, { format: 'kdump', procstat })).rejects.toThrow(
      /bad:1: expected a row of procstat -v/,
    );
    expect(imports.names).not.toContain('never');
  });
});

describe('an output path that cannot be written is an error before anything is read:', () => {
  it('a missing folder, and a folder instead of a file', async () => {
    const file = imports.write('good', STRACE.join('\n'));
    const importTo = (out: string): Promise<unknown> => importRecording(file, out, { format: 'strace' });
    await expect(importTo(imports.path('no/out'))).rejects.toThrow(
      /no\/out: expected a folder that can be written to, found none/,
    );
    await expect(importTo(imports.folder)).rejects.toThrow(/expected a file to write, found a directory/);
    await expect(importTo(imports.path('no/out'))).rejects.toThrow(WorkloadError);
  });
});

describe('what can be repaired is repaired and counted', () => {
  it('duplicated lines with times', async () => {
    const twice = await imports.lines(
      'strace',
      STRACE.flatMap((line) => [line, line]),
    );
    expect(countsOf(twice.counts.repairs)).toEqual({ 'the line before again: left out': STRACE.length });
    const once = await imports.lines('strace', STRACE);
    expect(twice.lines).toEqual(once.lines.map((line) => ({ ...line })));
    const kdump = await imports.lines(
      'kdump',
      KDUMP.flatMap((line) => [line, line]),
    );
    expect(countsOf(kdump.counts.repairs)).toEqual({ 'the line before again: left out': KDUMP.length });
    expect(kdump.counts.unknown.size).toBe(0);
  });

  it('shuffled lines of kdump are counted by kind, and the result can be replayed or is rejected', async () => {
    const { counts, out } = await imports
      .lines('kdump', [KDUMP[0], ...shuffled(KDUMP.slice(1))])
      .catch((error: unknown) => {
        expect(error).toBeInstanceOf(WorkloadError);
        return { counts: null, out: '' };
      });
    if (counts === null) return;
    expect(counts.unknown.size).toBeGreaterThan(0);
    expect((await loadWorkload(out)).ops.length).toBeGreaterThan(0);
  });

  it('a recording that ends midway, and one that begins midway', async () => {
    const half = await imports.lines('kdump', KDUMP.slice(0, 1000));
    expect((await loadWorkload(half.out)).ops.length).toBeGreaterThan(100);
    const late = await imports.lines('strace', STRACE.slice(3));
    expect(countsOf(late.counts.repairs)).toEqual({
      'a process was running when the recording began: its maps are inferred': 1,
    });
    expect((await loadWorkload(late.out)).ops.length).toBeGreaterThan(40);
  });
});

describe('what is not understood', () => {
  const lines = [...KDUMP.slice(0, 20), ' 32530 sh       Events dropped.', 'what is this', ...KDUMP.slice(20)];

  it('is counted by kind, with the first line of each', async () => {
    const { counts } = await imports.lines('kdump', lines);
    expect(Object.fromEntries(counts.unknown)).toEqual({
      'Events dropped: the recording has gaps': { count: 1, line: 21 },
      'a line that is not one of kdump': { count: 1, line: 22 },
    });
  });

  it.each<[string, ImportFormat, readonly string[], RegExp, string]>([
    ['a page fault', 'kdump', KDUMP, /PFLT {2}0x7f8dfc06ccc0/, 'PFLT  0x800000000000'],
    ['a mapping that is too long', 'kdump', KDUMP, /mmap\(0,0x22,/, 'mmap(0,0x800000000000,'],
    ['a mapping', 'kdump', KDUMP, /RET {3}mmap 140247795961856\/0x7f8dfc0f1000/, 'RET   mmap 0x7fffffffffff'],
    ['what is unmapped', 'kdump', KDUMP, /munmap\(0x7f8dfc0e8000/, 'munmap(0x7ffffffff000'],
    ['what is protected', 'kdump', KDUMP, /mprotect\(0x7f8dfc0d5000/, 'mprotect(0x7ffffffff000'],
    ['a mapping of truss', 'truss', TRUSS, /= 34931146752 \(0x8220f0000\)/, '= 140737488355328 (0x800000000000)'],
    ['the end of the heap', 'truss', TRUSS, /break\(0x2e1000\)/, 'break(0x800000000001)'],
    ['advice', 'truss', TRUSS, /madvise\(0x8220f0000/, 'madvise(0x1000000000000'],
    ['a mapping of Linux', 'strace', STRACE, /\) = 0x7f6bb118f000/, ') = 0x800000000000'],
  ])('counts what lies outside of user space, and replays the rest: %s', async (_, format, recorded, part, beyond) => {
    const at = recorded.findIndex((line) => part.test(line));
    const edited = recorded.with(at, recorded[at].replace(part, beyond));
    const kind = format === 'strace' ? 'arguments of mmap' : 'an address outside of user space';
    const { counts, out } = await imports.lines(format, edited);
    expect(countsOf(counts.unknown)).toEqual({ [kind]: 1 });
    expect((await loadWorkload(out)).ops.length).toBeGreaterThan(10);
    await expect(imports.lines(format, edited, { strict: true })).rejects.toThrow(
      new RegExp(`in:\\d+: expected a line that is understood \\(--strict\\), found ${kind}`),
    );
  });

  it('is what there is instead of an event: no file is written', async () => {
    const folder = new Imports();
    const none = async (format: ImportFormat, text: string): Promise<void> => {
      const file = folder.write('in', text);
      await expect(importRecording(file, folder.path('out'), { format })).rejects.toThrow(
        new RegExp(`in:\\d+: expected an event of a process in ${format}, found none, \\d times `),
      );
      expect(folder.names).toEqual(['in']);
    };
    await none('kdump', ' 100 sh       CSW   stop kernel "x"\n 100 sh       RET   read 1\n');
    await none('kdump', ' 100 sh       CALL  what is this\n');
    await none('truss', 'getpid()\t\t\t\t\t = 100 (0x64)\n');
    await none('strace', '100 1.5 read(0, "", 1) = 0\n101 1.6 read(0, "", 1) = 0\n');
    folder.dispose();
  });

  it('accepts no address beyond 2^53, where the next page cannot be computed', async () => {
    const { counts } = await imports.lines('kdump', [
      ...KDUMP.slice(0, 4),
      ' 32530 sh       PFLT  0x7f8dfc12f1107f8dfc12f110 0x2<VM_PROT_WRITE>',
      ' 32530 sh       CALL  mmap(0,0x1000,0x3,0x1002,0xffffffff,0)',
      ' 32530 sh       RET   mmap 9007199254740993/0x20000000000001',
    ]);
    expect(countsOf(counts.unknown)).toEqual({ PFLT: 1, RET: 1 });
  });

  it('ends a strict import and gives its line', async () => {
    await expect(imports.lines('kdump', lines, { strict: true })).rejects.toThrow(
      /in:21: expected a line that is understood \(--strict\), found Events dropped/,
    );
  });

  it('lines of a process whose start is missing count, too', async () => {
    const { counts } = await imports.lines('strace', [
      STRACE[0],
      '77 1795394725.1 brk(NULL) = 0x5000',
      '77 1795394725.2 exit_group(0) = ?',
    ]);
    expect(countsOf(counts.unknown)).toEqual({ 'a line of a process whose start is not in the recording': 2 });
  });
});
