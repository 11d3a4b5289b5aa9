/**
 * The bench's part of a child process: it measures one task for one variant, round by round.
 */
import type { Variant } from '../../core/index.ts';
import { now } from '../sandbox/host.ts';
import type { FromBench, ToBench } from './protocol.ts';
import { prepareTask } from './tasks/index.ts';
import { measureMemory } from './tasks/memory.ts';
import type { Prepared } from './tasks/prepared.ts';
import { Bench } from './timer.ts';

const NS_PER_MS = 1e6;
const LEAST_BATCHES = 5;

/** Warming up: stretches until so many in a row were no faster than the best before them; at least and at most so many. */
interface WarmUp {
  readonly least: number;
  readonly steady: number;
  readonly most: number;
}

const STRETCH_MS = 50;
const NOT_FASTER = 0.98;
const SMALL: WarmUp = { least: 8, steady: 4, most: 40 };
/** A whole kernel is compiled function by function. */
const WORKLOAD: WarmUp = { least: 30, steady: 10, most: 100 };

export class BenchChild {
  readonly #variant: Variant;
  #prepared: Prepared | null = null;
  #sum: number | null = null;

  readonly #describe: (error: unknown) => string;

  /** describe: what the variant throws, in one line. */
  constructor(variant: Variant, describe: (error: unknown) => string) {
    this.#variant = variant;
    this.#describe = describe;
  }

  /** Never throws: what the variant throws is an answer. */
  async answer(request: ToBench): Promise<FromBench> {
    try {
      switch (request.kind) {
        case 'bench-prepare':
          this.#prepared = prepareTask(request.task, this.#variant, request.workload, request.text);
          this.#sum = this.#prepared.batch();
          warmUp(this.#prepared.batch, request.workload === null ? SMALL : WORKLOAD);
          return { kind: 'bench-ready' };
        case 'bench-measure':
          return await this.#measure(request.milliseconds);
        case 'bench-memory':
          return measureMemory(this.#variant);
      }
    } catch (error) {
      return { kind: 'bench-failed', message: this.#describe(error) };
    }
  }

  async #measure(milliseconds: number): Promise<FromBench> {
    const { ops, batch } = this.#prepared!;
    const expected = this.#sum;
    const bench = new Bench({ time: milliseconds, iterations: LEAST_BATCHES, warmup: false, throws: true });
    bench.add('batch', () => {
      const sum = batch();
      if (sum !== expected) throw new Error(`a batch added up to ${sum}, the first one to ${expected}`);
    });
    await bench.run();
    const result = bench.tasks[0].result;
    if (!('latency' in result)) throw new Error(`tinybench ended with ${result.state}`);
    const { p50, min, samplesCount } = result.latency;
    return {
      kind: 'bench-measured',
      median: (p50 * NS_PER_MS) / ops,
      least: (min * NS_PER_MS) / ops,
      batches: samplesCount,
      sum: expected!,
    };
  }
}

/** Runs batches until the compiler has done what it will do. */
function warmUp(batch: () => number, { least, steady, most }: WarmUp): void {
  let best = Infinity;
  let sinceBest = 0;
  for (let stretch = 0; stretch < least || (sinceBest < steady && stretch < most); stretch++) {
    const start = now();
    let batches = 0;
    do {
      batch();
      batches++;
    } while (now() - start < STRETCH_MS);
    const each = (now() - start) / batches;
    sinceBest = each < best * NOT_FASTER ? 0 : sinceBest + 1;
    best = Math.min(best, each);
  }
}
