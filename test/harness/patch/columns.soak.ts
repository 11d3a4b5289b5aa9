/** Patches as columns of the built program. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sameRecord } from '../../../harness/compare/same.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import { CATALOG } from '../../../harness/workload/catalog/index.ts';
import type { Workload } from '../../../harness/workload/ops.ts';
import { series } from '../../../variants/index.ts';
import { builtFile } from '../../support/built.ts';
import { pmapdiff } from '../../support/command.ts';
import { edited, gitDiff } from '../../support/diffs.ts';
import { readSource, root } from '../../support/layers.ts';
import { builtIn, patched, plain, recordsOf } from '../../support/patched.ts';

let folder: string;
let workloads: Workload[];

beforeAll(async () => {
  builtFile('harness/bundler.js');
  folder = mkdtempSync(join(tmpdir(), 'pmapdiff-columns-'));
  process.env.XDG_CACHE_HOME = folder;
  workloads = await Promise.all(
    [...Object.keys(CATALOG), 'cc_tiny'].map((name) => loadWorkload(name, { touch: 'recorded' })),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A diff after which landed does what another revision does. */
function asDiffOfLanded(id: string): string {
  const name = id.replaceAll(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase());
  const { accounting } = series.find((one) => one.id === id)!;
  const text = readSource('variants/landed.ts')
    .replace("import { sharedPageUnmap } from './shared-page-unmap.ts';", `import { ${name} } from './${id}.ts';`)
    .replace(/accounting: .*,/, `accounting: { topPagesInResidentCount: ${accounting.topPagesInResidentCount} },`)
    .replace(/hunks: \{[^]*?\n {2}\},/, `hunks: { ...${name}.hunks },`);
  return gitDiff({ 'variants/landed.ts': text });
}

describe('a revision as a diff of landed', () => {
  it.each(series.map(({ id }) => id).filter((id) => id !== 'landed'))(
    '%s has the records of its built-in column',
    async (id) => {
      const [mine, theirs] = await patched(write(`as-${id}.diff`, asDiffOfLanded(id)), async (column) => [
        await recordsOf(column, workloads),
        await recordsOf(builtIn(id), workloads),
      ]);
      expect(mine.map(plain)).toEqual(theirs.map(plain));
    },
  );
});

describe('a core that loses references of page tables, and so frees pages that are not zeroed', () => {
  it('has one answer to a workload, whatever ran before', async () => {
    const lost = ['      if (!made) refCount[table]++;\n    }\n    if (level', '    }\n    if (level'] as const;
    const path = write('lost.diff', gitDiff({ 'core/pmap/ptp.ts': edited('core/pmap/ptp.ts', ...lost) }));
    const some = workloads.filter(({ name }) => /la57/.test(name));
    expect(some.length).toBeGreaterThan(2);
    const ends = await patched(path, async (column) => {
      const there = await recordsOf(column, some);
      const back = await recordsOf(column, some.toReversed());
      return [there.map(plain), back.toReversed().map(plain)];
    });
    expect(JSON.stringify(ends[0])).toContain('"panic"');
    expect(JSON.stringify(ends[0])).not.toContain('"failed"');
    expect(ends[0]).toEqual(ends[1]);
  });
});

describe('D33276 as a diff of core', () => {
  it('has the records of experiments/d33276', async () => {
    const path = join(root, 'test/fixtures/patches/d33276.diff');
    const mine = await patched(path, (column) => recordsOf(column, workloads));
    expect(mine.map(plain)).toEqual((await recordsOf(builtIn('d33276'), workloads)).map(plain));
  });
});

describe('a patch that changes nothing', () => {
  it('is identical everywhere', async () => {
    const text = gitDiff({ 'core/pmap/protect.ts': `// A comment.\n${readSource('core/pmap/protect.ts')}` });
    const path = write('comment.diff', text);
    const { status, stdout } = pmapdiff('compare', '--patch', path, '--json');
    const { counts } = JSON.parse(stdout) as { counts: { pairs: number; equal: number; unreached: unknown[] } };
    expect(status).toBe(0);
    expect(counts.equal).toBe(counts.pairs);
    expect(counts.unreached).toEqual([]);
    await patched(path, async (column) => expect(column.facts.functions).toEqual({}));
  });
});

