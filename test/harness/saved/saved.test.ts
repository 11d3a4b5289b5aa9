import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { type CompareOptions, compareCommand } from '../../../harness/cli/compare.ts';
import { columnHash } from '../../../harness/cli/saved.ts';
import { chooseVariant } from '../../../harness/cli/select.ts';
import { builtInColumns } from '../../../harness/columns/built-in.ts';
import type { Chosen, ChosenVariant } from '../../../harness/columns/chosen.ts';
import { builtInFacts } from '../../../harness/columns/facts.ts';
import { MEMBERS } from '../../../harness/declare/planes.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import { savedLines, savedSummary } from '../../../harness/report/compare/saved.ts';
import { schemas } from '../../../harness/report/schema/index.ts';
import type { Killed } from '../../../harness/run/record.ts';
import { Collector } from '../../../harness/saved/collect.ts';
import { compareSaved } from '../../../harness/saved/compare.ts';
import { type SavedResults, packResults, unpackResults } from '../../../harness/saved/document.ts';
import { cut, headOf } from '../../../harness/workload/pieces.ts';
import { dying } from '../../support/dying.ts';

const folder = mkdtempSync(join(tmpdir(), 'pmapdiff-test-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

/** Two workloads, two variants; the first three runs are different ones. */
const results: SavedResults = {
  schema: 'pmapdiff.saved/1',
  core: 'c0',
  checked: false,
  counts: ['pmapLocks', 'forks', 'replay hits'],
  digests: ['outcomes', 'counters op by op'],
  columns: [
    { id: 'baseline', hash: 'b0' },
    { id: 'landed', hash: 'l0' },
  ],
  runs: [
    { ended: 'done', counts: [100, 1, null], digests: ['d0', 'e0'] },
    { ended: 'done', counts: [80, 1, null], digests: ['d0', 'e1'] },
    { ended: 'done', counts: [10, 0, 7], digests: ['d2', 'e2'] },
  ],
  workloads: [
    {
      name: 'fork',
      hash: 'w0',
      runs: [0, 1],
      pairs: [{ reference: 'baseline', candidate: 'landed', verdict: 'stat-only', standing: 'intended' }],
    },
    { name: 'exec', hash: 'w1', runs: [2, 2], pairs: [] },
  ],
};

/** The lines of what is not the same, when `after` is what is run today. */
const changed = (after: Partial<SavedResults>, before: SavedResults = results): string[] =>
  savedLines(compareSaved('before', before, { ...results, ...after })).map(({ kind, text }) => `${kind}: ${text}`);

const runsWith = (i: number, run: Partial<SavedResults['runs'][number]>): Partial<SavedResults> => ({
  runs: results.runs.map((one, at) => (at === i ? { ...one, ...run } : one)),
});

describe('results that are compared with saved ones', () => {
  it('are the same if nothing has changed', () => {
    const compared = compareSaved('before', results, results);
    expect(compared.cells).toHaveLength(4);
    expect(savedLines(compared)).toEqual([]);
    expect(savedSummary(compared)).toBe('since before: 4 cells: 4 same');
  });

  it.each([
    ['a counter', runsWith(1, { counts: [78, 1, null] }), ['changed: fork, landed: pmapLocks 80 -> 78 (-2, -2.5%)']],
    [
      'how it ends',
      runsWith(1, { ended: 'panic: f: x (op 3)' }),
      ['changed: fork, landed: end done -> panic: f: x (op 3)'],
    ],
    ['what only a digest tells', runsWith(1, { digests: ['d9', 'e1'] }), ['changed: fork, landed: outcomes differ']],
    ['a number that was none', runsWith(1, { counts: [80, 1, 3] }), ['changed: fork, landed: replay hits none -> 3']],
    [
      'a run that two cells share',
      runsWith(2, { counts: [11, 0, 7] }),
      [
        'changed: exec, baseline: pmapLocks 10 -> 11 (+1, +10.0%)',
        'changed: exec, landed: pmapLocks 10 -> 11 (+1, +10.0%)',
      ],
    ],
  ])('say what has changed: %s', (_what, after, expected) => {
    expect(changed(after)).toEqual(expected);
  });

  it('say that a verdict has changed, if it is one against the same variant', () => {
    const pairs = (reference: string) => ({
      workloads: results.workloads.map((one) => ({
        ...one,
        pairs: one.pairs.map((pair) => ({ ...pair, reference, standing: 'unexpected' })),
      })),
    });
    expect(changed(pairs('baseline'))).toEqual([
      'changed: fork, landed: verdict against baseline stat-only intended -> stat-only unexpected',
    ]);
    expect(changed(pairs('toplevel-accounting'))).toEqual([]);
  });

  it('are not compared where something else is run', () => {
    const other = runsWith(1, { counts: [78, 1, null] });
    const workloads = results.workloads.map((one) => (one.name === 'fork' ? { ...one, hash: 'w9' } : one));
    expect(changed({ ...other, workloads })).toEqual([
      'not comparable: fork, baseline: its workload differs',
      'not comparable: fork, landed: its workload differs',
    ]);
    const columns = results.columns.map((one) => (one.id === 'landed' ? { ...one, hash: 'l9' } : one));
    expect(changed({ ...other, columns })).toEqual([
      "not comparable: fork, landed: the variant's members differ",
      "not comparable: exec, landed: the variant's members differ",
    ]);
    expect(changed({ ...other, checked: true })).toHaveLength(4);
  });

  it('have cells that are new, and cells that are gone', () => {
    const workloads = results.workloads.map((one) => (one.name === 'exec' ? { ...one, name: 'spawn' } : one));
    expect(changed({ workloads })).toEqual([
      'new: spawn, baseline',
      'new: spawn, landed',
      'gone: exec, baseline',
      'gone: exec, landed',
    ]);
  });

  it('are compared by name, so that a counter more changes no cell', () => {
    const more = {
      counts: ['forks', 'cr3Loads', 'pmapLocks', 'replay hits'],
      runs: results.runs.map(({ counts: [locks, forks, hits], ...run }, i) => ({
        ...run,
        counts: [forks, 5, locks, hits],
        digests: [run.digests[0], `other ${i}`],
      })),
    };
    expect(changed(more)).toEqual(['counters: new counters and not compared: cr3Loads']);
    expect(changed(results, { ...results, ...more })).toEqual(['counters: counters gone and not compared: cr3Loads']);
  });

  it('say that core is another, which is no change by itself', () => {
    expect(changed({ core: 'c9' })).toEqual([]);
    expect(savedSummary(compareSaved('before', results, { ...results, core: 'c9' }))).toContain('core is not the same');
  });
});

describe('a file of results', () => {
  const read = (bytes: Uint8Array) => unpackResults('x.json.gz', bytes);

  it('is read as it was written', async () => {
    expect(await read(packResults(results))).toEqual(results);
  });

  it('does not tell when or where it was written', () => {
    const header = [...packResults(results).subarray(0, 10)];
    expect(header).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, header[8], 255]);
  });

  const with1 = (change: object): Uint8Array => gzipSync(JSON.stringify({ ...results, ...change }));
  const [first, ...rest] = results.workloads;
  const pair = first!.pairs[0]!;
  it.each([
    ['nothing', new Uint8Array()],
    ['no gzip', Buffer.from(JSON.stringify(results))],
    ['a gzip file that is cut', packResults(results).subarray(0, 200)],
    ['a gzip file without its end', packResults(results).subarray(0, -4)],
    ['a gzip bomb', gzipSync(Buffer.alloc(2 ** 27 + 1))],
    ['no UTF-8', gzipSync(Uint8Array.of(0xff, 0xfe))],
    ['no JSON', gzipSync('{"schema":')],
    ['JSON too deep', gzipSync('['.repeat(100_000) + ']'.repeat(100_000))],
    ['null', gzipSync('null')],
    ['another document', gzipSync('{"schema":"pmapdiff.compare/1"}')],
    ['another version', with1({ schema: 'pmapdiff.saved/2' })],
    ['a field more', with1({ host: 'a' })],
    ['a field less', with1({ runs: undefined })],
    ['a count that is a text', with1({ runs: [{ ...results.runs[0], counts: ['1', 1, null] }] })],
    ['too few counts', with1({ runs: results.runs.map((run) => ({ ...run, counts: [1] })) })],
    ['a run that is not there', with1({ workloads: [{ ...first, runs: [0, 7] }] })],
    ['a column without a run', with1({ workloads: [{ ...first, runs: [0] }] })],
    ['a workload twice', with1({ workloads: [first, first, ...rest] })],
    ['a comparison of no column', with1({ workloads: [{ ...first, pairs: [{ ...pair, candidate: 'other' }] }] })],
    ['a comparison with no column', with1({ workloads: [{ ...first, pairs: [{ ...pair, reference: '' }] }] })],
    ['a comparison twice', with1({ workloads: [{ ...first, pairs: [pair, pair] }] })],
    ['a name twice', with1({ counts: ['forks', 'forks', 'pmapLocks'] })],
    ['a long name', with1({ core: 'x'.repeat(5000) })],
  ])('is not %s', async (_what, bytes) => {
    await expect(read(bytes)).rejects.toThrow(
      /^x\.json\.gz: expected what --save writes, got [^\n]{1,300}$|^x\.json\.gz: expected what --save writes, [^\n]{1,300}$/,
    );
  });
});

