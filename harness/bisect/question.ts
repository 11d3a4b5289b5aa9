/** What is asked of each step of a series: does a remark show, is a verdict given, how much is counted? */
import { COUNTER_NAMES } from '../../core/counters.ts';
import type { Column } from '../columns/column.ts';
import { factsAround } from '../columns/facts.ts';
import { type Host, runAlone } from '../columns/lockstep.ts';
import { VERDICTS, type Verdict } from '../compare/pair.ts';
import { planComparison } from '../compare/plan.ts';
import { runComparison } from '../compare/run-comparison.ts';
import { isGauge } from '../declare/planes.ts';
import type { Finding } from '../findings/finding.ts';
import type { Answer } from '../findings/result.ts';
import { runFindings } from '../findings/runner.ts';
import type { RunPart } from '../run/record.ts';
import type { PiecedWorkload } from '../workload/pieces.ts';
import type { Tested } from './search.ts';

export type Question =
  /** does it show in some of its cases? */
  | { readonly kind: 'finding'; readonly finding: Finding }
  /** is that the verdict on some workload, against the reference? */
  | { readonly kind: 'verdict'; readonly verdict: Verdict; readonly workloads: readonly PiecedWorkload[] }
  /** what does a counter add up to, or which level does a statistic reach? above: only whether it is more than that */
  | {
      readonly kind: 'counter';
      readonly what: string;
      readonly above: number | null;
      readonly workload: PiecedWorkload;
    };

/** ms that a step may take for one workload, however fast the reference is. */
const LEAST_MS = 10_000;
/** Workloads that an answer names. */
const MOST_NAMED = 3;

/**
 * reference: what verdicts are against; null: the step itself. A step whose own code fails, or that ends before what is
 * asked of it, has no answer. Throws an Error if the reference fails.
 */
export function ask(question: Question, step: Column, reference: Column | null, host: Host): Promise<Tested> {
  if (question.kind === 'finding') return askFinding(question.finding, step);
  if (question.kind === 'counter') return askCounter(question, step, host);
  return askVerdict(question, step, reference ?? step, host);
}

const tested = (value: boolean | number, ...seen: readonly string[]): Tested => ({ kind: 'tested', value, seen });
const skipped = (why: string): Tested => ({ kind: 'skipped', why });

/** By what the step is seen to do, whatever the ledger says of it. */
async function askFinding(finding: Finding, step: Column): Promise<Tested> {
  const cases = finding.cases.map((one) => ({ ...one, expected: {} }));
  const [result] = await runFindings([{ ...finding, cases }], { asked: [step] });
  const answers = result.cases.flatMap((one) => one.answers);
  const has = (status: Answer['status']): boolean => answers.some((answer) => answer.status === status);
  const failure = answers.find((answer) => answer.failure !== null)?.failure;
  if (!has('shows')) {
    if (failure !== undefined && failure !== null) return skipped(failure.message);
    if (!has('absent')) return skipped('no workload of the finding came to it');
  }
  return tested(has('shows'), ...answers.map(({ got }) => String(got ?? 'nothing')));
}

async function askCounter(
  { what, above, workload }: Question & { readonly kind: 'counter' },
  step: Column,
  host: Host,
): Promise<Tested> {
  const amount = new Amount(what);
  const { run } = await runAlone(step, workload, { digests: false }, host, (_piece, part) => amount.take(part));
  const { ended, apart } = run;
  if (ended.kind === 'failed') return skipped(ended.message);
  if (ended.kind === 'panic') return skipped(`panic in ${ended.where}: ${ended.reason}`);
  if (apart?.missing.includes(what) === true) return skipped(`its core has no ${what}`);
  return tested(above === null ? amount.value : amount.value > above, `${what} ${amount.value}`);
}

/** What the ops add to a counter; of a level, the highest after any op. */
class Amount {
  readonly #counter: number;
  readonly #ofPmap: 'residentCount' | 'wiredCount' | 'mappedPages' | 'excessPages';
  /** of a gauge */
  #level: number | null = null;
  value = 0;

  constructor(what: string) {
    this.#counter = (COUNTER_NAMES as readonly string[]).indexOf(what);
    this.#ofPmap = what as 'residentCount';
  }

  take({ ops, perOp, start }: RunPart): void {
    const counter = this.#counter;
    if (counter < 0) {
      for (let op = 0; op < ops; op++) this.value = Math.max(this.value, perOp[this.#ofPmap][op]);
      return;
    }
    const { counterList, counterFrom, counterIndex, counterDelta } = perOp;
    const gauge = isGauge(counter);
    this.#level ??= start[counter];
    for (let op = 0; op < ops; op++) {
      const list = counterList[op];
      for (let k = counterFrom[list]; k < counterFrom[list + 1]; k++) {
        if (counterIndex[k] !== counter) continue;
        if (gauge) this.#level += counterDelta[k];
        else this.value += counterDelta[k];
      }
      if (gauge) this.value = Math.max(this.value, this.#level);
    }
  }
}

async function askVerdict(
  { verdict, workloads }: Question & { readonly kind: 'verdict' },
  step: Column,
  reference: Column,
  host: Host,
): Promise<Tested> {
  // A column does not differ from itself, nor can it be run beside itself.
  if (step === reference) return tested(verdict === 'identical', 'the reference');
  const ids = [reference.facts.id, step.facts.id];
  const plan = planComparison(ids, factsAround([reference.facts, step.facts]), {
    against: { kind: 'variant', id: ids[0] },
    ledger: [],
    predecessors: false,
  });
  const columns = plan.columns.map(({ id }) => (id === ids[0] ? reference : step));
  const done = await runComparison(
    plan,
    columns,
    workloads,
    { check: false, leastMs: LEAST_MS },
    { ...host, ran: () => {} },
  );
  const pairs = done.map(
    ({
      comparison: {
        name,
        pairs: [pair],
      },
    }) => ({ name, ...pair }),
  );
  const failures = pairs.flatMap((pair) => pair.failures);
  const ofReference = failures.find(({ variant }) => variant === ids[0]);
  if (ofReference !== undefined) throw new Error(`${ids[0]}, the reference, failed: ${ofReference.failure.message}`);
  const found = pairs.filter((pair) => pair.verdict === verdict).map(({ name }) => name);
  if (found.length > 0) {
    const more = found.length > MOST_NAMED ? ` and ${found.length - MOST_NAMED} more` : '';
    return tested(true, `in ${found.slice(0, MOST_NAMED).join(', ')}${more}`);
  }
  if (failures.length > 0) return skipped(failures[0].failure.message);
  const worst = VERDICTS.find((one) => pairs.some((pair) => pair.verdict === one))!;
  return tested(false, `${worst} at worst`);
}
