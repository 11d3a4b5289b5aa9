/** A whole comparison of planted records: four revisions, two workloads, no machine. */
import { type ExpectedDifference, acceptExpected } from '../../harness/compare/accepted.ts';
import { type GateOptions, tally } from '../../harness/compare/gate.ts';
import { type Against, type WorkloadComparison, neverSeen, planComparison } from '../../harness/compare/plan.ts';
import { compareWorkload } from '../../harness/compare/workload.ts';
import type { KnownDifference, VariantFacts } from '../../harness/declare/declarations.ts';
import { type CompareReport, buildReport } from '../../harness/report/compare/model.ts';
import type { RunRecord } from '../../harness/run/record.ts';
import { parseWorkload } from '../../harness/workload/text/parse.ts';

export interface Column {
  readonly facts: VariantFacts;
  /** one record per workload */
  readonly records: readonly RunRecord[];
}

export interface Planned {
  readonly against?: Against;
  readonly ledger?: readonly KnownDifference[];
  readonly gate?: Partial<GateOptions>;
  readonly texts?: readonly string[];
  readonly predecessors?: boolean;
  readonly expected?: readonly ExpectedDifference[];
}

const GATE: GateOptions = { interrupted: false, wholeCatalog: false, requireExercised: false };

/**
 * The date of planned comparisons is 2026-06-15. Compares columns over workloads w0, w1, ..: two ops each unless
 * `texts` differs.
 */
export function compareAll(
  columns: readonly Column[],
  planned: Planned = {},
): { report: CompareReport; workloads: WorkloadComparison[] } {
  const {
    against = { kind: 'variant', id: columns[0]!.facts.id },
    ledger = [],
    texts = [],
    predecessors = false,
  } = planned;
  const ids = columns.map(({ facts }) => facts.id);
  const plan = planComparison(
    ids,
    columns.map(({ facts }) => facts),
    { against, ledger, predecessors },
  );
  const workloads = columns[0]!.records.map((_record, i) =>
    compareWorkload(
      plan,
      parseWorkload(texts[i] ?? 'a: exec sh60\na: exit\n', `w${i}`),
      columns.map(({ records }) => records[i]!),
    ),
  );
  const unseen = neverSeen(plan, workloads);
  const { workloads: judged, ...expected } = acceptExpected(workloads, planned.expected ?? [], '2026-06-15');
  const gate = { ...GATE, expired: expected.expired.length, ...planned.gate };
  const report = buildReport({
    plan,
    against,
    compared: { workloads, states: [], complete: !gate.interrupted },
    judged: { workloads: judged, expected, neverSeen: unseen, tally: tally(judged, unseen, gate) },
    findingTitles: { F1: 'Counted twice' },
    files: {},
    checked: [],
  });
  return { report, workloads: [...judged] };
}
