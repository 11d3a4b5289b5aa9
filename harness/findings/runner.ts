/**
 * Runs the ledger: every case of every finding through the variants that it expects something of.
 */
import { type Machine, type Variant, defineVariant } from '../../core/index.ts';
import { variantById } from '../../variants/index.ts';
import { checkers } from '../check/checker.ts';
import type { RunRecord } from '../run/record.ts';
import { run } from '../run/run.ts';
import { loadCorpus } from '../workload/load.ts';
import type { Workload } from '../workload/ops.ts';
import { parseWorkload } from '../workload/text/parse.ts';
import type { ExpectedCell, Finding, FindingCase, Observed } from './finding.ts';
import { ledger } from './index.ts';

/**
 * reproduced: the remark shows, as its source says. absent: it does not, as its source says. not exercised: the workload
 * never came to it, or its run failed. differs: something else was observed than the source says.
 */
export type CellStatus = 'reproduced' | 'absent' | 'not exercised' | 'differs';

export interface Cell {
  readonly variant: string;
  readonly status: CellStatus;
  readonly expected: Observed;
  readonly got: Observed | null;
}

export interface CaseReport {
  readonly name: string;
  readonly observes: string;
  readonly source: string;
  readonly workload: string;
  readonly cells: readonly Cell[];
}

export interface FindingReport {
  readonly id: string;
  readonly title: string;
  readonly thread: string;
  readonly claim: string;
  readonly control: string;
  readonly cases: readonly CaseReport[];
}

/** Whether every cell is as its source says. */
export const holds = ({ cases }: FindingReport): boolean =>
  cases.length > 0 &&
  cases.every(
    ({ cells }) => cells.length > 0 && cells.every(({ status }) => ['reproduced', 'absent'].includes(status)),
  );

/** Throws WorkloadError for a workload that cannot be read, RangeError for a variant that does not exist. */
export async function runFindings(findings: readonly Finding[] = ledger): Promise<FindingReport[]> {
  let machine: Machine | null = null;
  const checker = checkers();
  const runCase = async (id: string, one: FindingCase): Promise<CaseReport> => {
    const { name, observes, source, workload, without, checked = false, expected, against, observe } = one;
    const parsed = await workloadOf(id, workload);
    const record = (variantId: string): RunRecord => {
      const variant = variantById(variantId);
      if (variant === undefined) throw new RangeError(`finding ${id}: expected a variant, got ${variantId}`);
      const planted = without === undefined ? variant : leaveOut(variant, without);
      const result = run(machine, parsed, planted, { check: checked }, { checker });
      ({ machine } = result);
      return result.record;
    };
    const other = against === undefined ? null : record(against);
    const cells = Object.entries(expected).map(([variant, cell]): Cell => {
      const mine = record(variant);
      const got = mine.ended.kind === 'failed' ? null : observe(mine, other ?? mine);
      return { variant, status: statusOf(cell, got), expected: cell.value, got };
    });
    return { name, observes, source, workload: textOf(workload), cells };
  };
  const reports: FindingReport[] = [];
  for (const { id, title, thread, claim, control, cases } of findings) {
    const done: CaseReport[] = [];
    for (const one of cases) done.push(await runCase(id, one));
    reports.push({ id, title, thread, claim, control, cases: done });
  }
  return reports;
}

async function workloadOf(id: string, workload: FindingCase['workload']): Promise<Workload> {
  if (typeof workload === 'string') return parseWorkload(workload, `finding ${id}`);
  return loadCorpus(workload.recording, { touch: workload.touch });
}

const textOf = (workload: FindingCase['workload']): string =>
  typeof workload === 'string' ? workload : `${workload.recording} --touch ${workload.touch}`;

/** The variant, but a member of the seam does nothing. */
function leaveOut(variant: Variant, member: NonNullable<FindingCase['without']>): Variant {
  return defineVariant({ ...variant, hunks: { ...variant.hunks, [member]: () => {} } });
}

function statusOf(expected: ExpectedCell, got: Observed | null): CellStatus {
  if (got === null) return 'not exercised';
  if (got !== expected.value) return 'differs';
  return expected.shows ? 'reproduced' : 'absent';
}
