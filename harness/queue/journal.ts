/** `--resume FILE`: keeps the result of each job as it arrives, by the job's name. A later run does not repeat them. */
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import { InputError } from '../input-error.ts';

const digestOf = (id: string, text: string): string =>
  createHash('sha256').update(`${id} ${text}`).digest('hex').slice(0, 16);

export class Journal {
  readonly #path: string;
  readonly #results = new Map<string, string>();

  /** Throws InputError: the file holds something else, or cannot be written. */
  constructor(path: string) {
    this.#path = path;
    let kept = '';
    try {
      appendFileSync(path, '');
      kept = readFileSync(path, 'utf8');
    } catch (error) {
      throw new InputError(`--resume ${path}: expected a file to write, got ${(error as NodeJS.ErrnoException).code}`);
    }
    const lines = kept.split('\n');
    const refuse = (at: number): never => {
      throw new InputError(`--resume ${path}, line ${at + 1}: expected a result that a run has kept, got other text`);
    };
    for (const [at, line] of lines.slice(0, -1).entries()) {
      const [id, digest] = line.split(' ', 2);
      const text = line.slice(id.length + 1 + (digest ?? '').length + 1);
      if (digest !== digestOf(id, text)) refuse(at);
      this.#results.set(id, text);
    }
    // A last line without an end was being written when a run was killed.
    const cut = lines.at(-1)!;
    if (!/^[0-9a-f]*(?: .*)?$/.test(cut)) refuse(lines.length - 1);
    if (cut !== '') truncateSync(path, Buffer.byteLength(kept) - Buffer.byteLength(cut));
  }

  get(id: string): string | undefined {
    return this.#results.get(id);
  }

  keep(id: string, text: string): void {
    appendFileSync(this.#path, `${id} ${digestOf(id, text)} ${text}\n`);
  }
}
