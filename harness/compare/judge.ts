/** What a whole comparison comes to, given what its user expects and wants to fail on. */
import type { Step } from '../declare/declarations.ts';
import { type Acceptance, type ExpectedDifference, acceptExpected } from './accepted.ts';
import { type GateOptions, type Tally, tally } from './gate.ts';
import { type Plan, neverSeen } from './plan.ts';
import type { Compared } from './run-comparison.ts';

export interface JudgeOptions extends Omit<GateOptions, 'interrupted' | 'expired'> {
  readonly entries: readonly ExpectedDifference[];
  /** YYYY-MM-DD */
  readonly today: string;
}

export interface Judged {
  readonly workloads: Acceptance['workloads'];
  /** entries of the user's list that did not do their work */
  readonly expected: Omit<Acceptance, 'workloads'>;
  /** declarations and findings that explained nothing */
  readonly neverSeen: readonly Step[];
  readonly tally: Tally;
}

/** wholeCatalog counts only if the comparison is complete. */
export function judge(plan: Plan, compared: Compared, { entries, today, wholeCatalog, ...gate }: JudgeOptions): Judged {
  const unseen = neverSeen(plan, compared.workloads);
  const { workloads, ...expected } = acceptExpected(compared.workloads, entries, today);
  return {
    workloads,
    expected,
    neverSeen: unseen,
    tally: tally(workloads, unseen, {
      ...gate,
      interrupted: !compared.complete,
      wholeCatalog: wholeCatalog && compared.complete && workloads.every(({ complete }) => complete),
      expired: expected.expired.length,
    }),
  };
}
