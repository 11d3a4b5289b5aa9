/**
 * Reads a unified diff, git or plain, -p0 or -p1: which files of the program it changes, and what its author says before
 * the first file. Nothing is applied here.
 */
import { type StructuredPatch, type StructuredPatchHunk, parsePatch } from 'diff';
import { InputError } from '../input-error.ts';
import { isTalk, mailText, plainSubject } from './mail.ts';

/** A difference from the predecessor that the author of a patch intends. */
export interface PatchIntent {
  readonly what: string;
  readonly by: string;
  readonly why: string;
}

/** The hunks of one file. path: from the top of the program's sources, with slashes. */
export interface FilePatch {
  readonly path: string;
  readonly change: 'changed' | 'new' | 'gone';
  readonly hunks: readonly StructuredPatchHunk[];
}

export interface Patch {
  /** the subject of a mail, or `Title:`; empty if there is none */
  readonly title: string;
  /** a mail that introduces a series, or answers one */
  readonly isAbout: boolean;
  /** `After:`: the variant with whose hunks it runs; null if there is none */
  readonly after: string | null;
  readonly intends: readonly PatchIntent[];
  readonly files: readonly FilePatch[];
}

/** Maximum number of bytes of a patch. */
export const MAX_PATCH = 2 ** 22;
/** Maximum number of characters of a line that a message quotes. */
const QUOTED = 80;

/** Characters as JSON writes them, cut: a message stays on one line whatever a patch contains. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text).replaceAll(
    /[\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g,
    (char) => `\\u${char.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );

export const NO_DIFF = 'expected a unified diff, found none';

/**
 * A mail, or keys, without a change are a patch as well: a step of a series. name: of the patch, in messages. strip: how
 * many folders in front of a file's name are none of the program's, as in `patch -pN`; null: one, if that is needed.
 * Throws InputError: one line.
 */
export function readPatch(name: string, bytes: Uint8Array, strip: number | null = null): Patch {
  const refuse = (problem: string): never => {
    throw new InputError(`${name}: ${problem}`);
  };
  if (bytes.length > MAX_PATCH) refuse(`expected a patch of at most ${MAX_PATCH} bytes, got ${bytes.length}`);
  const text = mailText(decoded(bytes) ?? refuse('expected a diff in UTF-8, found other bytes'), refuse);
  if (text.includes('\0')) refuse('expected a diff of text, found a byte of value 0');
  if (text.trim() === '') refuse('expected a unified diff, got an empty file');
  const start = firstFile(text);
  const front = frontMatter(text.slice(0, start), refuse);
  const body = text.slice(start);
  if (body === '') {
    if (!front.isPatch) refuse(NO_DIFF);
    return { ...front.said, files: [] };
  }
  if (!body.endsWith('\n'))
    refuse(
      `expected a newline after the last line, got ${quoted(lineAt(body, body.lastIndexOf('\n') + 1))}: is it cut off?`,
    );
  refuseUnusable(body, refuse);
  const sections = parsed(body, text.slice(0, start).split('\n').length - 1, refuse);
  const files = sections.flatMap((section) => filePatch(section, strip, refuse) ?? []);
  if (files.length === 0) refuse(NO_DIFF);
  const twice = files.find(({ path }, i) => files.findIndex((other) => other.path === path) !== i);
  if (twice !== undefined) refuse(`expected each file once, got ${twice.path} twice`);
  return { ...front.said, files };
}

