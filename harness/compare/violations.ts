/**
 * What does not hold in a run, whatever the other runs do: invariants after some op, and what was left at the end; and
 * which of it the ledger knows.
 */
import type { Step } from '../declare/declarations.ts';
import { type Measure, NOTHING, sum } from '../declare/measure.ts';
import type { RunEnd, Violation } from '../run/record.ts';
import { fits, newOccasions, readOccasions } from './occasions.ts';

const BALANCE = 'balance ';
const isBalance = ({ name }: Violation): boolean => name.startsWith(BALANCE);
const amountOf = ({ expected, got }: Violation): number => Number(got) - Number(expected);

/** Everything that did not hold in a run. */
export function violationsOf(run: RunEnd): Violation[] {
  const left = run.balance.left.map(({ what, start, end }): Violation => ({
    name: `${BALANCE}${what}`,
    op: run.ops - 1,
    process: null,
    expected: String(start),
    got: String(end),
  }));
  return [...run.violations, ...left];
}

/** Steps that explain a violation of this run; for a leak, the explained amount must equal the leaked amount. */
export function explainViolation(violation: Violation, run: RunEnd, findings: readonly Step[]): readonly Step[] {
  const steps = findings.filter(({ what }) => what === violation.name);
  if (!isBalance(violation) || steps.length === 0) return steps;
  const occasions = newOccasions();
  readOccasions(
    occasions,
    run.totals.map((n, counter) => n - run.start[counter]),
  );
  const forward = steps.reduce<Measure>((all, { measure }) => sum(all, measure), NOTHING);
  return fits({ forward, backward: NOTHING }, amountOf(violation), occasions, occasions) ? steps : [];
}

/** Could this run have shown the violation? It must have reached that op; a leak, the end with no process left. */
export const couldShow = (violation: Violation, { ended, ops, balance }: RunEnd): boolean =>
  isBalance(violation) ? ended.kind === 'done' && balance.alive === 0 : violation.op < ops;

const violationKey = ({ name, process }: Violation): string => `${name}\n${process ?? ''}`;

/**
 * Violations, by name and process, that only one of the two runs has, and balances that one is further from, or on the other
 * side of.
 */
export function compareViolations(
  a: RunEnd,
  b: RunEnd,
): { readonly violation: Violation; readonly side: 'introduced' | 'mended' }[] {
  const [before, after] = [firstOfEach(violationsOf(a)), firstOfEach(violationsOf(b))];
  return [
    ...[...after].flatMap(([k, violation]) =>
      exceeds(violation, before.get(k)) ? [{ violation, side: 'introduced' as const }] : [],
    ),
    ...[...before].flatMap(([k, violation]) =>
      exceeds(violation, after.get(k)) ? [{ violation, side: 'mended' as const }] : [],
    ),
  ];
}

/** Is this more than the violation of the same name in the other run? Only balances have a size, and a side. */
export function exceeds(violation: Violation, other: Violation | undefined): boolean {
  if (other === undefined) return true;
  if (!isBalance(violation)) return false;
  const [amount, beside] = [amountOf(violation), amountOf(other)];
  return Math.sign(amount) !== Math.sign(beside) || Math.abs(amount) > Math.abs(beside);
}

function firstOfEach(violations: readonly Violation[]): Map<string, Violation> {
  const found = new Map<string, Violation>();
  for (const violation of violations) {
    const key = violationKey(violation);
    if (!found.has(key)) found.set(key, violation);
  }
  return found;
}
