/**
 * Runs the ledger: every case of every finding through the variants that it expects something of.
 */
import { type Machine, type Variant, defineVariant } from '../../core/index.ts';
import { variantById } from '../../variants/index.ts';
import { checkers } from '../check/checker.ts';
import { loadCorpus } from '../input/load.ts';
import type { RunRecord } from '../run/record.ts';
import { run } from '../run/run.ts';
import type { Workload } from '../workload/ops.ts';
import { parseWorkload } from '../workload/text/parse.ts';
import type { ExpectedCell, Finding, FindingCase, Observed } from './finding.ts';
import { ledger } from './index.ts';
import type { CaseResult, Cell, CellStatus, FindingResult } from './result.ts';

/** Throws WorkloadError for a workload that cannot be read, RangeError for a variant that does not exist. */
export async function runFindings(findings: readonly Finding[] = ledger): Promise<FindingResult[]> {
  let machine: Machine | null = null;
  const checker = checkers();
  const runCase = async (id: string, one: FindingCase): Promise<CaseResult> => {
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
      const { value, otherwise } = cell;
      return { variant, status: statusOf(cell, got), expected: value, got, ...(otherwise && { otherwise }) };
    });
    return { name, observes, source, workload: textOf(workload), cells };
  };
  const reports: FindingResult[] = [];
  for (const { id, title, thread, claim, control, cases } of findings) {
    const done: CaseResult[] = [];
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
