/** Applies the hunks of a patch to the sources of the program, in memory. */
import { type StructuredPatchHunk, applyPatch, reversePatch } from 'diff';
import { InputError } from '../input-error.ts';
import { type FilePatch, headOf, quoted } from './read.ts';

/** Sources that differ from the program's, by path; null: the file is gone. */
export type Overlay = ReadonlyMap<string, string | null>;

/** Number of lines of context that may differ when a hunk fits nowhere as it is. */
const FUZZ = 2;

export interface Applied {
  readonly overlay: Overlay;
  /** hunks that were taken though their context differs */
  readonly notes: readonly string[];
}

/**
 * read: the text of a source file before the patch, null if there is none. overlay: what earlier patches changed. Throws
 * InputError: file, hunk, expected and found lines.
 */
export function applyTo(
  name: string,
  files: readonly FilePatch[],
  read: (path: string) => string | null,
  overlay: Overlay = new Map(),
): Applied {
  const after = new Map(overlay);
  const notes: string[] = [];
  for (const file of files) {
    const before = overlay.has(file.path) ? overlay.get(file.path)! : read(file.path);
    after.set(file.path, applied(name, file, before, notes));
  }
  for (const [path, text] of after) if (text === read(path)) after.delete(path);
  return { overlay: after, notes };
}

function applied(
  name: string,
  { path, change, hunks }: FilePatch,
  before: string | null,
  notes: string[],
): string | null {
  const refuse = (problem: string): never => {
    throw new InputError(`${name}: ${path}: ${problem}`);
  };
  if (change === 'new') {
    const text = fitted('', hunks, 0) ?? refuse('a new file: expected added lines only');
    if (before === null) return text;
    return refuse(before === text ? 'already applied' : 'a new file: there is one of that name');
  }
  if (before === null) return refuse(change === 'gone' ? 'already applied: there is no such file' : 'no such file');
  const exact = fitted(before, hunks, 0);
  if (exact !== null) return ended(exact, change, refuse);
  if (fitted(before, reversed(hunks), 0) !== null) return refuse('already applied');
  const near = fitted(before, hunks, FUZZ);
  const at = hunks.findIndex((_hunk, i) => fitted(before, hunks.slice(0, i + 1), 0) === null);
  const which = `hunk ${at + 1} of ${hunks.length} (${headOf(hunks[at])})`;
  if (near === null) return refuse(`${which} does not apply: ${misfit(before, hunks, at)}`);
  notes.push(`${path}: ${which} applied with fuzz: ${misfit(before, hunks, at)}`);
  return ended(near, change, refuse);
}

function ended(text: string, change: FilePatch['change'], refuse: (problem: string) => never): string | null {
  if (change !== 'gone') return text;
  return text === '' ? null : refuse('a removed file: expected its hunk to remove every line');
}

function fitted(text: string, hunks: readonly StructuredPatchHunk[], fuzzFactor: number): string | null {
  const patch = { oldFileName: '', newFileName: '', oldHeader: '', newHeader: '', hunks: [...hunks] };
  const found = applyPatch(text, patch, { fuzzFactor, autoConvertLineEndings: false });
  return found === false ? null : found;
}

const reversed = (hunks: readonly StructuredPatchHunk[]): readonly StructuredPatchHunk[] =>
  reversePatch({ oldFileName: '', newFileName: '', oldHeader: '', newHeader: '', hunks: [...hunks] }).hunks;

/** The first line of a hunk that is not where it should be. */
function misfit(before: string, hunks: readonly StructuredPatchHunk[], at: number): string {
  const lines = before.split('\n');
  const hunk = hunks[at];
  let line = hunk.oldStart - 1;
  for (const text of hunk.lines) {
    if (text.startsWith('+') || text.startsWith('\\')) continue;
    const [expected, found] = [text.slice(1), lines[line]];
    if (expected === `${found}\r`) return `its lines end in CR LF, and those of the file in LF`;
    if (expected !== found)
      return `line ${line + 1}: expected ${quoted(expected)}, found ${found === undefined ? 'the end' : quoted(found)}`;
    line++;
  }
  return `expected it after the preceding hunk, found it at line ${hunk.oldStart}`;
}
