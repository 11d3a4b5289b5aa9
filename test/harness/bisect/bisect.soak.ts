/** Series of patches and of commits, step by step in processes, and `git bisect run`. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cliFile, plainEnv } from '../../support/command.ts';
import { plainDiff } from '../../support/diffs.ts';
import { readSource, root } from '../../support/layers.ts';

const REMOVE = 'core/pmap/remove.ts';
const EARLY = 'const early = m.hunks.removeIsNoop(m, pmap);';
/** No call leaves early any more: F2. */
const NEVER = 'const early = m.hunks.removeIsNoop(m, pmap) && pmap.id < 0;';

/** What a step makes of the text of the one before it. */
type Change = (text: string) => string;
const replaced =
  (find: string, by: string): Change =>
  (text) => {
    if (text.split(find).length !== 2) throw new Error(`expected once: ${find}`);
    return text.replace(find, by);
  };
const comment =
  (n: number): Change =>
  (text) =>
    `${text}// ${n}\n`;
const breaks = replaced('function pmapRemove(', 'function function pmapRemove(');
const mends = replaced('function function pmapRemove(', 'function pmapRemove(');

/** Shows from p4 to p8, of which p4 and p5 do not build, nor does p2. */
const CHANGES: readonly Change[] = [
  comment(1),
  breaks,
  mends,
  (text) => breaks(replaced(EARLY, NEVER)(text)),
  comment(5),
  mends,
  comment(7),
  comment(8),
  replaced(NEVER, EARLY),
  comment(10),
];

let folder: string;
let repository: string;
const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-C', repository, ...args], { encoding: 'utf8' });
const run = (args: readonly string[], cwd = folder) =>
  spawnSync(process.execPath, [cliFile(), ...args], {
    encoding: 'utf8',
    env: { ...plainEnv, XDG_CACHE_HOME: folder },
    cwd,
  });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pmapdiff-bisect-'));
  repository = join(folder, 'clone');
  for (const path of ['core', 'variants', 'harness/child.ts', 'harness/run', 'harness/check', 'harness/workload'])
    cpSync(join(root, path), join(repository, path), { recursive: true });
  git('init', '-q', '-b', 'main');
  git('add', '.');
  git('commit', '-qm', 'start');
  mkdirSync(join(folder, 'series'));
  let text = readSource(REMOVE);
  for (const [i, change] of CHANGES.entries()) {
    const next = change(text);
    writeFileSync(join(folder, 'series', `p${String(i + 1).padStart(2, '0')}.patch`), plainDiff(REMOVE, text, next));
    writeFileSync(join(repository, REMOVE), next);
    git('commit', '-qam', `p${i + 1}`);
    text = next;
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Document {
  readonly steps: readonly { readonly id: string; readonly title: string; readonly kind: string }[];
  readonly edges: readonly { readonly kind: string; readonly among: readonly string[] }[];
}

describe.each([
  ['a folder of patches', () => ['--series', join(folder, 'series')], 'landed'],
  ['commits', () => ['--rev', 'HEAD~10..HEAD'], 'start'],
])('bisect over %s', (_what, series, first) => {
  const all = (): string[] => [...series(), '--finding', 'F2'];

  it('finds what does not build to be an interval, and what is mended to be a step', () => {
    const { stdout, status, stderr } = run(['bisect', ...all(), '--json'], repository);
    expect([status, stderr]).toEqual([1, '']);
    const { steps, edges } = JSON.parse(stdout) as Document;
    const number = (id: string): number => steps.findIndex((step) => step.id === id);
    expect([steps[0]!.id, steps[0]!.title]).toContain(first);
    expect(steps.map(({ kind }) => kind === 'skipped')).toEqual(steps.map((_one, i) => [2, 4, 5].includes(i)));
    expect(edges.map(({ kind, among }) => [kind, among.map(number)])).toEqual([
      ['introduced', [4, 5, 6]],
      ['gone', [9]],
    ]);
  });

  it('shows the whole line, and why a step cannot be tested', () => {
    const { stdout } = run(['bisect', ...all()], repository);
    expect(stdout).toContain('\n. . ? . ? ? # # # . .\n');
    expect(stdout).toContain(`${REMOVE}:`);
  });

  it('takes a verdict and a count as well', () => {
    const verdict = run(['bisect', ...series(), '--verdict', 'cost-only', '-w', 'exit-touched', '--json'], repository);
    const count = run(
      ['bisect', ...series(), '--what', 'removeEarlyExits>0', '-w', 'exit-touched', '--json'],
      repository,
    );
    const kinds = [verdict, count].map(({ stdout }) => (JSON.parse(stdout) as Document).edges.map(({ kind }) => kind));
    expect(kinds).toEqual([
      ['introduced', 'gone'],
      ['gone', 'introduced'],
    ]);
  });
});

describe('git bisect run', () => {
  const bisected = (good: string, bad: string, ...question: string[]): { status: number | null; stdout: string } => {
    git('bisect', 'start', bad, good);
    try {
      const args = ['bisect', 'run', process.execPath, cliFile(), 'bisect-step', ...question];
      return spawnSync('git', args, {
        cwd: repository,
        encoding: 'utf8',
        env: { ...plainEnv, XDG_CACHE_HOME: folder },
      });
    } finally {
      git('bisect', 'reset');
    }
  };

  it('finds the commit that was planted, past those that do not build', () => {
    // Among the last five p9 is the first that is as landed; bad is what is above that.
    const { stdout } = bisected('HEAD~2', 'HEAD', '--what', 'removeEarlyExits>0', '-w', 'exit-touched');
    expect(stdout).toMatch(/^bad: [0-9a-f]{10}: removeEarlyExits above 0 in exit-touched: removeEarlyExits \d+$/m);
    expect(stdout).toContain(`${git('rev-parse', 'HEAD~1').trim()} is the first bad commit`);
  });

  it('blames no commit that does not build', () => {
    const { stdout } = bisected('HEAD~10', 'HEAD~2', '--finding', 'F2');
    expect(stdout).toContain('skip: ');
    expect(stdout).not.toContain('is the first bad commit');
    const [p4, p5, p6] = ['HEAD~6', 'HEAD~5', 'HEAD~4'].map((one) => git('rev-parse', one).trim());
    for (const one of [p4, p5, p6]) expect(stdout).toContain(one);
    expect(stdout).toContain('The first bad commit could be any of');
  });

  it.each([
    ['an unknown finding', ['--finding', 'F99']],
    ['an unknown option', ['--fnding', 'F2']],
    ['no question', []],
    ['an unknown commit', ['--finding', 'F2', '--rev', 'no-such']],
  ])('is told to skip, not that the commit is bad, by %s', (_what, args) => {
    const { status, stdout } = run(['bisect-step', ...args], repository);
    expect([status, stdout]).toEqual([125, '']);
  });

  it('tests a patch as well', () => {
    const patch = join(folder, 'series', 'p01.patch');
    expect(readFileSync(patch, 'utf8')).toContain(REMOVE);
    expect(run(['bisect-step', '--finding', 'F2', '--patch', patch]).status).toBe(0);
    expect(run(['bisect-step', '--finding', 'F2', '--patch', `${patch}@toplevel-accounting`]).status).toBe(1);
  });
});