function decoded(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Where the first file begins; the length of the text if there is none. */
function firstFile(text: string): number {
  const found = /^(?:diff --git |diff -|Index: |--- [^\n]*\n\+\+\+ |@@ )/m.exec(text);
  return found === null ? text.length : found.index;
}

interface FrontMatter {
  readonly said: Pick<Patch, 'title' | 'isAbout' | 'after' | 'intends'>;
  /** it may be without a change: a mail, or keys */
  readonly isPatch: boolean;
}

/** `Key: value` lines, of a mail or not. Lines that continue a value begin with a blank. Other keys are the author's. */
function frontMatter(text: string, refuse: (problem: string) => never): FrontMatter {
  const lines = text.replaceAll(/\n[ \t]+(?=\S)/g, ' ').split('\n');
  let [title, subject, after]: [string, string, string | null] = ['', '', null];
  const intends: PatchIntent[] = [];
  for (const line of lines) {
    const found = /^(Title|Subject|After|Intends):\s*(.*?)\s*$/.exec(line);
    if (found === null) continue;
    const [, key, value] = found;
    if (key === 'Title') title = value;
    else if (key === 'Subject' && subject === '') subject = value;
    else if (key === 'After') after = value;
    else if (key === 'Intends') intends.push(intentOf(value, refuse));
  }
  if (after === '') refuse('After: expected the name of a variant, got nothing');
  const isKeyed = lines.every((line) => line.trim() === '' || /^(?:[A-Z][\w-]*:|#)/.test(line));
  const said = plainSubject(subject);
  const isAbout = isTalk(said);
  title ||= said.replace(/^(?:\[[^\]]*\]\s*)+/, '');
  return { said: { title, isAbout, after, intends }, isPatch: isKeyed || /^From \S+ /.test(text) };
}

/** `pmapLocks fewer: why` */
function intentOf(value: string, refuse: (problem: string) => never): PatchIntent {
  const found = /^(\S+)\s+([^:]+?)\s*:\s*(\S.*)$/.exec(value);
  if (found === null) return refuse(`Intends: expected 'COUNTER more|fewer|any|FORMULA: why', got ${quoted(value)}`);
  const [, what, by, why] = found;
  return { what, by, why };
}

/** What a diff may contain that cannot be taken, by the line that says so. */
const UNUSABLE: readonly (readonly [RegExp, string])[] = [
  [/^GIT binary patch$|^Binary files .* differ$/m, 'expected changes of text, found a binary file'],
  [/^(?:rename|copy) (?:from|to) /m, 'expected changes in place, found a rename or a copy'],
  [/^(?:old|new) mode /m, 'expected changes of text, found a change of a mode'],
  [/^(?:new|deleted) file mode 120000$/m, 'expected regular files, found a symbolic link'],
  [/^(?:new|deleted) file mode 160000$/m, 'expected regular files, found a submodule'],
  [/^(?:new|deleted) file mode (?!100644$)/m, 'expected regular files of mode 100644, found another mode'],
  [/^index \w+\.\.\w+ 120000$/m, 'expected regular files, found a symbolic link'],
  [/^@@@/m, 'expected a diff of two versions, found a combined diff of a merge'],
];

function refuseUnusable(body: string, refuse: (problem: string) => never): void {
  // Lines of hunks begin with a sign, so that none of them is taken for a header.
  for (const [pattern, problem] of UNUSABLE) {
    const found = pattern.exec(body);
    if (found !== null) refuse(`${problem}: ${quoted(lineAt(body, found.index))}`);
  }
}

const lineAt = (text: string, at: number): string => text.slice(at).split('\n', 1)[0];

/** above: lines in front of the body. */
function parsed(body: string, above: number, refuse: (problem: string) => never): StructuredPatch[] {
  // A mail ends in `-- ` and the version of git: no line of the last hunk.
  const unsigned = body.replaceAll(/^-- \n[^\n]*\n*(?=\n*(?:From |$(?![\s\S])))/gm, '');
  for (const line of unsigned.split('\n'))
    if (line.startsWith('@@') && !/^@@ -\d{1,9}(?:,\d{1,9})? \+\d{1,9}(?:,\d{1,9})? @@/.test(line))
      refuse(`expected '@@ -LINE,COUNT +LINE,COUNT @@', got ${quoted(line)}`);
  try {
    return parsePatch('\n'.repeat(above) + unsigned);
  } catch (error) {
    const said = quoted((error as Error).message).slice(1, -1);
    return refuse(`expected a unified diff: ${said.replace(/contained invalid line $/, 'is cut off')}`);
  }
}

/** Null for a section that changes nothing, such as text between files. */
function filePatch(
  section: StructuredPatch,
  strip: number | null,
  refuse: (problem: string) => never,
): FilePatch | null {
  const { oldFileName, newFileName, oldHeader, newHeader, hunks } = section;
  if ((oldHeader === undefined) !== (newHeader === undefined))
    refuse(`expected '--- FILE' and '+++ FILE' of ${quoted(newFileName ?? oldFileName ?? '')}, got one of them`);
  if (oldFileName === undefined || newFileName === undefined) {
    if (hunks.length > 0) refuse(`expected '--- FILE' and '+++ FILE' before ${quoted(headOf(hunks[0]))}`);
    return null;
  }
  const [before, after] = [pathOf(oldFileName, strip, refuse), pathOf(newFileName, strip, refuse)];
  if (before === null && after === null) return refuse('expected the name of a file, got /dev/null twice');
  if (before !== null && after !== null && before !== after)
    refuse(`expected changes in place, got ${before} and ${after}`);
  const path = (after ?? before)!;
  const git = section as { readonly isCreate?: boolean; readonly isDelete?: boolean };
  const isNew = before === null || git.isCreate === true;
  const isGone = after === null || git.isDelete === true;
  if (hunks.length === 0 && !isNew && !isGone) return refuse(`${path}: expected a hunk, found none`);
  let end = 1;
  for (const hunk of hunks) {
    if (hunk.oldStart < end)
      refuse(`${path}: expected hunks in ascending order, from line ${end} on, got ${quoted(headOf(hunk))}`);
    end = hunk.oldStart + hunk.oldLines;
  }
  return { path, change: isNew ? 'new' : isGone ? 'gone' : 'changed', hunks };
}

export const headOf = ({ oldStart, oldLines, newStart, newLines }: StructuredPatchHunk): string =>
  `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`;

/** Characters in the name of a file or folder. */
const MAX_NAME = 200;

const IS_OURS = /^(?:core|variants)\//;

/** From the top of the sources; null for /dev/null. */
function pathOf(name: string, strip: number | null, refuse: (problem: string) => never): string | null {
  if (name === '/dev/null') return null;
  const plain = name.replace(/\.orig$|~$/, '');
  const folders = strip ?? (IS_OURS.test(plain) ? 0 : 1);
  const path = plain.split('/').slice(folders).join('/');
  const parts = path.split('/');
  const isOdd =
    parts.some((part) => part === '' || part === '.' || part === '..' || part.length > MAX_NAME) ||
    parts.slice(0, -1).some((part) => part.endsWith('.ts'));
  // eslint-disable-next-line no-control-regex
  if (!IS_OURS.test(path) || isOdd || /[\\\u0000-\u001F\u007F]/.test(name) || /^\/|^[A-Za-z]:/.test(name))
    return refuse(
      `expected files of core/ and variants/, got ${quoted(name)}` +
        (/\.[chS]$/.test(plain) ? ': pmapdiff review takes a diff of the kernel' : ''),
    );
  if (!path.endsWith('.ts')) return refuse(`expected TypeScript files, got ${quoted(name)}`);
  if (path.endsWith('/all.ts')) return refuse(`expected no list that the build writes, got ${quoted(name)}`);
  return path;
}