describe('a counter in the middle of the table', () => {
  const COUNTERS = 'core/counters.ts';
  const PROTECT = 'core/pmap/protect.ts';
  /** It takes the number of removeCalls: that and all behind it move up. */
  function inserted(): string {
    let text = readSource(COUNTERS);
    text = text.replaceAll(/^export const ([A-Z0-9_]+) = (\d+);$/gm, (line, name: string, n: string) =>
      Number(n) >= 28 ? `export const ${name} = ${Number(n) + 1};` : line,
    );
    text = text
      .replace('export const REMOVE_CALLS', 'export const PROTECT_CALLS = 28;\nexport const REMOVE_CALLS')
      .replace(
        "  [REMOVE_CALLS, 'removeCalls'",
        "  [PROTECT_CALLS, 'protectCalls', 'pmap_protect calls', 'pmap_protect'],\n  [REMOVE_CALLS, 'removeCalls'",
      );
    const protect = edited(
      PROTECT,
      'enterCall(m, EV_PROTECT,',
      'm.counters[PROTECT_CALLS]++;\n  enterCall(m, EV_PROTECT,',
    ).replace(
      /import \{([^}]*)\} from '\.\.\/counters\.ts';/,
      (_line, names: string) => `import { PROTECT_CALLS,${names}} from '../counters.ts';`,
    );
    return gitDiff({ [COUNTERS]: text, [PROTECT]: protect });
  }

  it('is new, and every other number is what it is', async () => {
    const [mine, theirs] = await patched(write('counter.diff', inserted()), async (column) => [
      await recordsOf(column, workloads),
      await recordsOf(builtIn('landed'), workloads),
    ]);
    const counted = mine.map(({ apart }) => apart!.counters.protectCalls!);
    expect(counted.some((n) => n > 0)).toBe(true);
    expect(mine.map(({ apart: _apart, ...record }) => plain(record))).toEqual(theirs.map(plain));
    mine.forEach((record, i) => expect(sameRecord(record, theirs[i]!)).toBe(false));
  });

  it('is said so', () => {
    const path = write('counter.diff', inserted());
    const { stdout, status } = pmapdiff('compare', '--patch', path, '-w', 'protections');
    expect(stdout).toMatch(/unexpected protectCalls is new: 0 -> \d+/);
    expect(status).toBe(1);
    const declared = write('declared.diff', `Intends: protectCalls more: it is new\n\n${inserted()}`);
    expect(pmapdiff('compare', '--patch', declared, '-w', 'protections').status).toBe(0);
  });
});

describe('functions that a patch changes', () => {
  const path = (): string =>
    write(
      'functions.diff',
      gitDiff({
        'core/pmap/protect.ts': edited(
          'core/pmap/protect.ts',
          'const addHi = (prot',
          'const unused = 1;\n  const addHi = (prot',
        ).replace('& VM_PROT_EXECUTE) === 0 ? PG_NX_HI : 0;', '& VM_PROT_EXECUTE) === 0 && unused ? PG_NX_HI : 0;'),
      }),
    );

  it('are named where no workload enters them', () => {
    const { stdout } = pmapdiff('compare', '--patch', path(), '-w', 'exit-touched');
    expect(stdout).toContain('1 not exercised');
    expect(stdout).toContain('core/pmap/protect.ts: protectRange: never entered');
    expect(stdout).toContain(
      'changed, but never reached: core/pmap/protect.ts: protectRange (functions against landed)',
    );
    expect(pmapdiff('compare', '--patch', path(), '-w', 'exit-touched', '--require-exercised').status).toBe(1);
  });

  it('are counted where one does', () => {
    const { stdout, status } = pmapdiff(
      'compare',
      '--patch',
      path(),
      '-w',
      'exit-touched',
      'protections',
      '--require-exercised',
    );
    expect(stdout).toMatch(/protectRange: \d+ calls? in 1 workload: protections \d+/);
    expect(status).toBe(0);
  });
});

