/**
 * Runs the ledger: every case of every finding through the variants that it expects something of, and through those that
 * are asked besides.
 */
import { type Machine, type Variant } from '../../core/index.ts';
import { variantById } from '../../variants/index.ts';
import { checkers } from '../check/checker.ts';
import { type Column, runColumn } from '../columns/column.ts';
import { runLimitMs } from '../columns/run-limit.ts';
import { loadCorpus } from '../input/load.ts';
import type { RunOptions, RunRecord } from '../run/record.ts';
import { run } from '../run/run.ts';
import { OUTCOME_NOT_RUN } from '../workload/names.ts';
import type { Workload } from '../workload/ops.ts';
import { parseWorkload } from '../workload/text/parse.ts';
import type { ExpectedCell, Finding, FindingCase, Observed } from './finding.ts';
import { ledger } from './index.ts';
import type { Answer, CaseResult, Cell, CellStatus, FindingResult } from './result.ts';

export interface FindingsOptions {
  /** variants to ask, in each case of which the ledger says nothing of them */
  readonly asked?: readonly Column[];
  /** variants whose cells are run; absent: all */
  readonly cellsOf?: readonly string[];
  /** time that each column has at least for a workload, in ms. @default as runLimitMs */
  readonly leastMs?: number;
  /** This finding runs next. */
  readonly running?: (id: string) => void;
}

/** Throws WorkloadError for a workload that cannot be read, RangeError for a variant that does not exist. */
export async function runFindings(
  findings: readonly Finding[] = ledger,
  { asked = [], cellsOf, leastMs, running = () => {} }: FindingsOptions = {},
): Promise<FindingResult[]> {
  const runner = new Runner(leastMs);
  const reports: FindingResult[] = [];
  for (const { id, kind, title, thread, claim, control, cases } of findings) {
    running(id);
    const done: CaseResult[] = [];
    for (const one of cases) done.push(await runner.run(id, one, asked, cellsOf));
    reports.push({ id, kind, title, thread, claim, control, cases: done });
  }
  return reports;
}

class Runner {
  #machine: Machine | null = null;
  readonly #leastMs: number | undefined;
  readonly #checker = checkers();
  /** per variant: whether it has a subject, by the subject's workload; null: the run never came to it */
  readonly #subjects = new Map<Column, Map<FindingCase['subject'], boolean | null>>();

  constructor(leastMs: number | undefined) {
    this.#leastMs = leastMs;
  }

  async run(
    id: string,
    one: FindingCase,
    asked: readonly Column[],
    cellsOf: readonly string[] | undefined,
  ): Promise<CaseResult> {
    const { name, observes, source, workload, without, checked = false, profiled = false, expected, against } = one;
    const parsed = await workloadOf(id, workload);
    const options = { check: checked, profile: profiled, ...(without === undefined ? {} : { without }) };
    const record = (variantId: string): RunRecord => {
      const variant = variantById(variantId);
      if (variant === undefined) throw new RangeError(`finding ${id}: expected a variant, got ${variantId}`);
      return this.#builtIn(parsed, variant, options);
    };
    const other = against === undefined ? null : record(against);
    const cells = Object.entries(expected)
      .filter(([variant]) => cellsOf === undefined || cellsOf.includes(variant))
      .map(([variant, cell]): Cell => {
        const mine = record(variant);
        const got = observed(one, mine, other ?? mine);
        const { value, otherwise } = cell;
        return { variant, status: statusOf(cell, got), expected: value, got, ...(otherwise && { otherwise }) };
      });
    const answers: Answer[] = [];
    for (const column of asked) {
      if (expected[column.facts.id] !== undefined) continue;
      const mine = await runColumn(column, parsed, options, runLimitMs(parsed.ops.length, checked, this.#leastMs));
      answers.push(await this.#answer(one, column, mine, other ?? mine));
    }
    return { name, observes, source, workload: textOf(workload), cells, answers };
  }

  #builtIn(workload: Workload, variant: Variant, options: RunOptions): RunRecord {
    const { record, machine } = run(this.#machine, workload, variant, options, { checker: this.#checker });
    this.#machine = machine;
    return record;
  }

  async #answer(one: FindingCase, column: Column, mine: RunRecord, other: RunRecord): Promise<Answer> {
    const { id: variant } = column.facts;
    const { ended } = mine;
    if (ended.kind === 'failed')
      return { variant, status: 'failed', got: null, like: [], failure: { how: ended.how, message: ended.message } };
    const got = observed(one, mine, other);
    const isShown = got === null ? null : one.isShownBy(got) && (await this.#has(column, one.subject));
    if (isShown === null) return { variant, status: 'not exercised', got: null, like: [], failure: null };
    const like = Object.entries(one.expected).flatMap(([id, { value, shows }]) =>
      value === got && shows === isShown ? [id] : [],
    );
    return { variant, status: isShown ? 'shows' : 'absent', got, like, failure: null };
  }

  async #has(column: Column, subject: FindingCase['subject']): Promise<boolean | null> {
    if (subject === undefined) return true;
    const known = this.#subjects.get(column) ?? new Map<FindingCase['subject'], boolean | null>();
    this.#subjects.set(column, known);
    const before = known.get(subject);
    if (before !== undefined) return before;
    const workload = parseWorkload(subject.workload, 'subject');
    const record = await runColumn(column, workload, {}, runLimitMs(workload.ops.length, false, this.#leastMs));
    const found = cameTo(record) ? subject.isThere(record) : null;
    known.set(subject, found);
    return found;
  }
}

/**
 * Whether a run came to all that a case is about. Its workload has no op too many, so that a run says nothing unless it ran
 * each of them: it went to the end, or to the panic that the case is about, and no process was killed before its next op.
 */
function cameTo({ ended, perOp }: RunRecord, panicsIn?: number): boolean {
  const isThere = ended.kind === 'done' || (ended.kind === 'panic' && ended.op === panicsIn);
  return isThere && !perOp.code.includes(OUTCOME_NOT_RUN);
}

/** What a case observes; null: one of the two runs never came to it. */
const observed = (one: FindingCase, mine: RunRecord, other: RunRecord): Observed | null =>
  cameTo(mine, one.panicsIn) && cameTo(other, one.panicsIn) ? one.observe(mine, other) : null;

async function workloadOf(id: string, workload: FindingCase['workload']): Promise<Workload> {
  if (typeof workload === 'string') return parseWorkload(workload, `finding ${id}`);
  return loadCorpus(workload.recording, { touch: workload.touch });
}

const textOf = (workload: FindingCase['workload']): string =>
  typeof workload === 'string' ? workload : `${workload.recording} --touch ${workload.touch}`;

function statusOf(expected: ExpectedCell, got: Observed | null): CellStatus {
  if (got === null) return 'not exercised';
  if (got !== expected.value) return 'differs';
  return expected.shows ? 'reproduced' : 'absent';
}
