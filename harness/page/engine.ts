/** The machine in the page: it answers what the page asks, with the same functions as the command line. */
import { builtInColumns } from '../columns/built-in.ts';
import { type Column, runColumn } from '../columns/column.ts';
import { endsEarly } from '../compare/expectations.ts';
import { FAIL_CLASSES } from '../compare/gate.ts';
import { judge } from '../compare/judge.ts';
import { planComparison } from '../compare/plan.ts';
import { comparedOf, runComparison } from '../compare/run-comparison.ts';
import { PROFILED, costReport, remainder } from '../cost/ask.ts';
import { type CostReport, costOf } from '../cost/cost.ts';
import { DEFAULT_CPUS, DEFAULT_FRAMES } from '../cost/defaults.ts';
import type { VariantFacts } from '../declare/declarations.ts';
import { type Explanation, defaultDimensions, explain } from '../explain/explain.ts';
import { knownDifferences, ledger } from '../findings/index.ts';
import { renderJson } from '../report/compare/json.ts';
import { buildReport } from '../report/compare/model.ts';
import { pairReports } from '../report/compare/pair-report.ts';
import { opOutcomeText, outcomeText, panicText } from '../report/outcomes.ts';
import type { Ended, RunOptions, RunRecord } from '../run/record.ts';
import { PARTS, differingOps } from '../trace/trace.ts';
import { outcomeName } from '../workload/names.ts';
import type { Workload } from '../workload/ops.ts';
import { headOf, pieceOf } from '../workload/pieces.ts';
import { callPlace } from '../workload/places.ts';
import { parseWorkload } from '../workload/text/parse.ts';
import { opLines } from '../workload/text/print.ts';
import { type Both, type MachineView, type SideState, countersUpTo, machineView } from './machine-view.ts';
import type { Answers, Ask, ComparedText, Subject, Timeline } from './protocol.ts';

/** Wall limits mean nothing here: a run that does not end is stopped with its worker. */
const NO_LIMIT = Infinity;

const HOST = {
  now: (): number => 0,
  running: async (): Promise<void> => {},
  isInterrupted: (): boolean => false,
  ran: (): void => {},
};

export class Engine {
  /** every variant that may be run, or lies between two that are */
  readonly #facts: readonly VariantFacts[];
  /** columns that are not built in */
  readonly #own: readonly Column[];

  constructor(facts: readonly VariantFacts[], own: readonly Column[] = []) {
    this.#facts = facts;
    this.#own = own;
  }

  /** Throws WorkloadError for a text that cannot be read, RangeError if the page has no such column. */
  async answer<Kind extends Ask['kind']>(ask: Extract<Ask, { readonly kind: Kind }>): Promise<Answers[Kind]>;
  async answer(ask: Ask): Promise<Answers[Ask['kind']]> {
    switch (ask.kind) {
      case 'compare':
        return this.#compare(parse(ask), ask.columns, ask.against);
      case 'timeline':
        return this.#timeline(ask.subject);
      case 'look':
        return this.#look(ask.subject, ask.from, ask.to);
      case 'explain':
        return this.#explain(ask.subject);
      case 'cost':
        return this.#cost(ask.subject);
    }
  }

