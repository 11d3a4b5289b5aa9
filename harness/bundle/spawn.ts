/** Bundles a column in a process of its own. */
import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { packagePath } from '../input/paths.ts';
import type { ColumnBundle, ColumnKind } from './column.ts';

const MAX_BUNDLE = 2 ** 26;

/** file: the variant. limitMs: wall time. Never rejects: if the bundler dies, the file is refused. */
export function bundledColumn(
  file: string,
  kind: ColumnKind,
  { isBuiltIn = false, limitMs = 30_000 } = {},
): Promise<ColumnBundle> {
  const args = [packagePath('dist', 'harness', 'bundler.js'), file, kind, isBuiltIn ? 'built-in' : 'foreign'];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: MAX_BUNDLE },
      (error, out, err) => {
        if (error === null) return resolve(JSON.parse(out) as ColumnBundle);
        const why = error.killed
          ? `took longer than ${limitMs / 1000} s to bundle`
          : error.signal === undefined || error.signal === null
            ? (err
                .trim()
                .split('\n')
                .find((line) => /Error/.test(line)) ?? error.message)
            : `ended the bundler with ${error.signal}`;
        resolve({ kind: 'refused', message: `${basename(file)}: ${why}` });
      },
    );
  });
}
