/** Diffs of the program's own sources, as git and diff write them. */
import { createTwoFilesPatch } from 'diff';
import { readSource } from './layers.ts';

/** Text of a file with `find`, which must occur in it once, replaced. */
export function edited(path: string, find: string, replace: string): string {
  const parts = readSource(path).split(find);
  if (parts.length !== 2)
    throw new Error(`${path}: expected its text once, found it ${parts.length - 1} times: ${find}`);
  return parts.join(replace);
}

/** `git diff` of files whose text changes: paths and new texts. */
export const gitDiff = (changed: Readonly<Record<string, string>>): string =>
  Object.entries(changed)
    .map(([path, text]) => `diff --git a/${path} b/${path}\n${plainDiff(path, readSource(path), text)}`)
    .join('');

/** `diff -u` of one file. */
export const plainDiff = (path: string, before: string, after: string, [a, b] = [`a/${path}`, `b/${path}`]): string =>
  createTwoFilesPatch(a, b, before, after, '', '', {
    context: 3,
    headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
  });
