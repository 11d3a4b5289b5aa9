/**
 * Options and entries that had no effect. Without a warning, an answer that looks clean because of them would mislead.
 */
import { STATISTICS } from '../declare/planes.ts';
import type { ReplayStats } from '../run/record.ts';
import type { TouchPolicy } from '../workload/ops.ts';
import type { ExpectedDifference } from './accepted.ts';
import type { WorkloadComparison } from './plan.ts';
import type { MissedStop } from './stops.ts';

export type Warning =
  /** processes: of the recording, by its exits */
  | { readonly kind: 'policy'; readonly workload: string; readonly touch: TouchPolicy; readonly processes: number }
  /** a policy, and nothing that it could apply to */
  | { readonly kind: 'no-recording'; readonly touch: TouchPolicy }
  /** no page is touched but those that system calls touch */
  | { readonly kind: 'no-faults'; readonly workload: string; readonly recorder: string }
  | ({ readonly kind: 'stop'; readonly workload: string } & MissedStop)
  /** of a column that a patch makes: in words */
  | { readonly kind: 'column'; readonly variant: string; readonly text: string }
  | {
      readonly kind: 'unknown-name';
      readonly entry: ExpectedDifference;
      readonly field: 'variant' | 'workload' | 'what';
    };

/** Of a recording under a policy: to how many of its processes that applied. */
export function touchedBy({ byKind }: ReplayStats): { readonly processes: number; readonly touched: number } {
  let [processes, touched] = [0, 0];
  for (const { exit, exec } of Object.values(byKind)) {
    processes += exit.processes;
    touched += exit.touched + exec.touched;
  }
  return { processes, touched };
}

/** Warnings about how one recording was replayed. */
export function replayWarnings(workload: string, recorder: string, touch: TouchPolicy, stats: ReplayStats): Warning[] {
  const { processes, touched } = touchedBy(stats);
  if (touch === 'exec' || touch === 'all') return touched > 0 ? [] : [{ kind: 'policy', workload, touch, processes }];
  const isFaultless = stats.recordedFaults + stats.recordedFaultsPresent === 0;
  return touch === 'recorded' && isFaultless ? [{ kind: 'no-faults', workload, recorder }] : [];
}

/** Is a policy asked for though none of these workloads is a recording? */
export const policyWarnings = (touch: TouchPolicy, recorded: readonly boolean[]): Warning[] =>
  touch === 'recorded' || recorded.length === 0 || recorded.includes(true) ? [] : [{ kind: 'no-recording', touch }];

/** What `--expect` may name besides statistics: planes and the like; balances and invariants by their own names. */
const WHATS = ['outcome', 'map', 'tables', 'panic'];

/** Entries that name a variant, a workload or a kind of difference that does not exist. */
export function unknownNames(
  entries: readonly ExpectedDifference[],
  known: {
    readonly variants: readonly string[];
    readonly workloads: readonly string[];
    readonly invariants: readonly string[];
  },
): Warning[] {
  const isWhat = (what: string): boolean =>
    STATISTICS.includes(what) ||
    WHATS.includes(what) ||
    known.invariants.includes(what) ||
    (what.startsWith('balance ') && STATISTICS.includes(what.slice('balance '.length)));
  return entries.flatMap((entry) => [
    ...(known.variants.includes(entry.variant) ? [] : [{ kind: 'unknown-name', entry, field: 'variant' } as const]),
    ...(entry.workload === '*' || known.workloads.includes(entry.workload)
      ? []
      : [{ kind: 'unknown-name', entry, field: 'workload' } as const]),
    ...(isWhat(entry.what) ? [] : [{ kind: 'unknown-name', entry, field: 'what' } as const]),
  ]);
}

/** What applied to nothing in a comparison. */
export function warningsOf(
  workloads: readonly WorkloadComparison[],
  touch: TouchPolicy,
  unknown: readonly Warning[],
): Warning[] {
  return [
    ...policyWarnings(
      touch,
      workloads.map(({ recorded }) => recorded),
    ),
    ...workloads.flatMap(({ name, recorder, runs, missedStops }) => {
      const stats = runs.find(({ ended, replay }) => replay !== null && ended.kind !== 'failed')?.replay;
      return [
        ...(stats ? replayWarnings(name, recorder, touch, stats) : []),
        ...missedStops.map((missed): Warning => ({ kind: 'stop', workload: name, ...missed })),
      ];
    }),
    ...unknown,
  ];
}
