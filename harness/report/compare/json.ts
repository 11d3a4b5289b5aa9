/**
 * The report as JSON for machines: versioned, never coloured, the same bytes for the same answer. Holds no time, no path,
 * no host, no process and no version of anything but the schema.
 */
import type { Difference, PairComparison } from '../../compare/pair.ts';
import type { WorkloadComparison } from '../../compare/plan.ts';
import type { Numbers } from '../../compare/track.ts';
import type { Step } from '../../declare/declarations.ts';
import { jsonParts } from '../json-parts.ts';
import { REPORT_SCHEMA, type CompareReport } from './model.ts';
import type { Total } from './totals.ts';

export const renderJson = (report: CompareReport): string => [...compareParts(report)].join('');

/** The document in parts, one a workload: neither the whole of it nor all that its totals say of workloads is in memory. */
export function* compareParts(report: CompareReport): Generator<string> {
  const { against, againstDefault, complete, columns, titles, rows, states, totals, warnings } = report;
  const { expected, neverSeen, tally, baseline } = report;
  const { exitCode, ...counts } = tally;
  yield* jsonParts({
    schema: REPORT_SCHEMA,
    complete,
    exitCode,
    against: against.kind === 'previous' ? 'previous' : against.id,
    againstDefault,
    revisions: Object.entries(titles).map(([id, title]) => ({ id, title })),
    equalEverywhere: columns.filter(({ ids }) => ids.length > 1).map(({ ids }) => ids),
    workloads: () => made(rows, ({ workload }) => workloadJson(workload)),
    totals: () =>
      totals.flatMap(({ column: { ids, reference }, totals: list }) =>
        ids.map((candidate) => ({ reference, candidate, totals: () => made(list, totalJson) })),
      ),
    states,
    expected,
    neverSeen: neverSeen.map(stepJson),
    warnings,
    counts,
    ...(baseline === null ? {} : { baseline }),
  });
  yield '\n';
}

function* made<T>(items: Iterable<T>, make: (item: T) => object): Generator<object> {
  for (const item of items) yield make(item);
}

const totalJson = (total: Total): object => ({ ...total, differing: () => total.differing });

function workloadJson(workload: WorkloadComparison): object {
  const { name, title, ops, complete, recorded, machine, runs, groups, pairs, predecessors, opTexts, missed } =
    workload;
  return {
    name,
    title,
    ops,
    complete,
    recorded,
    machine,
    missed,
    runs,
    groups,
    pairs: pairs.map((pair) => pairJson(pair, opTexts)),
    predecessors: predecessors.map((pair) => pairJson(pair, opTexts)),
  };
}

function pairJson(
  { seen: _seen, fits: _fits, sums: _sums, differences, ...pair }: PairComparison,
  opTexts: Readonly<Record<number, string>>,
): object {
  return {
    ...pair,
    differences: differences.map(({ steps, numbers, ...difference }: Difference) => ({
      ...difference,
      numbers: numbersJson(numbers, opTexts),
      at: opTexts[difference.op] ?? null,
      steps: steps.map(stepJson),
    })),
  };
}

const numbersJson = (numbers: Numbers | null, opTexts: Readonly<Record<number, string>>): object | null =>
  numbers && {
    ...numbers,
    largest: numbers.largest && { ...numbers.largest, at: opTexts[numbers.largest.op] ?? null },
  };

const stepJson = ({ variant, what, finding, intent, reversed }: Step): object => ({
  variant,
  what,
  ...(finding === null ? {} : { finding }),
  ...(intent === null ? {} : { by: intent.by, why: intent.why }),
  reversed,
});
