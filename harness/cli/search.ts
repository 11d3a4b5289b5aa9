/** What commands that search have in common: numbers, the pair that they run, and the folder that they write to. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Column } from '../columns/column.ts';
import { OutputFile } from '../output-file.ts';
import { pairOf as pairOfColumns } from '../pool/hunting.ts';
import type { Pair, Want } from '../search/pair.ts';
import { UsageError } from './errors.ts';

export const MOST_SEED = 2 ** 32 - 1;

/** Throws UsageError. */
export function countOf(
  option: string,
  text: string | undefined,
  otherwise: number,
  [least, most]: readonly [number, number],
): number {
  if (text === undefined) return otherwise;
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  if (count >= least && count <= most) return count;
  throw new UsageError(`${option}: expected a number from ${least} to ${most}, got ${JSON.stringify(text)}`);
}

/** Throws UsageError: they are one. */
export function pairOf(command: string, reference: Column, candidate: Column, want: Want): Pair {
  const ids = [reference.facts.id, candidate.facts.id];
  if (ids[0] === ids[1]) throw new UsageError(`${command}: expected two variants, got ${ids[0]} twice`);
  return pairOfColumns(reference, candidate, want);
}

/** false: there is nothing yet. Throws UsageError: it is a file, or has no name. */
export function isFolder(path: string): boolean {
  if (path === '') throw new UsageError('--out: expected a folder, got an empty name');
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() === false) throw new UsageError(`--out ${path}: expected a folder, got a file`);
  return stat !== undefined;
}

/** Writes files, by name and text, and returns their paths. */
export async function writtenTo(
  folder: string,
  files: readonly (readonly [name: string, text: string])[],
): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const paths: string[] = [];
  for (const [name, text] of files) {
    const path = join(folder, name);
    await new OutputFile(path, []).write((made) => writeFileSync(made, text));
    paths.push(path);
  }
  return paths;
}
