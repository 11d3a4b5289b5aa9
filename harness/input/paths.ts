/** Locates files shipped with this package, both from the sources and from the build. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(from: string): string {
  for (let at = from; ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at;
    if (at === dirname(at)) throw new Error(`no package.json above ${from}`);
  }
}

/** Path of a file that is shipped as is, not compiled. */
export const packagePath = (...parts: string[]): string =>
  join(findRoot(dirname(fileURLToPath(import.meta.url))), ...parts);

export const corpusPath = (name: string): string => packagePath('harness', 'workload', 'corpus', `${name}.jsonl.gz`);
