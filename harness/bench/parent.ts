/**
 * The bench: every task is measured in rounds, every column once a round, each column in a process of its own.
 *
 * Two variants are never timed in one process: what the compiler learns from the first slows the second down, or speeds
 * it up. All variants, built-in ones too, are bundled from their source in the same way.
 */
import type { ColumnBundle } from '../bundle/column.ts';
import { readBlocks } from '../input/blocks.ts';
import { loadWorkload } from '../input/load.ts';
import { corpusPath } from '../input/paths.ts';
import { NativeMissing, NativeProgram, type NativeMeasured } from './native.ts';
import { BenchFailure, BenchProcess, V8_OPTIONS } from './process.ts';
import type { FromBench, Measured, MemoryMeasured } from './protocol.ts';
import type { BenchReport, BenchRow, MemoryResult, NativeRow, TaskResult } from './report.ts';
import { aimReached, rangeOf, ratios, speedOf } from './statistics.ts';
import type { BenchTask } from './task.ts';

export interface BenchColumn {
  readonly id: string;
  /** Name of its file. */
  readonly file: string;
  readonly bundle: ColumnBundle;
}

export interface BenchOptions {
  /** The first is the reference. */
  readonly columns: readonly BenchColumn[];
  readonly tasks: readonly BenchTask[];
  readonly rounds: number;
  /** Of each column in each round. */
  readonly milliseconds: number;
  readonly native: boolean;
  readonly memory: boolean;
  readonly progress: (text: string) => void;
  readonly output: (variant: string, text: string) => void;
}

/** Id of the variant that the yardstick follows: it leaves early, and tolerates the top-level page. */
export const NATIVE_VARIANT = 'landed';

export async function bench(options: BenchOptions): Promise<BenchReport> {
  const { columns, rounds, milliseconds } = options;
  let yardstick: NativeProgram | null = null;
  let native: BenchReport['native'] = { kind: 'skipped', why: 'it was not asked for' };
  if (options.native) {
    try {
      yardstick = await NativeProgram.compile('yardstick');
      native = { kind: 'measured', compiler: yardstick.compiler };
    } catch (error) {
      if (!(error instanceof NativeMissing)) throw error;
      native = { kind: 'skipped', why: error.message };
    }
  }
  try {
    const tasks: TaskResult[] = [];
    for (const task of options.tasks) tasks.push(await new TaskBench(task, options, yardstick).run());
    return {
      schema: 'pmapdiff.bench/1',
      node: process.version,
      v8: V8_OPTIONS,
      rounds,
      milliseconds,
      against: columns[0].id,
      native,
      tasks,
      memory: options.memory ? await memory(options) : null,
    };
  } finally {
    yardstick?.close();
  }
}

/** One column while a task is measured. */
interface Runner {
  readonly column: BenchColumn;
  /** null: there is no code to run */
  readonly process: BenchProcess | null;
  readonly rounds: Measured[];
  failure: string | null;
}

class TaskBench {
  readonly #task: BenchTask;
  readonly #options: BenchOptions;
  readonly #yardstick: NativeProgram | null;
  readonly #native: NativeMeasured[] = [];

  constructor(task: BenchTask, options: BenchOptions, yardstick: NativeProgram | null) {
    this.#task = task;
    this.#options = options;
    this.#yardstick = task.native ? yardstick : null;
  }

  async run(): Promise<TaskResult> {
    const { rounds, progress } = this.#options;
    const runners = this.#chosen().map((column) => this.#start(column));
    try {
      const { id, workload, recording } = this.#task;
      const loaded = workload === null ? null : await loadWorkload(workload);
      const text = recording === undefined ? [] : await textOf(recording);
      for (const runner of runners) {
        progress(`${id}: starting ${runner.column.id}`);
        await this.#ask(runner, { kind: 'bench-prepare', task: id, workload: loaded, text });
      }
      for (let round = 0; round < rounds; round++) {
        progress(`${id}: round ${round + 1} of ${rounds}`);
        for (let i = 0; i < runners.length; i++) await this.#measure(runners[(i + round) % runners.length]);
        if (this.#yardstick !== null) this.#native.push(await this.#yardstick.measure(id, this.#options.milliseconds));
      }
    } finally {
      for (const runner of runners) runner.process?.close();
    }
    return this.#report(runners);
  }

  /** The reference, the others, and the reference again. Where variants cannot differ, one column is enough. */
  #chosen(): BenchColumn[] {
    const { columns } = this.#options;
    const reference = columns[0];
    if (this.#task.seam) return [...columns, reference];
    const followed = columns.find(({ id }) => id === NATIVE_VARIANT) ?? reference;
    return [followed, followed];
  }

  #start(column: BenchColumn): Runner {
    const { output } = this.#options;
    const { bundle, file } = column;
    if (bundle.kind === 'refused') return { column, process: null, rounds: [], failure: bundle.message };
    const measures = this.#task.workload === null ? 'calls' : 'workload';
    const process = new BenchProcess({ file, code: bundle.code }, measures, (text) => output(column.id, text));
    return { column, process, rounds: [], failure: null };
  }

