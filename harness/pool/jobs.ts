/**
 * Pieces of work that do not depend on each other. A job is data, and so is its result: it can be done in this thread or
 * in another, in any order, with the same result.
 */
import { variantById } from '../../variants/index.ts';
import { builtInColumns } from '../columns/built-in.ts';
import type { Recipe } from '../columns/column.ts';
import { builtInFacts, factsAround } from '../columns/facts.ts';
import { withRecipes } from '../columns/recipe.ts';
import { type Against, planComparison } from '../compare/plan.ts';
import { type WorkloadDone, compareOne } from '../compare/run-comparison.ts';
import type { ConformKind } from '../conform/kinds.ts';
import { conformWith } from '../conform/recordings.ts';
import type { ConformReport } from '../conform/report.ts';
import { knownDifferences, knownViolations, ledger } from '../findings/index.ts';
import type { FindingResult } from '../findings/result.ts';
import { runFindings } from '../findings/runner.ts';
import { InputError } from '../input-error.ts';
import { type WorkloadText, openText, openWorkload } from '../input/load.ts';
import type { TraceOptions } from '../workload/trace/read.ts';
import { minimise, slice } from './hunting.ts';
import { draw, ease, finish, follow } from './scheduling.ts';

/** One workload through some columns. */
export interface CompareJob {
  /** the name of a built-in one, or text */
  readonly workload: string | WorkloadText;
  readonly reading: TraceOptions;
  readonly columns: readonly Recipe[];
  readonly against: Against;
  readonly check: boolean;
  /** CPU time in ms that a variant of a user's may take to load, and for the workload */
  readonly leastMs: number;
}

function compare({ workload, reading, columns, against, check, leastMs }: CompareJob): Promise<WorkloadDone> {
  return withRecipes(columns, leastMs, async (opened) => {
    const facts = opened.map((column) => column.facts);
    const plan = planComparison(
      facts.map(({ id }) => id),
      factsAround(facts),
      {
        against,
        ledger: check ? [...knownDifferences, ...knownViolations] : knownDifferences,
        predecessors: true,
        atHand: builtInFacts.map(({ id }) => id),
      },
    );
    const done = await compareOne(
      plan,
      [...opened, ...builtInColumns(plan.silent)],
      typeof workload === 'string' ? await openWorkload(workload, reading) : openText(workload),
      { check, leastMs },
      { now: () => performance.now(), running: async () => {}, isInterrupted: () => false, ran: () => {} },
    );
    return done!;
  });
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

export const JOBS = { compare, finding, slice, minimise, conform, follow, finish, draw, ease };
