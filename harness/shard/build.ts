/** What identifies the program: results of two builds are never joined. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { packagePath } from '../input/paths.ts';

/** SHA-256 of the compiled program, hex. */
export function buildHash(): string {
  const dist = packagePath('dist');
  const hash = createHash('sha256');
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.js'))
    .toSorted();
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(`${dist}/${file}`));
  return hash.digest('hex');
}
