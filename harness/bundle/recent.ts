/** The latest bundles of users' variants: each is used again as long as none of the files in it has changed. */
import { readFileSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { sha256 } from '../input/sha256.ts';
import type { ColumnBundle } from './column.ts';
import type { ColumnKind } from './source.ts';

/** Maximum number of bundles: each takes a megabyte. */
const MOST = 8;

type Bundled = Extract<ColumnBundle, { readonly kind: 'bundled' }>;
/** By use and file, the oldest first. */
const recent = new Map<string, Bundled>();

/** file: the variant's. bundle: makes the bundle; a refusal is not kept. */
export async function recently(
  kind: ColumnKind,
  file: string,
  bundle: () => Promise<ColumnBundle>,
): Promise<ColumnBundle> {
  const key = `${kind} ${realOf(file)}`;
  const before = recent.get(key);
  if (before !== undefined && isCurrent(before)) return before;
  recent.delete(key);
  const made = await bundle();
  if (made.kind === 'bundled') recent.set(key, made);
  for (const oldest of recent.keys())
    if (recent.size > MOST) recent.delete(oldest);
    else break;
  return made;
}

/** Where a link leads now. */
function realOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return resolve(file);
  }
}

function isCurrent({ files }: Bundled): boolean {
  try {
    return Object.entries(files).every(([path, hash]) => sha256(readFileSync(path)) === hash);
  } catch {
    return false;
  }
}
