/**
 * The yardstick: native/yardstick.c, compiled where there is a C compiler and measured in the same rounds.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { packagePath } from '../input/paths.ts';

const FLAGS = ['-O2'];

const line = z.object({
  task: z.string(),
  batches: z.int(),
  ops: z.int(),
  median: z.number(),
  least: z.number(),
  sum: z.number(),
});

/** ns per operation over the batches of one round, and what each batch added up. */
export type NativeMeasured = z.infer<typeof line>;

/** Why there is no yardstick. */
export class NativeMissing extends Error {}

export class Yardstick {
  readonly #folder: string;
  readonly #program: string;
  /** The compiler and its flags, as called. */
  readonly compiler: string;

  /** Compiles it. Throws NativeMissing if it cannot be compiled, with the reason. */
  constructor(compiler = process.env.CC ?? 'cc') {
    this.compiler = [compiler, ...FLAGS].join(' ');
    this.#folder = mkdtempSync(join(tmpdir(), 'pmapdiff-yardstick-'));
    this.#program = join(this.#folder, 'yardstick');
    const source = packagePath('harness', 'bench', 'native', 'yardstick.c');
    try {
      execFileSync(compiler, [...FLAGS, '-o', this.#program, source], { stdio: 'pipe' });
    } catch (error) {
      this.close();
      const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: Buffer };
      const said = String(stderr ?? '')
        .split('\n')
        .find((text) => text.includes('error'));
      throw new NativeMissing(
        code === 'ENOENT' ? `no C compiler (${compiler}) was found` : `${this.compiler} failed: ${said ?? code}`,
      );
    }
  }

  /** Measures a task for about so many milliseconds. */
  measure(task: string, milliseconds: number): NativeMeasured {
    const said = execFileSync(this.#program, [task, String(milliseconds)], { encoding: 'utf8' });
    return line.parse(JSON.parse(said));
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