describe('what is noted of a run', () => {
  it('does not depend on the pieces in which it is run, and differs between variants', async () => {
    const workload = await loadWorkload('vfork-execfail-pti');
    const note = async (id: string, size: number) => {
      const collector = new Collector();
      const [column] = builtInColumns(builtInFacts.filter((facts) => facts.id === id)).map((one) =>
        collector.noting(one),
      );
      const run = column.begin(headOf(workload), {});
      for (const piece of cut(workload, size)) await run.take(piece, Infinity);
      const { runs } = collector.results([{ id, hash: 'h' }], [{ name: workload.name, pairs: [] }], {
        core: 'c',
        checked: false,
        hashes: new Map([[workload.name, 'w']]),
      });
      return runs[0];
    };
    const whole = await note('landed', Infinity);
    expect(await note('landed', 1)).toEqual(whole);
    expect(await note('landed', 3)).toEqual(whole);
    const other = await note('double-count-fix', Infinity);
    // F6: the reader of the clock dies, and less is mapped and counted.
    expect([0, 1, 5].filter((digest) => other.digests[digest] === whole.digests[digest])).toEqual([]);
  });
});

describe('a death that moves, with all else as it was', () => {
  const death = { op: 4, process: 'make', signal: 'SIGSEGV' };
  const resultsWith = async (killed: readonly Killed[]): Promise<SavedResults> => {
    const workload = await loadWorkload('vfork-execfail');
    const collector = new Collector();
    const [column] = builtInColumns(builtInFacts.filter(({ id }) => id === 'landed'));
    const run = collector.noting(dying(column!, killed)).begin(headOf(workload), {});
    for (const piece of cut(workload, Infinity)) await run.take(piece, Infinity);
    const of = { core: 'c', checked: false, hashes: new Map([[workload.name, 'w']]) };
    return collector.results([{ id: 'landed', hash: 'h' }], [{ name: workload.name, pairs: [] }], of);
  };

  it.each([
    ['stays', [death], []],
    ['to another op', [{ ...death, op: 5 }], ['deaths differ']],
    ['to another process', [{ ...death, process: 'cc' }], ['deaths differ']],
    ['to another signal', [{ ...death, signal: 'SIGILL' }], ['deaths differ']],
    ['away', [], ['deaths differ']],
  ])('is a change: %s', async (_where, killed, expected) => {
    const compared = compareSaved('before', await resultsWith([death]), await resultsWith(killed));
    expect(savedLines(compared).map(({ text }) => text.replace(/^.*: /, ''))).toEqual(expected);
  });
});