describe('the cache', () => {
  const diff = (): string =>
    write(
      'cached.diff',
      gitDiff({
        'core/pmap/protect.ts': edited(
          'core/pmap/protect.ts',
          'const { words } = m;\n  const keepLo',
          'const words = m.words;\n  const keepLo',
        ),
      }),
    );
  const entries = (): string[] => readdirSync(join(folder, 'pmapdiff')).toSorted();
  const some = (): Workload[] => workloads.slice(0, 12);

  it('gives the records of a new bundle', async () => {
    rmSync(join(folder, 'pmapdiff'), { recursive: true, force: true });
    const fresh = await patched(diff(), (column) => recordsOf(column, some()), false);
    expect(() => entries()).toThrow('ENOENT');
    const first = await patched(diff(), (column) => recordsOf(column, some()));
    expect(entries().length).toBeGreaterThan(0);
    const again = await patched(diff(), (column) => recordsOf(column, some()));
    expect([first, again]).toEqual([fresh, fresh]);
  });

  it('runs nothing that is not what was put there', async () => {
    for (const name of entries()) {
      const file = join(folder, 'pmapdiff', name);
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replace(/"code":"/, '"code":"process.exit(7);'));
    }
    const { stdout, status } = pmapdiff('compare', '--patch', diff(), '-w', 'exit-touched');
    expect([stdout.includes('exit(7)'), status]).toEqual([false, 0]);
  });
});

describe('a bad patch', () => {
  it('ends with exit 2, one line, and nothing written', () => {
    const before = readdirSync(join(folder, 'pmapdiff'));
    const path = write('bad.diff', asDiffOfLanded('baseline').replace('landed.ts\n+++', 'missing.ts\n+++'));
    const { status, stdout, stderr } = pmapdiff('compare', '--patch', path, '-w', 'exit-touched');
    expect([status, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1]);
    expect(readdirSync(join(folder, 'pmapdiff'))).toEqual(before);
  });

  it('imports nothing from outside', () => {
    const text = `import { readFileSync } from 'node:fs';\n${readSource('variants/landed.ts')}`;
    const { status, stdout } = pmapdiff(
      'compare',
      '--patch',
      write('fs.diff', gitDiff({ 'variants/landed.ts': text })),
      '-w',
      'exit-touched',
    );
    expect(stdout).toContain(
      "variants/landed.ts:1:30: expected an import of a file of core/ or variants/, got 'node:fs'",
    );
    expect(status).toBe(3);
  });

  it('with a type error warns, or ends with exit 2', () => {
    const text = edited(
      'core/pmap/protect.ts',
      'let changed = false;\n  m.counters',
      "let changed: boolean = 'no';\n  m.counters",
    );
    const path = write('type.diff', gitDiff({ 'core/pmap/protect.ts': text }));
    const loose = pmapdiff('compare', '--patch', path, '-w', 'exit-touched');
    const line = text.split('\n').findIndex((one) => one.includes("let changed: boolean = 'no'")) + 1;
    expect(loose.stderr).toContain(
      `warning: type: type error: core/pmap/protect.ts:${line}:7: Type 'string' is not assignable`,
    );
    const { status, stdout, stderr } = pmapdiff('compare', '--patch', path, '-w', 'exit-touched', '--strict');
    expect([status, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1]);
  });
});

describe('a patch whose code at module level reaches for what is outside', () => {
  const gone = (name: string): RegExp => new RegExp(`core/pmap/protect\\.ts:1: ReferenceError: ${name} is not defined`);
  const table: readonly (readonly [code: string, says: RegExp])[] = [
    ['process.exit(7)', gone('process')],
    ["fetch('http://localhost')", gone('fetch')],
    ['setTimeout(() => {})', gone('setTimeout')],
    ['crypto.randomUUID()', gone('crypto')],
    // Names in the module of the process itself.
    ['send({ kind: "loaded" })', gone('send')],
    ["writeSync(1, 'x')", gone('writeSync')],
    ["void import('node:fs')", /expected an import of a file of core\/ or variants\/, got 'node:fs'/],
    ["require('node:fs')", /got 'require\(…\)'|got a computed name/],
    ["const load = require; load('node:process')", /TypeError: .* is not a function/],
    ['import.meta.url.length', /TypeError: Cannot read properties of undefined/],
    ["globalThis.constructor.constructor('return process')()", /EvalError/],
    ['Array.prototype.map = 1 as never', /TypeError: Cannot assign to read only property/],
    ['if (Math.random() > 2) throw 1', /Math\.random was called/],
    ["throw new Error('odd')", /core\/pmap\/protect\.ts:1: odd/],
  ];
  const paths = (): string[] =>
    table.map(([code], i) =>
      write(
        `outside-${i}.diff`,
        gitDiff({
          'core/pmap/protect.ts': `export const outside = (() => { ${code}; })();${readSource('core/pmap/protect.ts')}`,
        }),
      ),
    );

  it('is refused, or finds nothing there', () => {
    const { stdout, status } = pmapdiff(
      'compare',
      '--json',
      '-w',
      'exit-touched',
      '--patch',
      ...paths().flatMap((path, i) => (i === 0 ? [path] : ['--patch', path])),
    );
    const answer = JSON.parse(stdout) as {
      workloads: { runs: { variant: string; ended: { kind: string; message?: string } }[] }[];
    };
    expect(status).toBe(3);
    for (const [i, [code, says]] of table.entries()) {
      const { ended } = answer.workloads[0]!.runs.find(({ variant }) => variant === `outside-${i}`)!;
      expect([code, ended.kind]).toEqual([code, 'failed']);
      expect(ended.message).toMatch(says);
    }
  });

  it('is refused by conform and bench too', () => {
    const [path] = paths();
    const vectors = join(root, 'test/fixtures/vectors/mmu');
    const conform = pmapdiff('conform', 'mmu', vectors, '--patch', path!);
    expect([conform.status, conform.stderr.trim().split('\n').length]).toEqual([3, 1]);
    expect(conform.stderr).toMatch(gone('process'));
    const bench = pmapdiff(
      'bench',
      '--task',
      'exit-cycle',
      '--rounds',
      '1',
      '--time',
      '1',
      '--no-native',
      '--patch',
      path!,
    );
    expect(bench.status).toBe(3);
    expect(bench.stdout).toMatch(gone('process'));
  });
});

describe('a patch of the judge', () => {
  it('is marked', () => {
    const text = edited(
      'core/snapshot.ts',
      'rows.put(p.stoppedAt);',
      'rows.put(p.stoppedAt);\n    rows.put(7);',
    ).replace("'stoppedAt', 'vmspace'", "'stoppedAt', 'invented', 'vmspace'");
    const judge = write('judge.diff', gitDiff({ 'core/snapshot.ts': text }));
    // F6 takes a map entry away, so that rows of the state are shown.
    const against = ['--variants', 'double-count-fix', '--against', 'double-count-fix'];
    const { stdout } = pmapdiff('compare', '--patch', judge, ...against, '-w', 'vfork-execfail-pti');
    expect(stdout).toContain('warning: judge: the patch changes the judge too: core/snapshot.ts');
    expect(stdout).toContain('invented');
  });
});
