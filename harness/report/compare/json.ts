/**
 * The report as JSON for machines: versioned, never coloured, the same bytes for the same answer. Holds no time, no path,
 * no host, no process and no version of anything but the schema.
 */
import type { Difference, PairComparison } from '../../compare/pair.ts';
import type { WorkloadComparison } from '../../compare/plan.ts';
import type { Numbers } from '../../compare/track.ts';
import type { Step } from '../../declare/declarations.ts';
import { jsonText } from '../words.ts';
import { REPORT_SCHEMA, type CompareReport } from './model.ts';

export const renderJson = (report: CompareReport): string => [...jsonParts(report)].join('');

/** The document in parts, one a workload: the whole of it is never in memory. */
export function* jsonParts(report: CompareReport): Generator<string> {
  const { against, againstDefault, complete, columns, titles, rows, states, totals, warnings } = report;
  const { expected, neverSeen, tally, baseline } = report;
  const { exitCode, ...counts } = tally;
  const frame = jsonText({
    schema: REPORT_SCHEMA,
    complete,
    exitCode,
    against: against.kind === 'previous' ? 'previous' : against.id,
    againstDefault,
    revisions: Object.entries(titles).map(([id, title]) => ({ id, title })),
    equalEverywhere: columns.filter(({ ids }) => ids.length > 1).map(({ ids }) => ids),
    workloads: [],
    totals: totals.flatMap(({ column: { ids, reference }, totals: list }) =>
      ids.map((candidate) => ({ reference, candidate, totals: list })),
    ),
    states,
    expected,
    neverSeen: neverSeen.map(stepJson),
    warnings,
    counts,
    ...(baseline === null ? {} : { baseline }),
  });
  // Only a key of the document itself is indented by one space: no string holds a line break.
  const key = '\n "workloads": [';
  const at = frame.indexOf(key) + key.length;
  yield frame.slice(0, at);
  for (const [i, { workload }] of rows.entries())
    yield `${i === 0 ? '' : ','}\n${jsonText(workloadJson(workload)).trimEnd()}`.replaceAll('\n', '\n  ');
  if (rows.length > 0) yield '\n ';
  yield frame.slice(at);
}

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
