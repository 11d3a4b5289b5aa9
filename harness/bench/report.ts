/**
 * What the bench has measured, as data. Times are of one operation, in ns.
 */
import type { ContentionCheck } from './contention.ts';
import type { AimReached, Range, Speed } from './statistics.ts';
import type { BenchTask } from './task.ts';

export type BenchRow =
  | {
      readonly kind: 'measured';
      readonly variant: string;
      readonly time: Range;
      /** Of the reference's time; null: it is the reference. */
      readonly ratio: Range | null;
      readonly speed: Speed | 'reference';
    }
  | { readonly kind: 'failed'; readonly variant: string; readonly message: string };

export interface NativeRow {
  /** The variant that is compared with it. */
  readonly variant: string;
  readonly time: Range;
  /** The variant's time divided by the yardstick's. */
  readonly ratio: Range;
  /** The same of the least batch of all rounds on either side: what is left when nothing else runs on the machine. */
  readonly undisturbed: number;
  readonly aim: number | null;
  readonly reached: AimReached | null;
  /** Both sides add up what a batch did and returned. */
  readonly sums: { readonly variant: number; readonly native: number };
}

/** Both sides did and returned the same. */
export const sumsAgree = ({ sums }: NativeRow): boolean => sums.variant === sums.native;

export interface TaskResult {
  readonly task: BenchTask;
  readonly rows: readonly BenchRow[];
  /** The reference against itself in another process. Null if it failed. */
  readonly noise: Range | null;
  readonly native: NativeRow | null;
}

export interface MemoryResult {
  readonly variant: string;
  readonly from: number;
  readonly to: number;
  /** Bytes of resident memory per mapping, page-table pages of the simulated machine not counted. */
  readonly bytesPerMapping: number;
  /** Time per mapping at the end, of that at the start. */
  readonly slowdown: number;
}

export interface BenchReport {
  readonly schema: 'pmapdiff.bench/1';
  readonly node: string;
  /** Options of V8 for the tasks that call the machine themselves, and for those that run a workload. */
  readonly v8: { readonly calls: readonly string[]; readonly workload: readonly string[] };
  readonly rounds: number;
  readonly milliseconds: number;
  readonly against: string;
  readonly native:
    { readonly kind: 'measured'; readonly compiler: string } | { readonly kind: 'skipped'; readonly why: string };
  readonly tasks: readonly TaskResult[];
  readonly memory: MemoryResult | { readonly failed: string } | null;
  /** absent: it was not asked for, or there is no C compiler */
  readonly contention?: ContentionCheck;
}
