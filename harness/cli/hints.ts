/**
 * Hints: an unexpected difference that looks like one which the ledger knows of another variant. It does only if the
 * finding shows in the candidate and not in the reference, if what the ledger says of the other variant would explain
 * all of the difference, and if that variant has the same amount of it, at the same op.
 */
import { builtInColumn, builtInVariants } from '../columns/built-in.ts';
import type { Chosen } from '../columns/chosen.ts';
import { type Column, runColumn } from '../columns/column.ts';
import { builtInFacts, factsOfBuiltIn } from '../columns/facts.ts';
import { withColumns } from '../columns/open.ts';
import { runLimitMs } from '../columns/run-limit.ts';
import { type Difference, type PairComparison, comparePair } from '../compare/pair.ts';
import type { Plan, WorkloadComparison } from '../compare/plan.ts';
import { type KnownDifference, explanations } from '../declare/declarations.ts';
import type { Finding } from '../findings/finding.ts';
import { ledger } from '../findings/index.ts';
import { runFindings } from '../findings/runner.ts';
import { Shown } from '../findings/shown.ts';
import type { RunRecord } from '../run/record.ts';
import type { Workload } from '../workload/ops.ts';

/** A workload longer than this is not run again for a hint. */
const MOST_OPS = 20_000;

interface HintRequest {
  readonly plan: Plan;
  readonly chosen: readonly Chosen[];
  readonly open: (workload: string) => Promise<Workload | null>;
  readonly check: boolean;
}

/** The comparisons, with hints at their unexpected differences. */
export async function withHints(
  compared: readonly WorkloadComparison[],
  request: HintRequest,
): Promise<readonly WorkloadComparison[]> {
  const names = new Set(ledger.flatMap(knownOf).map(({ what }) => what));
  const isAlike = ({ standing, what }: Difference): boolean => standing === 'unexpected' && names.has(what);
  const isAny = compared.some(({ pairs, predecessors }) =>
    [...pairs, ...predecessors].some(({ differences }) => differences.some(isAlike)),
  );
  if (!isAny) return compared;
  // Processes of their own: what a variant prints has been shown, and what is lost here is no loss of the comparison.
  return withColumns(
    request.chosen,
    () => {},
    async (columns) => {
      const hinter = new Hinter({ ...request, columns });
      const done: WorkloadComparison[] = [];
      for (const one of compared) done.push(await hinter.look(one));
      return done;
    },
    { warns: false },
  );
}

const knownOf = ({ known, knownViolations = [] }: Finding): readonly KnownDifference[] => [
  ...known,
  ...knownViolations,
];

class Hinter {
  readonly #request: HintRequest & { readonly columns: readonly Column[] };
  /** by comparison and finding: whether it shows in the candidate alone */
  readonly #shown = new Map<string, boolean>();
  readonly #records = new Map<string, RunRecord>();

  constructor(request: HintRequest & { readonly columns: readonly Column[] }) {
    this.#request = request;
  }

  async look(compared: WorkloadComparison): Promise<WorkloadComparison> {
    if (compared.ops > MOST_OPS) return compared;
    const workload = await this.#request.open(compared.name);
    if (workload === null) return compared;
    this.#records.clear();
    const pairs = async (list: readonly PairComparison[]): Promise<PairComparison[]> => {
      const done: PairComparison[] = [];
      for (const pair of list) done.push(await this.#pair(pair, workload));
      return done;
    };
    return { ...compared, pairs: await pairs(compared.pairs), predecessors: await pairs(compared.predecessors) };
  }

  async #pair(pair: PairComparison, workload: Workload): Promise<PairComparison> {
    const unexpected = pair.differences.filter(({ standing }) => standing === 'unexpected');
    const hints = new Map<Difference, string[]>();
    for (const finding of ledger) {
      const known = knownOf(finding);
      const alike = unexpected.filter((difference) => known.some(({ what }) => what === difference.what));
      if (alike.length === 0 || !(await this.#showsInCandidate(finding, pair))) continue;
      for (const difference of alike)
        if (await this.#looksLike(finding, difference, pair, workload))
          hints.set(difference, [...(hints.get(difference) ?? []), finding.id]);
    }
    if (hints.size === 0) return pair;
    const differences = pair.differences.map((one) => {
      const found = hints.get(one);
      return found === undefined ? one : { ...one, hints: found };
    });
    return { ...pair, differences };
  }

  async #showsInCandidate(finding: Finding, { reference, candidate }: PairComparison): Promise<boolean> {
    const key = `${reference} ${candidate} ${finding.id}`;
    const before = this.#shown.get(key);
    if (before !== undefined) return before;
    const asked = this.#request.columns.filter(({ facts: { id } }) => id === reference || id === candidate);
    const shown = new Shown(await runFindings([finding], { asked, cellsOf: [] }));
    const found = shown.inAny(finding, candidate) && !shown.inAny(finding, reference);
    this.#shown.set(key, found);
    return found;
  }

  /** Would the ledger's entries explain it if they named the candidate, and does their variant show as much at that op? */
  async #looksLike(
    finding: Finding,
    { what, op, amount }: Difference,
    { reference, candidate }: PairComparison,
    workload: Workload,
  ): Promise<boolean> {
    const { plan } = this.#request;
    const entries = knownOf(finding).filter((one) => one.what === what);
    const mine = await this.#compare(reference, candidate, workload, [
      ...plan.ledger,
      ...entries.map(({ until: _until, ...one }) => ({ ...one, variant: candidate })),
    ]);
    if (chargedTo(mine, what, finding.id) === null) return false;
    for (const { variant } of entries) {
      const { after } = builtInFacts.find(({ id }) => id === variant)!;
      // What shows in the first of the series shows in all: nothing is unlike it.
      if (after === null) continue;
      const theirs = await this.#compare(after, variant, workload, plan.ledger);
      const other = chargedTo(theirs, what, finding.id);
      if (other?.op === op && isEqualAmount(other.amount, amount)) return true;
    }
    return false;
  }

  async #compare(
    reference: string,
    candidate: string,
    workload: Workload,
    known: readonly KnownDifference[],
  ): Promise<PairComparison> {
    const { plan } = this.#request;
    const facts = [...plan.facts, ...builtInFacts.filter(({ id }) => !plan.facts.some((one) => one.id === id))];
    const fact = (id: string) => facts.find((one) => one.id === id)!;
    const [a, b] = [await this.#record(reference, workload), await this.#record(candidate, workload)];
    return comparePair(a, b, explanations(reference, candidate, facts, known), {
      reference: fact(reference),
      candidate: fact(candidate),
    });
  }

  async #record(id: string, workload: Workload): Promise<RunRecord> {
    const before = this.#records.get(id);
    if (before !== undefined) return before;
    const { columns, check } = this.#request;
    const column = columns.find(({ facts }) => facts.id === id) ?? builtIn(id);
    const record = await runColumn(column, workload, { check }, runLimitMs(workload.ops.length, check));
    this.#records.set(id, record);
    return record;
  }
}

function builtIn(id: string): Column {
  const variant = builtInVariants.find((one) => one.id === id)!;
  return builtInColumn(variant, factsOfBuiltIn(variant));
}

const chargedTo = ({ differences }: PairComparison, what: string, finding: string): Difference | null =>
  differences.find(
    (one) => one.what === what && one.standing === 'known' && one.steps.some((step) => step.finding === finding),
  ) ?? null;

const isEqualAmount = (a: Difference['amount'], b: Difference['amount']): boolean =>
  a?.least === b?.least && a?.most === b?.most && a?.total === b?.total;
