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

/** Throws InputError. folder: of the clone that knows the revision. */
export function takeRevision(revision: string, folder = process.cwd()): Patched {
  const refuse = (problem: string): never => {
    throw new InputError(`--rev ${revision}: ${problem}`);
  };
  const git = gitIn(folder, refuse);
  const commit = git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`], '')
    .toString()
    .trim();
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
      `not comparable: what runs it differs from this program's in ${apart.slice(0, 3).join(', ')}${apart.length > 3 ? ` and ${apart.length - 3} more` : ''}`,
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

/** Git in a folder: its answer, or its first complaint. */
const gitIn =
  (folder: string, refuse: (problem: string) => never) =>
  (args: readonly string[], input?: string): Buffer => {
    try {
      return execFileSync('git', [...args], {
        cwd: folder,
        maxBuffer: MAX_ANSWER,
        stdio: ['pipe', 'pipe', 'pipe'],
        ...(input === undefined ? {} : { input }),
      });
    } catch (error) {
      const { code, stderr, message } = error as NodeJS.ErrnoException & { readonly stderr?: Buffer };
      if (code === 'ENOENT') return refuse('expected git to be installed, found none');
      return refuse(quoted((stderr?.toString() || message).trim().split('\n')[0]).slice(1, -1));
    }
  };

/** A commit, and the first line of its message. */
export interface Commit {
  readonly hash: string;
  readonly title: string;
}

/** `A..B`: A, then every commit to B along first parents. Throws InputError. folder: of the clone that knows them. */
export function commitsIn(range: string, folder = process.cwd()): Commit[] {
  const refuse = (problem: string): never => {
    throw new InputError(`--rev ${range}: ${problem}`);
  };
  const [, from, to] = /^(.+?)\.\.([^.].*)$/.exec(range) ?? refuse('expected a range of commits, A..B');
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