describe('the hash of a column', () => {
  const landed = builtInFacts.find(({ id }) => id === 'landed')!;
  const base = chooseVariant('landed');
  const patch = (overlay: ReadonlyMap<string, string | null>, on: ChosenVariant = base): Chosen => ({
    kind: 'patch',
    patched: { origin: 'patch', id: 'p', name: 'p', title: 'p', intends: [], after: null, overlay, notes: [] },
    base: on,
    how: { cache: null },
  });
  const hash = (overlay: Record<string, string | null>): string =>
    columnHash(landed, patch(new Map(Object.entries(overlay))));
  const one = { 'core/a.ts': 'export const a = 1;\n' };

  it('tells patches of the same members apart, by what they change', () => {
    const all = [
      columnHash(landed, base),
      hash({}),
      hash(one),
      hash({ 'core/b.ts': one['core/a.ts'] }),
      hash({ 'core/a.ts': 'export const a = 2;\n' }),
      hash({ ...one, 'core/b.ts': null }),
      columnHash({ ...landed, members: landed.members.with(6, 'other') }, patch(new Map(Object.entries(one)))),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('does not tell the order of files, comments or layout', () => {
    const two = { 'core/b.ts': null, 'core/a.ts': '// A comment.\nexport const a =\n  1;\n' };
    expect(hash(two)).toBe(hash({ ...one, 'core/b.ts': null }));
  });

  it('tells files apart whose members cannot be read as written', () => {
    const paths = ['a.ts', 'b.ts'].map((name) => join(folder, name));
    const facts = { id: 'p', members: MEMBERS.map((name) => `${name} of p`) };
    for (const path of paths) writeFileSync(path, path);
    const files = paths.map((path): ChosenVariant => ({ kind: 'file', path, name: path }));
    const hashes = files.flatMap((file) => [columnHash(facts, file), columnHash(facts, patch(new Map(), file))]);
    expect(new Set(hashes).size).toBe(4);
    paths.forEach((path) => rmSync(path));
  });
});

describe('compare --save and --baseline', () => {
  const file = join(folder, 'before.json.gz');
  const workload = join(folder, 'mine.workload');
  const text = '# A title.\nmachine cpus=2 pti=on\nmake: exec sh60\nmake: exit 0\n';
  const run = async (options: Partial<CompareOptions>): Promise<{ code: number; out: string }> => {
    let out = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((written) => {
      out += String(written);
      return true;
    });
    const code = await compareCommand({
      workload: [workload, 'exit-touched'],
      variants: 'baseline,landed',
      ...options,
    });
    vi.restoreAllMocks();
    return { code, out };
  };
  const since = async (options: Partial<CompareOptions> = {}): Promise<[number, string[]]> => {
    const { code, out } = await run({ baseline: file, json: true, ...options } as Partial<CompareOptions>);
    const { baseline, exitCode } = schemas.compare.parse(JSON.parse(out));
    expect(exitCode).toBe(code);
    return [code, savedLines(baseline!).map(({ kind, text: line }) => `${kind}: ${line}`)];
  };

  it('find nothing changed after nothing was touched, or only comments were', async () => {
    writeFileSync(workload, text);
    expect((await run({ save: file })).code).toBe(0);
    expect(await since()).toEqual([0, []]);
    writeFileSync(workload, `# Another title.\n\n${text.replace('make: exec', '  make:   exec')}`);
    expect(await since()).toEqual([0, []]);
    expect(readdirSync(folder).toSorted()).toEqual(['before.json.gz', 'mine.workload']);
  });

  it('write the same bytes each time', async () => {
    const again = join(folder, 'again.json.gz');
    writeFileSync(workload, text);
    await run({ save: again });
    expect(readFileSync(again).equals(readFileSync(file))).toBe(true);
    rmSync(again);
  });

  it('find the one cell in which a counter was flipped, and exit 1', async () => {
    const saved = await unpackResults('', readFileSync(file));
    const flipped = saved.workloads[0].runs[1];
    const runs = saved.runs.map((one, i) =>
      i === flipped ? { ...one, counts: one.counts.with(4, one.counts[4]! + 1) } : one,
    );
    const copy = join(folder, 'copy.json.gz');
    writeFileSync(copy, packResults({ ...saved, runs }));
    const [code, lines] = await since({ baseline: copy });
    expect([code, lines.length]).toEqual([1, 1]);
    expect(lines[0]).toMatch(/^changed: mine, landed: pmapLocks [\d,]+ -> [\d,]+ \(-1, /);
    const { out } = await run({ baseline: copy });
    expect(out).toContain('1 changed');
    expect(out).toContain('! changed: mine, landed: pmapLocks');
    rmSync(copy);
  });

  it('say that a cell was not run any more, and exit 1', async () => {
    const only = { workload: ['exit-touched'] };
    expect(await since(only)).toEqual([1, ['gone: mine, baseline', 'gone: mine, landed']]);
    expect(await since({ variants: 'landed', against: 'toplevel-accounting' })).toMatchObject([1, { length: 4 }]);
    const junit = join(folder, 'since.xml');
    expect((await run({ ...only, baseline: file, junit })).out).toContain('! gone: mine, landed');
    expect(readFileSync(junit, 'utf8')).toMatch(/<testcase name="mine, landed"/);
    rmSync(junit);
  });

  it('do not compare a workload or a machine that was changed', async () => {
    writeFileSync(workload, text.replace('cpus=2', 'cpus=3'));
    expect(await since()).toEqual([
      0,
      ['not comparable: mine, baseline: its workload differs', 'not comparable: mine, landed: its workload differs'],
    ]);
    writeFileSync(workload, text);
    const [code, lines] = await since({ check: true });
    expect([code, lines.length]).toEqual([3, 4]);
  });

  it('refuse what cannot be read or written, and write nothing then', async () => {
    await expect(run({ baseline: join(folder, 'gone.json.gz') })).rejects.toThrow(
      /^--baseline .*gone\.json\.gz: expected a readable file, found no such file$/,
    );
    await expect(run({ save: join(folder, 'no', 'such.json.gz') })).rejects.toThrow(
      /^--save .*: expected a folder that can be written to, found none$/,
    );
    await expect(run({ workload: ['exit-touched', 'exit-touched'], save: join(folder, 'x.gz') })).rejects.toThrow(
      'exit-touched twice',
    );
    expect(readdirSync(folder).toSorted()).toEqual(['before.json.gz', 'mine.workload']);
  });
});
