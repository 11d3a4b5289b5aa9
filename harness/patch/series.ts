/**
 * The patches that a command line names: one file, or a series as a folder, a mailbox or a quilt series, each patch on
 * top of those before it.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { InputError } from '../input-error.ts';
import { wholeBytes } from '../input/source.ts';
import { type Overlay, applyTo } from './apply.ts';
import { mailsOf } from './mail.ts';
import type { Patched } from './patched.ts';
import { MAX_PATCH, NO_DIFF, type Patch, quoted, readPatch } from './read.ts';
import { shippedText } from './sources.ts';

const MOST_STEPS = 1000;

/** A patch to take. `after`: what it says of the variant that it comes after. */
export interface Taken {
  readonly patched: Patched;
  readonly after: string | null;
}

/** `FILE`, or `-` for stdin. bytes: its contents, if they are read already. Throws InputError. */
export function takePatch(path: string, bytes = bytesOf(path, '--patch')): Taken {
  const name = path === '-' ? 'stdin' : path;
  const patch = readPatch(name, bytes);
  if (patch.files.length === 0) throw new InputError(`${name}: ${NO_DIFF}`);
  return { patched: patchedBy(patch, stemOf(name), name, null, new Map()), after: patch.after };
}

/** Every step of a series, the first of them first. Throws InputError. */
export function takeSeries(path: string): Taken[] {
  const mails = mailsIn(path);
  if (mails.length > MOST_STEPS)
    throw new InputError(`--series ${path}: expected at most ${MOST_STEPS} patches, got ${mails.length}`);
  const taken: Taken[] = [];
  let changes = 0;
  for (const { name, bytes, strip } of mails) {
    const patch = readPatch(name, bytes, strip);
    if (patch.files.length === 0 && patch.isAbout) continue;
    const before = taken.at(-1)?.patched;
    const stem = path === name || isMailbox(name) ? slugOf(patch.title, taken.length) : stemOf(name);
    const id = taken.some(({ patched }) => patched.id === stem) ? `${stem}-${taken.length + 1}` : stem;
    const overlay = before?.overlay ?? new Map();
    changes += patch.files.length;
    taken.push({ patched: patchedBy(patch, id, name, before?.id ?? null, overlay), after: patch.after });
  }
  if (changes === 0) throw new InputError(`--series ${path}: expected at least one patch, found none`);
  return taken;
}

function patchedBy(patch: Patch, id: string, name: string, after: string | null, before: Overlay): Patched {
  const { overlay, notes } = applyTo(name, patch.files, shippedText, before);
  return { origin: 'patch', id, name, title: patch.title || id, intends: patch.intends, after, overlay, notes };
}

interface Mail {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** as for readPatch */
  readonly strip: number | null;
}

function mailsIn(path: string): Mail[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new InputError(`--series ${path}: no such file or folder`);
  if (found.isDirectory()) {
    const list = join(path, 'series');
    if (statSync(list, { throwIfNoEntry: false })?.isFile() === true) return quilt(list);
    const names = readdirSync(path).filter((name) => /\.(?:patch|diff)$/.test(name));
    return names.toSorted().map((name) => mailAt(join(path, name)));
  }
  const bytes = bytesOf(path, '--series');
  const text = new TextDecoder().decode(bytes);
  const mails = mailsOf(text);
  if (mails.length > 0)
    return mails.map((mail, i) => ({ name: `${path}#${i + 1}`, bytes: new TextEncoder().encode(mail), strip: null }));
  if (/^(?:diff |--- |Index: )/m.test(text)) return [{ name: path, bytes, strip: null }];
  return quilt(path);
}

const isMailbox = (name: string): boolean => /#\d+$/.test(name);

/** A list of patches, one a line, beside them, and the level of each; -pab is -p1. FORMAT: quilt(1), series files. */
function quilt(list: string): Mail[] {
  const lines = readFileSync(list, 'utf8').split('\n');
  return lines.flatMap((line, i) => {
    const [name, ...options] = line
      .replace(/(?:^|\s)#.*$/, '')
      .trim()
      .split(/\s+/);
    if (name === '') return [];
    const odd = options.find((option, k) => k > 0 || !/^-p(?:\d|ab)$/.test(option));
    if (odd !== undefined) throw new InputError(`${list}:${i + 1}: expected one level such as -p1, got ${quoted(odd)}`);
    const path = join(dirname(list), name);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
      throw new InputError(`${list}:${i + 1}: expected the name of a patch, got ${quoted(name)}`);
    const [level = null] = options;
    return [mailAt(path, level === null ? null : level === '-pab' ? 1 : Number(level.slice(2)))];
  });
}

const mailAt = (path: string, strip: number | null = null): Mail => ({
  name: path,
  bytes: bytesOf(path, '--series'),
  strip,
});

const bytesOf = (path: string, option: string): Uint8Array => wholeBytes(path, `${option} ${path}`, MAX_PATCH);

const stemOf = (path: string): string =>
  basename(path)
    .replace(/\.(?:diff|patch)$/, '')
    .replaceAll(/[\s\p{Cc}]+/gu, '-') || 'patch';

const slugOf = (title: string, i: number): string =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 40) || `patch-${i + 1}`;
