/** Reads a unified diff of C sources: which functions, macros and types each of its files changes. Nothing is applied. */
import { type StructuredPatchHunk, parsePatch } from 'diff';
import { InputError } from '../input-error.ts';
import type { KernelNames } from './kernel-names.ts';
import { type Line, type Unit, labelIn, readLines, unitOfHeading } from './kernel-source.ts';

/** comments: nothing but comments, blanks and line breaks. */
export type Change = 'changed' | 'added' | 'removed' | 'comments';

export interface Touched extends Unit {
  readonly change: Change;
}

export interface TouchedFile {
  /** from `sys/` on, or as the diff has it */
  readonly path: string;
  /** in the order of the diff, each once */
  readonly units: readonly Touched[];
  /** headings of hunks with code of which neither they nor their headings say what it belongs to */
  readonly unnamed: readonly string[];
}

interface Found {
  readonly units: Map<string, Touched>;
  readonly unnamed: string[];
}

export const isC = (path: string): boolean => /\.[ch]$/.test(path);

const MAX_DIFF = 2 ** 25;

/** name: of the diff, in messages. Throws InputError: one line. */
export function readKernelDiff(name: string, bytes: Uint8Array, names: KernelNames): TouchedFile[] {
  const refuse: (found: string) => never = (found) => {
    throw new InputError(`${name}: expected a unified diff, ${found}`);
  };
  if (bytes.length > MAX_DIFF) refuse(`of at most ${MAX_DIFF} bytes, got ${bytes.length}`);
  if (bytes.includes(0)) refuse('found a byte of value 0');
  // C sources are not all UTF-8; names are ASCII.
  const text = new TextDecoder('latin1').decode(bytes).replaceAll('\r\n', '\n');
  if (text.trim() === '') refuse('got an empty file');
  if (/^(?:GIT binary patch$|Binary files .* differ$)/m.test(text)) refuse('found a change of a binary file');
  if (/^@@@ /m.test(text)) refuse('found the combined diff of a merge');
  // A mail ends in `-- ` and the version of git, which is no line of the last hunk.
  const unsigned = text.replaceAll(/^-- \n[^\n]*\n*(?=From |$(?![\s\S]))/gm, '');
  const headings = [...unsigned.matchAll(/^@@ -\S+ \+\S+ @@ ?(.*)$/gm)].map(([, heading]) => heading);
  const files = new Map<string, Found>();
  for (const { oldFileName, newFileName, hunks } of parsed(unsigned, refuse)) {
    const named = newFileName === undefined || newFileName === '/dev/null' ? oldFileName : newFileName;
    if (named === undefined && hunks.length > 0) refuse('found a hunk before the name of its file');
    if (named === undefined) continue;
    const path = pathOf(named);
    const file: Found = files.get(path) ?? { units: new Map(), unnamed: [] };
    files.set(path, file);
    for (const hunk of hunks) {
      const heading = headings.shift() ?? '';
      if (!isC(path)) continue;
      const touched = touchedBy(hunk, unitOfHeading(heading) ?? labelled(heading, path, hunk.oldStart, names));
      if (touched.isUnnamed) file.unnamed.push(heading);
      for (const unit of touched.units) file.units.set(keyOf(unit), merged(file.units.get(keyOf(unit)), unit));
    }
  }
  if (files.size === 0) refuse('found none');
  return [...files].map(([path, { units, unnamed }]) => ({ path, units: [...units.values()], unnamed }));
}

/** git and diff take the last line at column 0 for a heading: where it is a label, the function is one that has the label. */
function labelled(heading: string, path: string, line: number, names: KernelNames): Unit | null {
  const label = labelIn(heading);
  const name = label === null ? null : names.withLabel(path, label, line);
  return name === null ? null : { kind: 'function', name, isStatic: names.isStatic(path, name) };
}

function parsed(text: string, refuse: (found: string) => never): ReturnType<typeof parsePatch> {
  try {
    return parsePatch(text);
  } catch (error) {
    return refuse(`got one that is cut or damaged: ${(error as Error).message.replaceAll(/\s+/g, ' ').slice(0, 120)}`);
  }
}

/** Without what stands before the kernel's sources: `a/`, `head/`, `/usr/src/`. */
function pathOf(name: string): string {
  const [plain] = name.replace(/\.orig$/, '').split('\t');
  const at = /(?:^|\/)(sys\/.*)$/.exec(plain);
  if (at !== null) return at[1];
  const own = plain.replace(/^[ab]\//, '');
  // A diff made inside sys/.
  return /^(?:amd64|compat|kern|vm|x86)\//.test(own) ? `sys/${own}` : own;
}

const keyOf = ({ kind, name }: Unit): string => `${kind} ${name}`;

/** A unit that several hunks touch; one that is removed here and added there has moved. */
function merged(before: Touched | undefined, after: Touched): Touched {
  if (before === undefined || before.change === 'comments') return after;
  const isSame = before.change === after.change || after.change === 'comments';
  return isSame ? before : { ...after, change: 'changed' };
}

function touchedBy(
  { lines }: StructuredPatchHunk,
  start: Unit | null,
): { readonly units: Touched[]; readonly isUnnamed: boolean } {
  const side = (other: string): { readonly lines: readonly Line[]; readonly isChanged: readonly boolean[] } => {
    const own = lines.filter((line) => !line.startsWith(other) && !line.startsWith('\\'));
    return {
      lines: readLines(
        own.map((line) => line.slice(1)),
        start,
      ),
      isChanged: own.map((line) => /^[-+]/.test(line)),
    };
  };
  const [before, after] = [side('+'), side('-')];
  const found = new Map<string, Unit>();
  for (const { lines: own, isChanged } of [before, after])
    for (const [i, { unit, code }] of own.entries())
      if (isChanged[i] && (unit !== null || code !== '')) found.set(unit === null ? '' : keyOf(unit), unit!);
  const isIn = (key: string) => (line: Line) => (line.unit === null ? '' : keyOf(line.unit)) === key;
  const codeOf = (key: string, { lines: own }: typeof before): string =>
    own
      .filter(isIn(key))
      .map(({ code }) => code)
      .join('');
  const isSame = (key: string): boolean => codeOf(key, before) === codeOf(key, after);
  /** Every line of it, with its head, is on one side only. */
  const isOnly = (key: string, here: typeof before, there: typeof before): boolean =>
    !there.lines.some(isIn(key)) && here.lines.some((line, i) => line.isHead && here.isChanged[i] && isIn(key)(line));
  const units = [...found].flatMap(([key, unit]): Touched[] => {
    if (key === '') return [];
    const change = isOnly(key, after, before)
      ? 'added'
      : isOnly(key, before, after)
        ? 'removed'
        : isSame(key)
          ? 'comments'
          : 'changed';
    return [{ ...unit, change }];
  });
  return { units, isUnnamed: found.has('') && !isSame('') };
}
