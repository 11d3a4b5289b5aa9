/**
 * The yardstick: native/yardstick.c, compiled where there is a C compiler and measured in the same rounds.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { packagePath } from '../input/paths.ts';
import { makeFolder, removeFolder } from '../process/cleanup.ts';
import { runProgram } from '../process/program.ts';

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

  private constructor(folder: string, compiler: string) {
    this.compiler = [compiler, ...FLAGS].join(' ');
    this.#folder = folder;
    this.#program = join(folder, 'yardstick');
  }

  /** Compiles it. Throws NativeMissing if it cannot be compiled, with the reason. */
  static async compile(compiler = process.env.CC ?? 'cc'): Promise<Yardstick> {
    const yardstick = new Yardstick(makeFolder(join(tmpdir(), 'pmapdiff-yardstick-')), compiler);
    const source = packagePath('harness', 'bench', 'native', 'yardstick.c');
    // What the compiler leaves when it is killed is removed with the folder.
    const env = { ...process.env, TMPDIR: yardstick.#folder };
    const { failure, stderr } = await runProgram(compiler, [...FLAGS, '-o', yardstick.#program, source], { env });
    if (failure === null) return yardstick;
    yardstick.close();
    if (failure.kind === 'missing') throw new NativeMissing(`no C compiler (${compiler}) was found`);
    const why = stderr.split('\n').find((text) => text.includes('error')) ?? failure.kind;
    throw new NativeMissing(`${yardstick.compiler} failed: ${why}`);
  }

  /** Measures a task for about so many milliseconds. */
  async measure(task: string, milliseconds: number): Promise<NativeMeasured> {
    const { stdout, failure } = await runProgram(this.#program, [task, String(milliseconds)]);
    if (failure !== null) throw new Error(`the C yardstick: expected it to measure ${task}, got ${failure.kind}`);
    return line.parse(JSON.parse(stdout));
  }

  close(): void {
    removeFolder(this.#folder);
  }
}
