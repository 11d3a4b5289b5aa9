/** What a run of a built-in workload comes to, plane by plane, and in which order workloads are looked at. */
import { createHash } from 'node:crypto';
import { loadWorkload } from '../../harness/input/load.ts';
import type { RunRecord } from '../../harness/run/record.ts';
import { CATALOG } from '../../harness/workload/catalog/index.ts';
import { CORPUS } from '../../harness/workload/corpus/index.ts';
import type { Workload } from '../../harness/workload/ops.ts';

/** Where a fault showed first, and in what; null: nowhere. */
export type Noticed = {
  readonly how: 'records' | 'check';
  readonly workload: string;
  readonly what: string;
} | null;

/** Pass by pass, by workload: what one run came to, plane by plane. */
export type Answers = readonly Readonly<Record<string, Readonly<Record<string, string>>>>[];

/** The catalog, then the corpus: each from the shortest on. */
export async function* builtIn(): AsyncGenerator<Workload> {
  const catalog = await Promise.all(Object.keys(CATALOG).map((name) => loadWorkload(name)));
  yield* catalog.toSorted((a, b) => a.ops.length - b.ops.length);
  for (const name of Object.keys(CORPUS)) yield await loadWorkload(name, { touch: 'recorded' });
}

const hash = (parts: readonly (string | ArrayBufferView)[]): string => {
  const sum = createHash('sha1');
  for (const part of parts)
    sum.update(typeof part === 'string' ? part : new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  return sum.digest('hex');
};

export function planes({ ended, perOp, checkpoints, balance, replay, violations }: RunRecord): Record<string, string> {
  const { code, value, residentCount, wiredCount, topPages, mappedPages, excessPages } = perOp;
  return {
    ended: JSON.stringify(ended),
    outcome: hash([code, value]),
    levels: hash([residentCount, wiredCount, topPages, mappedPages, excessPages]),
    counters: hash([perOp.counterFrom, perOp.counterIndex, perOp.counterDelta]),
    map: hash(checkpoints.map(({ map }) => map)),
    tables: hash(checkpoints.map(({ tables }) => tables)),
    pmaps: hash(checkpoints.map(({ pmaps }) => pmaps)),
    balance: JSON.stringify(balance),
    replay: JSON.stringify(replay),
    violations: JSON.stringify(violations.map(({ name, op, process }) => [name, op, process])),
  };
}

/** Longer ones come last, and unchecked: their ops repeat each other, and a check after each takes long. */
const SHORT = 2000;
const isShort = ({ ops }: Workload): boolean => ops.length <= SHORT;

/** What is looked at in turn, from the cheapest on. */
export const PASSES = [
  { how: 'records', check: false, takes: isShort },
  { how: 'check', check: true, takes: isShort },
  { how: 'records', check: false, takes: (workload: Workload) => !isShort(workload) },
] as const;

/** The planes in which a run comes to something else, the invariants that do not hold, and how it ended early. */
export function differing(expected: Readonly<Record<string, string>>, got: Readonly<Record<string, string>>): string {
  const what = Object.keys(expected).filter((plane) => expected[plane] !== got[plane]);
  if (what.length === 0) return '';
  const named = new Set((JSON.parse(got.violations!) as string[][]).map(([name]) => name));
  return [...what, ...named, ...(/failed|panic/.test(got.ended!) ? [got.ended] : [])].join(' ');
}
