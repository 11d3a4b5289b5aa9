/** The core and the variants of a git revision, as a column. Git is asked for what it stores and changes nothing. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { InputError } from '../input-error.ts';
import { packagePath } from '../input/paths.ts';
import type { Patched } from './patched.ts';
import { quoted } from './read.ts';
import { shippedFiles, shippedText } from './sources.ts';

const MAX_ANSWER = 2 ** 28;
const SHORT_HASH = 10;
export const shortHash = (hash: string): string => hash.slice(0, SHORT_HASH);
/** What runs a column beside the core: it must be the program's own, or the columns could not be compared. */
const RUNS = ['harness/child.ts', 'harness/run', 'harness/check', 'harness/workload'];

/** Throws InputError: one line. folder: in the clone that knows the revision. */
export function takeRevision(revision: string, folder = process.cwd()): Patched {
  const refuse = refusalOf(revision);
  const git = gitIn(folder, refuse);
  const commit = commitOf(revision, folder, refuse);
  const entries = git(['ls-tree', '-r', '-z', '--full-tree', commit, '--', 'core', 'variants', ...RUNS])
    .toString()
    .split('\0')
    .flatMap((entry) => {
      const found = /^(\d+) \w+ ([0-9a-f]+)\t([^]+)$/.exec(entry);
      return found === null ? [] : [{ mode: found[1], hash: found[2], path: found[3] }];
    });
  if (!entries.some(({ path }) => path.startsWith('core/'))) refuse('expected a revision with core/, found none');
  const other = entries.filter(
    ({ path, hash }) => isCode(path) && isRun(path) && hash !== shippedHash(path, hash.length),
  );
  const missing = runFiles().filter((path) => !entries.some((entry) => entry.path === path));
  const apart = [...other.map(({ path }) => path), ...missing];
  if (apart.length > 0)
    refuse(
      `not comparable: its harness differs from this program's in ${apart.slice(0, 3).join(', ')}${apart.length > 3 ? ` and ${apart.length - 3} more` : ''}`,
    );
  const own = entries.filter(({ path }) => !isRun(path) && isCode(path));
  const odd = own.find(({ mode }) => mode !== '100644');
  if (odd !== undefined) refuse(`${odd.path}: expected regular files of mode 100644, found mode ${odd.mode}`);
  const changed = own.filter(({ path, hash }) => hash !== shippedHash(path, hash.length));
  const texts =
    changed.length === 0 ? [] : blobs(git(['cat-file', '--batch'], changed.map(({ hash }) => `${hash}\n`).join('')));
  const overlay = new Map<string, string | null>(changed.map(({ path }, i) => [path, texts[i]]));
  for (const path of shippedFiles()) if (!own.some((entry) => entry.path === path)) overlay.set(path, null);
  const title = git(['show', '--no-patch', '--format=%s', commit]).toString().trim();
  const id = shortHash(commit);
  return { origin: 'rev', id, name: revision, title: title || id, intends: [], after: null, overlay, notes: [] };
}

/** One line, whatever it quotes. */
const plain = (text: string): string => quoted(text).slice(1, -1);

const refusalOf =
  (revision: string) =>
  (problem: string): never => {
    throw new InputError(`--rev ${plain(revision)}: ${problem}`);
  };

/** Throws an Error with what git said. */
const askGit = (folder: string, args: readonly string[], input?: string): Buffer =>
  execFileSync('git', [...args], {
    cwd: folder,
    maxBuffer: MAX_ANSWER,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(input === undefined ? {} : { input }),
  });

/** Git in a folder: its answer, or its first complaint. */
const gitIn =
  (folder: string, refuse: (problem: string) => never) =>
  (args: readonly string[], input?: string): Buffer => {
    try {
      return askGit(folder, args, input);
    } catch (error) {
      const { stderr, message } = error as Error & { readonly stderr?: Buffer };
      return refuse(plain((stderr?.toString() || message).trim().split('\n')[0]));
    }
  };

/** The full name of a commit. Throws InputError. */
function commitOf(revision: string, folder: string, refuse: (problem: string) => never): string {
  try {
    askGit(folder, ['rev-parse', '--git-dir']);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return refuse(
      isMissing ? 'expected git to be installed, found none' : 'expected the current folder in a git clone, found none',
    );
  }
  try {
    const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
    return askGit(folder, args).toString().trim();
  } catch {
    return refuse('expected the name of a commit in this clone, found none');
  }
}

/** A commit, and the first line of its message. */
export interface Commit {
  readonly hash: string;
  readonly title: string;
}

/** `A..B`: A, then every commit to B along first parents. Throws InputError. folder: of the clone that knows them. */
export function commitsIn(range: string, folder = process.cwd()): Commit[] {
  const refuse = refusalOf(range);
  const [, first, last] = /^(.+?)\.\.([^.].*)$/.exec(range) ?? refuse('expected a range of commits, A..B');
  const [from, to] = [first, last].map((one) =>
    commitOf(one, folder, (problem) => refuse(`${plain(one)}: ${problem}`)),
  );
  const git = gitIn(folder, refuse);
  const logged = (...args: string[]): Commit[] =>
    git(['log', '--first-parent', '--reverse', '--format=%H %s', ...args])
      .toString()
      .split('\n')
      .flatMap((line) =>
        line === '' ? [] : [{ hash: line.split(' ', 1)[0], title: line.replace(/^\S+ /, '') || shortHash(line) }],
      );
  const commits = [
    ...logged('--max-count=1', '--end-of-options', from, '--'),
    ...logged('--end-of-options', `${from}..${to}`, '--'),
  ];
  return commits.length > 1 ? commits : refuse('expected a commit in the range, found none');
}

const isCode = (path: string): boolean => path.endsWith('.ts') && !path.endsWith('/all.ts');
const isRun = (path: string): boolean => path.startsWith('harness/');

const runFiles = (): string[] =>
  RUNS.flatMap((top) =>
    top.endsWith('.ts')
      ? [top]
      : readdirSync(packagePath(top), { recursive: true, encoding: 'utf8' }).map(
          (name) => `${top}/${name.replaceAll('\\', '/')}`,
        ),
  ).filter(isCode);

/** The name that git gives to a file of this program; empty if there is none. length: of names, in digits. */
function shippedHash(path: string, length: number): string {
  const text = path.startsWith('harness/') ? readOwn(path) : shippedText(path);
  if (text === null) return '';
  const bytes = Buffer.from(text);
  return createHash(length === 64 ? 'sha256' : 'sha1')
    .update(`blob ${bytes.length}\0`)
    .update(bytes)
    .digest('hex');
}

function readOwn(path: string): string | null {
  try {
    return readFileSync(packagePath(path), 'utf8');
  } catch {
    return null;
  }
}

/** The texts of `git cat-file --batch`: a line with the size, the bytes and a newline, for each. */
function blobs(answer: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < answer.length;) {
    const end = answer.indexOf('\n', at);
    const size = Number(answer.toString('latin1', at, end).split(' ')[2]);
    texts.push(answer.toString('utf8', end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return texts;
}
