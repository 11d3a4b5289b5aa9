/**
 * The compiled program, for tests that start processes. Built anew only when a source file is newer than it; test files
 * that want it at the same time wait for the one that builds.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './layers.ts';

const stamp = join(root, 'dist', 'harness', 'cli.js');
const lock = join(root, 'node_modules', '.pmapdiff-build');
const PATIENCE_MS = 60_000;

const mtime = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function isStale(): boolean {
  const built = mtime(stamp);
  return ['core', 'variants', 'harness'].some((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).some(
      (name) => name.endsWith('.ts') && mtime(join(root, top, name)) > built,
    ),
  );
}

/** Type errors are the linter's business: what matters here is that every file was written. */
function build(): void {
  const before = mtime(stamp);
  const { stdout } = spawnSync(process.execPath, ['.build.mjs'], { cwd: root });
  if (mtime(stamp) === before) throw new Error(`the build wrote nothing: ${String(stdout)}`);
}

/** Absolute path of a file of dist/, e.g. `harness/cli.js`. */
export function builtFile(path: string): string {
  const patience = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (Date.now() > patience) throw new Error(`${lock}: another build does not end`, { cause: error });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
  try {
    if (isStale()) build();
  } finally {
    rmSync(lock, { recursive: true });
  }
  return join(root, 'dist', path);
}
