/** A whole comparison on planted records: four revisions, two workloads, no machine. */
import {
  type Against,
  type WorkloadComparison,
  compareWorkload,
  neverSeen,
  planComparison,
} from '../../harness/compare/compare.ts';
import type { Known, VariantFacts } from '../../harness/compare/declarations.ts';
import { type GateOptions, tally } from '../../harness/compare/gate.ts';
import { type Report, buildReport } from '../../harness/report/model.ts';
import type { RunRecord } from '../../harness/run/record.ts';
import { parseWorkload } from '../../harness/workload/text/parse.ts';

export interface Column {
  readonly facts: VariantFacts;
  /** one record per workload */
  readonly records: readonly RunRecord[];
}

export interface Planned {
  readonly against?: Against;
  readonly ledger?: readonly Known[];
  readonly gate?: Partial<GateOptions>;
  readonly texts?: readonly string[];
  readonly steps?: boolean;
}

const GATE: GateOptions = { interrupted: false, wholeCatalog: false, requireExercised: false };

/** Compare columns over workloads w0, w1, ..: two ops each unless `texts` says otherwise. */
export function compareAll(
  columns: readonly Column[],
  planned: Planned = {},
): { report: Report; workloads: WorkloadComparison[] } {
  const { against = { kind: 'variant', id: columns[0]!.facts.id }, ledger = [], texts = [], steps = false } = planned;
  const ids = columns.map(({ facts }) => facts.id);
  const plan = planComparison(
    ids,
    columns.map(({ facts }) => facts),
    { against, ledger, steps },
  );
  const workloads = columns[0]!.records.map((_record, i) =>
    compareWorkload(
      plan,
      parseWorkload(texts[i] ?? 'a: exec sh60\na: exit\n', `w${i}`),
      columns.map(({ records }) => records[i]!),
    ),
  );
  const unseen = neverSeen(plan, workloads);
  const gate = { ...GATE, ...planned.gate };
  const report = buildReport({
    plan,
    workloads,
    against,
    complete: !gate.interrupted,
    states: [],
    neverSeen: unseen,
    findingTitles: { F1: 'Counted twice' },
    tally: tally(workloads, unseen, gate),
  });
  return { report, workloads };
}