  #column(id: string): Column {
    const facts = this.#facts.find((one) => one.id === id);
    const found =
      this.#own.find((column) => column.facts.id === id) ?? (facts === undefined ? null : builtInColumns([facts])[0]);
    if (found === null || found === undefined) throw new RangeError(`expected a variant of the page, got ${id}`);
    return found;
  }

  async #compare(workload: Workload, ids: readonly string[], reference: string): Promise<ComparedText> {
    const against = { kind: 'variant', id: reference } as const;
    const plan = planComparison(ids, this.#facts, {
      against,
      ledger: knownDifferences,
      predecessors: true,
      atHand: this.#facts.filter((facts) => builtInColumns([facts]).length > 0).map(({ id }) => id),
    });
    const columns = [...ids.map((id) => this.#column(id)), ...builtInColumns(plan.silent)];
    const pieced = { head: headOf(workload), whole: workload, pieces: () => [pieceOf(workload)] };
    const done = await runComparison(plan, columns, [pieced], { check: false, leastMs: NO_LIMIT }, HOST);
    const compared = comparedOf(done, 1);
    const judged = judge(plan, compared, {
      failOn: FAIL_CLASSES,
      requireExercised: false,
      wholeCatalog: false,
      today: '',
      entries: [],
    });
    const findingTitles = Object.fromEntries(ledger.map(({ id, title }) => [id, title]));
    const report = buildReport({ plan, against, compared, judged, findingTitles, files: {}, checked: [] });
    const pairs = pairReports(report, 0);
    const found = ids.flatMap((id) => {
      const pair = pairs[report.columns.findIndex((column) => column.ids.includes(id))];
      return pair === null || pair === undefined ? [] : [{ ...pair, candidate: id }];
    });
    return { pairs: found, document: renderJson(report) };
  }

  async #both(
    { reference, candidate }: Subject,
    workload: Workload,
    options: RunOptions,
  ): Promise<[RunRecord, RunRecord]> {
    const run = (id: string): Promise<RunRecord> => runColumn(this.#column(id), workload, options, NO_LIMIT);
    return [await run(reference), await run(candidate)];
  }

  async #timeline(subject: Subject): Promise<Timeline> {
    const workload = parse(subject);
    const records = await this.#both(subject, workload, { events: true });
    const marks = differingOps(...records, 'exact');
    const text = opLines(workload);
    const at = <T>(op: number, read: (record: RunRecord) => T): Both<T> => [
      op < records[0].ops ? read(records[0]) : null,
      op < records[1].ops ? read(records[1]) : null,
    ];
    return {
      ops: Array.from({ length: workload.ops.length }, (_none, op) => ({
        text: text(op).trim(),
        line: callPlace(workload, op)?.line ?? 0,
        outcomes: at(op, ({ perOp, killed }) =>
          opOutcomeText(op, outcomeText(outcomeName(perOp.code[op]), perOp.value[op]), killed),
        ),
        differs: PARTS.filter((_part, bit) => ((marks[op] ?? 0) & (1 << bit)) !== 0),
        residentCount: at(op, ({ perOp }) => perOp.residentCount[op]),
      })),
      ended: [endText(records[0].ended), endText(records[1].ended)],
    };
  }

  async #look(subject: Subject, from: number, to: number): Promise<MachineView[]> {
    const workload = parse(subject);
    const options = { statesFrom: from, until: to, digests: false };
    // The arrays of a run are reused by the next one.
    const sides: SideState[][] = [];
    for (const id of [subject.reference, subject.candidate]) {
      const record = await runColumn(this.#column(id), workload, options, NO_LIMIT);
      sides.push((record.states ?? []).map((state) => ({ state, counters: countersUpTo(record, state.op) })));
    }
    return Array.from({ length: to - from + 1 }, (_none, i) =>
      machineView(from + i, [sides[0][i] ?? null, sides[1][i] ?? null]),
    );
  }

  async #explain(subject: Subject): Promise<readonly Explanation[]> {
    const workload = parse(subject);
    const records = await this.#both(subject, workload, { profile: true });
    return explain(workload, ...records, { by: defaultDimensions(workload) });
  }

  async #cost(subject: Subject): Promise<CostReport | string> {
    const workload = parse(subject);
    const records = await this.#both(subject, workload, PROFILED);
    const early = records.find((record) => record.ended.kind === 'failed' || endsEarly(workload, record));
    if (early !== undefined) return `${early.variant}: ${endText(early.ended)}`;
    const loop = (text: Workload): Promise<RunRecord> => runColumn(this.#column('landed'), text, PROFILED, NO_LIMIT);
    const question = {
      machine: 'default',
      cpus: DEFAULT_CPUS,
      frames: DEFAULT_FRAMES,
      remainder: await remainder(loop),
    } as const;
    try {
      return await costReport([costOf(workload, records, question)], question.machine);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return error.message;
    }
  }
}

const parse = ({ name, text }: Pick<Subject, 'name' | 'text'>): Workload =>
  parseWorkload(text, `${name}.workload`, name);

function endText(ended: Ended): string | null {
  if (ended.kind === 'done') return null;
  return ended.kind === 'panic' ? panicText(ended) : ended.message;
}
