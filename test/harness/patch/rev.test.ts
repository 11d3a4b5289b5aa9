/** A git revision as a column: what is taken of it, and what is refused. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../harness/input-error.ts';
import { takeRevision } from '../../../harness/patch/git.ts';
import { edited } from '../../support/diffs.ts';
import { readSource, root } from '../../support/layers.ts';

const PROTECT = 'core/pmap/protect.ts';
const RUNS = ['core', 'variants', 'harness/child.ts', 'harness/run', 'harness/check', 'harness/workload'];

let folder: string;
let clone: string;

function git(...args: readonly string[]): string {
  const who = ['-c', 'user.name=A', '-c', 'user.email=a@b.c', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...who, ...args], { cwd: clone, encoding: 'utf8', stdio: 'pipe' }).trim();
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(clone, path)), { recursive: true });
  writeFileSync(join(clone, path), text);
}

/** A commit in which `change` has been made, beside the first one: its name. */
function commit(subject: string, change: () => void): string {
  git('checkout', '--quiet', '--detach', 'first');
  change();
  git('add', '--all');
  git('commit', '--quiet', '--allow-empty', '-m', subject);
  return git('rev-parse', 'HEAD');
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pmapdiff-rev-'));
  clone = join(folder, 'clone');
  for (const path of RUNS) cpSync(join(root, path), join(clone, path), { recursive: true });
  git('init', '--quiet');
  write('.gitignore', 'all.ts\n*.gz\n');
  git('add', '--all');
  git('commit', '--quiet', '-m', 'Everything');
  git('tag', 'first');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What is said of a revision that cannot be taken. */
function refusal(revision: string, where = clone): string {
  try {
    takeRevision(revision, where);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error('expected the revision to be refused');
}

describe('a revision', () => {
  it('changes nothing if its core is that of the program', () => {
    const { overlay, title, name, id, origin } = takeRevision('first', clone);
    expect([overlay.size, title, name, origin]).toEqual([0, 'Everything', 'first', 'rev']);
    expect(git('rev-parse', 'first').startsWith(id)).toBe(true);
  });

  it('is what differs: texts that are new or others, and files that are gone', () => {
    const text = edited(PROTECT, 'let changed = false;\n  m.counters', 'let changed = true;\n  m.counters');
    const name = commit('pmap: one\n\nWhy.', () => {
      write(PROTECT, text);
      write('core/pmap/mine.ts', 'export const mine = "\u00e9\\r\\n";\r\n');
      rmSync(join(clone, 'core/suggest.ts'));
      write('core/README.md', 'No code.\n');
      write('harness/cli/own.ts', 'export {};\n');
    });
    const { overlay, title, after } = takeRevision(name, clone);
    expect(overlay).toEqual(
      new Map([
        [PROTECT, text],
        ['core/pmap/mine.ts', 'export const mine = "\u00e9\\r\\n";\r\n'],
        ['core/suggest.ts', null],
      ]),
    );
    expect([title, after]).toEqual(['pmap: one', null]);
  });

  it('is named in any way that git knows, from any folder of the clone', () => {
    const name = commit('Named', () => write(PROTECT, `${readSource(PROTECT)}// end\n`));
    git('branch', '--force', 'mine', name);
    const ids = ['mine', name.slice(0, 12), 'mine^{}', `${name}~0`].map(
      (one) => takeRevision(one, join(clone, 'core', 'pmap')).id,
    );
    expect(new Set(ids)).toEqual(new Set([name.slice(0, 10)]));
    expect(takeRevision('mine~1', clone).overlay.size).toBe(0);
  });

  it('leaves the clone as it is', () => {
    const before = [git('status', '--porcelain'), git('rev-parse', 'HEAD')];
    takeRevision('first', clone);
    expect([git('status', '--porcelain'), git('rev-parse', 'HEAD')]).toEqual(before);
  });
});

describe('a revision that cannot be taken', () => {
  it.each([
    ['that there is not', 'nope', 'expected the name of a commit in this clone, found none'],
    ['without a name', '', 'expected the name of a commit in this clone, found none'],
    ['that looks like an option', '--all', 'expected the name of a commit in this clone, found none'],
    ['that is a file', 'first:core/index.ts', 'expected the name of a commit in this clone, found none'],
    ['that is a range', 'first..first', 'expected the name of a commit in this clone, found none'],
    ['with a line end in its name', 'no\npe', 'expected the name of a commit in this clone, found none'],
  ])('%s', (_what, revision, says) => {
    expect(refusal(revision)).toBe(`--rev ${JSON.stringify(revision).slice(1, -1)}: ${says}`);
  });

  it('outside a clone', () => {
    expect(refusal('HEAD', folder)).toBe('--rev HEAD: expected the current folder in a git clone, found none');
  });

  it('without a core', () => {
    const name = commit('Empty', () => rmSync(join(clone, 'core'), { recursive: true }));
    expect(refusal(name)).toBe(`--rev ${name}: expected a revision with core/, found none`);
  });

  it('whose harness runs workloads differently', () => {
    const name = commit('Other', () => {
      write('harness/run/run.ts', `${readFileSync(join(clone, 'harness/run/run.ts'), 'utf8')}// x\n`);
      rmSync(join(clone, 'harness/check/bits.ts'));
    });
    expect(refusal(name)).toBe(
      `--rev ${name}: not comparable: its harness differs from this program's in harness/run/run.ts, harness/check/bits.ts`,
    );
  });

  it('with a symbolic link, or a program, among its sources', () => {
    const link = commit('Link', () => {
      rmSync(join(clone, PROTECT));
      symlinkSync('/etc/passwd', join(clone, PROTECT));
    });
    expect(refusal(link)).toBe(`--rev ${link}: ${PROTECT}: expected regular files of mode 100644, found mode 120000`);
    const program = commit('Program', () => chmodSync(join(clone, PROTECT), 0o755));
    expect(refusal(program)).toContain('found mode 100755');
  });
});