  async #ask(runner: Runner, request: Parameters<BenchProcess['ask']>[0]): Promise<FromBench | null> {
    if (runner.process === null || runner.failure !== null) return null;
    try {
      return await runner.process.ask(request);
    } catch (error) {
      if (!(error instanceof BenchFailure)) throw error;
      runner.failure = error.message;
      return null;
    }
  }

  async #measure(runner: Runner): Promise<void> {
    const answer = await this.#ask(runner, { kind: 'bench-measure', milliseconds: this.#options.milliseconds });
    if (answer?.kind === 'bench-measured') runner.rounds.push(answer);
  }

  #report(runners: readonly Runner[]): TaskResult {
    const reference = runners[0];
    const again = runners.at(-1)!;
    const base = medians(reference);
    const noise = (reference.failure ?? again.failure) ? null : ratios(medians(again), base);
    const rows = runners.slice(0, -1).map((runner): BenchRow => {
      const variant = runner.column.id;
      if (runner.failure !== null) return { kind: 'failed', variant, message: runner.failure };
      const time = rangeOf(medians(runner));
      if (runner === reference || noise === null)
        return { kind: 'measured', variant, time, ratio: null, speed: 'reference' };
      const ratio = ratios(medians(runner), base);
      return { kind: 'measured', variant, time, ratio, speed: speedOf(ratio, noise) };
    });
    return { task: this.#task, rows, noise, native: this.#nativeRow(runners) };
  }

  #nativeRow(runners: readonly Runner[]): NativeRow | null {
    const runner = runners.find(({ column, failure }) => column.id === NATIVE_VARIANT && failure === null);
    if (this.#native.length === 0 || runner === undefined) return null;
    const { aim } = this.#task;
    const times = this.#native.map(({ median }) => median);
    const ratio = ratios(medians(runner), times);
    return {
      variant: runner.column.id,
      time: rangeOf(times),
      ratio,
      undisturbed: leastOf(runner.rounds) / leastOf(this.#native),
      aim,
      reached: aim === null ? null : aimReached(ratio, aim),
      sums: { variant: runner.rounds[0].sum, native: this.#native[0].sum },
    };
  }
}

/** The text of a recording of the corpus, in blocks. */
async function textOf(recording: string): Promise<string[]> {
  const blocks: string[] = [];
  for await (const block of readBlocks(corpusPath(recording), () => ({ total: Infinity, expected: '' })))
    blocks.push(block);
  return blocks;
}

const leastOf = (rounds: readonly { readonly least: number }[]): number =>
  Math.min(...rounds.map(({ least }) => least));

const medians = (runner: Runner): number[] => runner.rounds.map(({ median }) => median);

async function memory({ columns, output, progress }: BenchOptions): Promise<BenchReport['memory']> {
  const column = columns.find(({ id }) => id === NATIVE_VARIANT) ?? columns[0];
  progress('memory of a million mappings');
  const { bundle, file } = column;
  if (bundle.kind === 'refused') return { failed: bundle.message };
  const child = new BenchProcess({ file, code: bundle.code }, 'calls', (text) => output(column.id, text));
  try {
    return memoryReport(column.id, (await child.ask({ kind: 'bench-memory' })) as MemoryMeasured);
  } catch (error) {
    if (!(error instanceof BenchFailure)) throw error;
    return { failed: error.message };
  } finally {
    child.close();
  }
}

const memoryReport = (variant: string, measured: MemoryMeasured): MemoryResult => {
  const { from, to, resident, tables, firstNs, lastNs } = measured;
  return { variant, from, to, bytesPerMapping: (resident - tables) / (to - from), slowdown: lastNs / firstNs };
};
