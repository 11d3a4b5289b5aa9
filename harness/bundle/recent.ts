/** Bundles of users' variants that this process had made: each serves again while all that went into it is as it was. */
import { readFileSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { sha256 } from '../input/sha256.ts';
import type { ColumnBundle } from './column.ts';
import type { ColumnKind } from './source.ts';

/** Maximum number that is held: each is a megabyte. */
const MOST = 8;

const recent = new Map<string, ColumnBundle>();

/** file: the variant's. made: bundles it. */
export async function recently(
  kind: ColumnKind,
  file: string,
  made: () => Promise<ColumnBundle>,
): Promise<ColumnBundle> {
  const key = `${kind} ${realOf(file)}`;
  const before = recent.get(key);
  if (before !== undefined && isCurrent(before)) return before;
  const bundle = await made();
  recent.delete(key);
  recent.set(key, bundle);
  for (const oldest of recent.keys())
    if (recent.size > MOST) recent.delete(oldest);
    else break;
  return bundle;
}

/** Where a link leads now. */
function realOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return resolve(file);
  }
}

function isCurrent(bundle: ColumnBundle): boolean {
  if (bundle.kind === 'refused') return false;
  try {
    return Object.entries(bundle.files).every(([path, hash]) => sha256(readFileSync(path)) === hash);
  } catch {
    return false;
  }
}
