/**
 * C programs: native/yardstick.c, measured in the same rounds as the simulator, and native/contend.c, instances with real
 * locks. They are compiled where there is a C compiler.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { packagePath } from '../input/paths.ts';
import { makeFolder, removeFolder } from '../process/cleanup.ts';
import { runProgram } from '../process/program.ts';

const FLAGS = ['-O2', '-pthread'];
const LIBRARIES = ['-lm'];

const yardstickLine = z.object({
  task: z.string(),
  batches: z.int(),
  ops: z.int(),
  median: z.number(),
  least: z.number(),
  sum: z.number(),
});

/** ns per operation over the batches of one round, and what each batch added up. */
export type NativeMeasured = z.infer<typeof yardstickLine>;

const contendLine = z.object({ done: z.int().positive(), ns: z.int().positive() });

/** Why there is no such program. */
export class NativeMissing extends Error {}

export class NativeProgram {
  readonly #folder: string;
  readonly #name: string;
  /** The compiler and its flags, as called. */
  readonly compiler: string;

  private constructor(name: string, folder: string, compiler: string) {
    this.#name = name;
    this.compiler = [compiler, ...FLAGS].join(' ');
    this.#folder = folder;
  }

  /** Compiles it. Throws NativeMissing if it cannot be compiled, with the reason. */
  static async compile(name: 'yardstick' | 'contend', compiler = process.env.CC ?? 'cc'): Promise<NativeProgram> {
    const program = new NativeProgram(name, makeFolder(join(tmpdir(), `pmapdiff-${name}-`)), compiler);
    const source = packagePath('harness', 'bench', 'native', `${name}.c`);
    // What the compiler leaves when it is killed is removed with the folder.
    const env = { ...process.env, TMPDIR: program.#folder };
    const args = [...FLAGS, '-o', program.#path, source, ...LIBRARIES];
    const { failure, stderr } = await runProgram(compiler, args, { env });
    if (failure === null) return program;
    program.close();
    if (failure.kind === 'missing') throw new NativeMissing(`no C compiler (${compiler}) was found`);
    const why = stderr.split('\n').find((text) => text.includes('error')) ?? failure.kind;
    throw new NativeMissing(`${program.compiler} failed: ${why}`);
  }

  get #path(): string {
    return join(this.#folder, this.#name);
  }

  /** Of the yardstick: measures a task for about so many milliseconds. */
  async measure(task: string, milliseconds: number): Promise<NativeMeasured> {
    return yardstickLine.parse(await this.#answer([task, String(milliseconds)]));
  }

  /** Of contend: ns per life, or per update of a line, of all its threads together. */
  async contend(args: readonly (string | number)[]): Promise<number> {
    const { done, ns } = contendLine.parse(await this.#answer(args.map(String)));
    return ns / done;
  }

  async #answer(args: readonly string[]): Promise<unknown> {
    const { stdout, failure } = await runProgram(this.#path, args);
    if (failure !== null)
      throw new Error(`${this.#name}.c: expected it to measure ${args.join(' ')}, got ${failure.kind}`);
    return JSON.parse(stdout);
  }

  close(): void {
    removeFolder(this.#folder);
  }
}
