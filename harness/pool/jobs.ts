/**
 * Pieces of work that do not depend on each other. A job is data, and so is its result: it can be done in this thread or
 * in another, in any order, with the same result.
 */
import { variantById } from '../../variants/index.ts';
import { builtInColumns } from '../columns/built-in.ts';
import { builtInFacts } from '../columns/facts.ts';
import { type Against, planComparison } from '../compare/plan.ts';
import { type WorkloadDone, compareOne } from '../compare/run-comparison.ts';
import type { ConformKind } from '../conform/kinds.ts';
import { conformWith } from '../conform/recordings.ts';
import type { ConformReport } from '../conform/report.ts';
import { knownDifferences, knownViolations, ledger } from '../findings/index.ts';
import type { FindingResult } from '../findings/result.ts';
import { runFindings } from '../findings/runner.ts';
import { InputError } from '../input-error.ts';
import { openWorkload } from '../input/load.ts';
import type { TraceOptions } from '../workload/trace/read.ts';
import { minimise, slice } from './hunting.ts';

/** One built-in workload through built-in variants. */
export interface CompareJob {
  readonly workload: string;
  readonly reading: TraceOptions;
  /** ids of the columns, in their order */
  readonly columns: readonly string[];
  readonly against: Against;
  readonly check: boolean;
}

async function compare({ workload, reading, columns, against, check }: CompareJob): Promise<WorkloadDone> {
  const plan = planComparison(columns, builtInFacts, {
    against,
    ledger: check ? [...knownDifferences, ...knownViolations] : knownDifferences,
    predecessors: true,
    atHand: builtInFacts.map(({ id }) => id),
  });
  const done = await compareOne(
    plan,
    builtInColumns([...plan.columns, ...plan.silent]),
    await openWorkload(workload, reading),
    { check, leastMs: Infinity },
    { now: () => performance.now(), running: async () => {}, isInterrupted: () => false, ran: () => {} },
  );
  return done!;
}

/** One finding through the variants that it expects something of, and through built-in ones that are asked besides. */
export interface FindingJob {
  readonly finding: string;
  readonly asked: readonly string[];
  /** variants whose cells are run; null: all */
  readonly cellsOf: readonly string[] | null;
}

async function finding({ finding: id, asked, cellsOf }: FindingJob): Promise<FindingResult> {
  const columns = asked.flatMap((one) => builtInColumns(builtInFacts.filter((facts) => facts.id === one)));
  const one = ledger.filter((known) => known.id === id);
  const [result] = await runFindings(one, { asked: columns, ...(cellsOf === null ? {} : { cellsOf }) });
  return result;
}

/** One recording under revisions. */
export interface ConformJob {
  readonly kind: ConformKind;
  readonly path: string;
  /** folder of the recorded programs */
  readonly traces: string;
  /** ids of built-in variants, and the recorded answers that measure each */
  readonly revisions: readonly { readonly id: string; readonly answers: string }[];
}

/** A recording that cannot be read is no failure of the job. */
async function conform({
  kind,
  path,
  traces,
  revisions,
}: ConformJob): Promise<ConformReport | { readonly refused: string }> {
  const measured = revisions.map(({ id, answers }) => ({ variant: variantById(id)!, answers }));
  try {
    return await conformWith(kind, [path], traces, measured);
  } catch (error) {
    if (error instanceof InputError) return { refused: error.message };
    throw error;
  }
}

export const JOBS = { compare, finding, slice, minimise, conform };
