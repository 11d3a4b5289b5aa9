/**
 * Keeps what the bundler made of a patch, by what went into it: every source of the program, the patched ones in place of
 * theirs. An entry is used only if it is a file of this user's that nobody else can write, and what its own hash says.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  type Stats,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import about from '../../package.json' with { type: 'json' };
import { packagePath } from '../input/paths.ts';
import { sha256 } from '../input/sha256.ts';
import { withLists } from '../patch/sources.ts';
import type { ColumnSource } from './source.ts';

/** Maximum number of entries: the oldest go first. */
const MOST = 64;
const IS_ENTRY = /^[0-9a-f]{64}\.json$/;
const OTHERS_MAY_WRITE = 0o022;

/** `$XDG_CACHE_HOME`, or what the system uses for it. */
function cacheRoot(): string {
  const { XDG_CACHE_HOME: xdg = '', LOCALAPPDATA: local = '' } = process.env;
  if (xdg.startsWith('/')) return xdg;
  if (process.platform === 'win32' && local !== '') return local;
  return process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
}

/** The SHA-256 of what a bundle is made of. */
export function cacheKey(task: string, { file, overlay }: ColumnSource): string {
  const hash = createHash('sha256');
  const add = (...texts: readonly string[]): void => {
    for (const text of texts) hash.update(`${text.length}\n${text}\n`);
  };
  add(about.version, about.dependencies.rolldown, task, file.slice(packagePath().length));
  const whole = withLists(overlay ?? new Map());
  for (const top of ['core', 'variants', 'harness'])
    for (const name of readdirSync(packagePath(top), { recursive: true, encoding: 'utf8' }).toSorted()) {
      const path = `${top}/${name.replaceAll('\\', '/')}`;
      if (/\.(?:ts|mjs)$/.test(path) && !whole.has(path)) add(path, readFileSync(packagePath(path), 'utf8'));
    }
  for (const [path, text] of [...whole].toSorted(([a], [b]) => (a < b ? -1 : 1))) add(path, text ?? '\0gone');
  return hash.digest('hex');
}

export class Cache {
  readonly #folder: string;

  constructor(root = cacheRoot()) {
    this.#folder = join(root, 'pmapdiff');
  }

  /** Null if there is no entry that can be trusted. */
  get<Answer extends object>(key: string): Answer | null {
    let text: string;
    try {
      const entry = openSync(this.#path(key), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
      try {
        if (!isOwn(fstatSync(entry)) || !isOwn(statSync(this.#folder))) return null;
        text = readFileSync(entry, 'utf8');
      } finally {
        closeSync(entry);
      }
    } catch {
      return null;
    }
    const at = text.indexOf('\n');
    const body = text.slice(at + 1);
    return text.slice(0, at) === sha256(key + body) ? (JSON.parse(body) as Answer) : null;
  }

  /** A cache that cannot be written is none: nothing is said. */
  put(key: string, answer: object): void {
    const body = JSON.stringify(answer);
    const draft = join(this.#folder, `.${randomBytes(8).toString('hex')}`);
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      writeFileSync(draft, `${sha256(key + body)}\n${body}`, { mode: 0o600, flag: 'wx' });
      renameSync(draft, this.#path(key));
      this.#prune();
    } catch {
      rmSync(draft, { force: true });
    }
  }

  #path(key: string): string {
    return join(this.#folder, `${key}.json`);
  }

  #prune(): void {
    const entries = readdirSync(this.#folder).filter((name) => IS_ENTRY.test(name));
    if (entries.length <= MOST) return;
    const age = (name: string): number => statSync(join(this.#folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const aged = entries.map((name) => ({ name, at: age(name) })).toSorted((a, b) => a.at - b.at);
    for (const { name } of aged.slice(0, -MOST)) rmSync(join(this.#folder, name), { force: true });
  }
}

function isOwn({ uid, mode }: Stats): boolean {
  return process.getuid === undefined || (uid === process.getuid() && (mode & OTHERS_MAY_WRITE) === 0);
}
