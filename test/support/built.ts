/**
 * The built program, for tests that start processes. It is rebuilt only if a source file is newer; test files that need
 * it at the same time wait for the one that builds.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from '../../harness/bundle/bundle.mjs';
import { root } from './layers.ts';
import type { Modules } from './pieces.ts';

const stamp = join(root, 'dist', 'harness', 'cli.js');
const lock = join(root, 'node_modules', '.pmapdiff-build');
const PATIENCE_MS = 60_000;

const mtime = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function isStale(): boolean {
  const built = mtime(stamp);
  return ['core', 'variants', 'harness'].some((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).some(
      (name) =>
        /\.(tsx?|mjs|css|workload)$/.test(name) && !name.endsWith('all.ts') && mtime(join(root, top, name)) > built,
    ),
  );
}

function build(): void {
  const { status, stderr } = spawnSync(process.execPath, ['harness/bundle/build.mjs'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build failed: ${stderr}`);
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

/** The modules of program.ts, bundled like the program: about three times as fast as from the source. */
export async function builtProgram(): Promise<Modules> {
  const folder = join(root, 'node_modules', '.pmapdiff-program', String(process.pid));
  await bundle(
    { program: join(root, 'test/support/program.ts') },
    { folder, external: (id) => !/^[./]/.test(id), output: { codeSplitting: false } },
  );
  return (await import(/* @vite-ignore */ pathToFileURL(join(folder, 'program.js')).href)) as Modules;
}
