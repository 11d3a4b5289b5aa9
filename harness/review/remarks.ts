/** Which remarks of the ledger concern the step from one variant to another. */
import type { Finding } from '../findings/finding.ts';
import type { Shown } from '../findings/shown.ts';

/**
 * gone: it shows in the reference but no longer in the candidate. appears: the reverse. said: it was made about the
 * reference, and the step does not change whether it shows. explains: it explains differences of this step.
 */
const RELATIONS = ['gone', 'appears', 'said', 'explains'] as const;
export type Relation = (typeof RELATIONS)[number];

export interface Bearing {
  readonly id: string;
  readonly title: string;
  readonly thread: string;
  readonly relation: Relation;
}

export interface ReviewStep {
  readonly reference: string;
  readonly candidate: string;
  /** variants from the common ancestor to the candidate */
  readonly taken: readonly string[];
}

const ROUNDS = ['First round', 'Second round', 'Third round'];

/** The revision that a remark in the thread is about; null for a remark that is not in the thread. */
export function saidOf({ thread }: Pick<Finding, 'thread'>, series: readonly string[]): string | null {
  const round = ROUNDS.findIndex((name) => thread.startsWith(name));
  // Each round discusses the revision it was given; the first of the series is the kernel before the review.
  return round < 0 ? null : (series[round + 1] ?? null);
}

/** In the order of relations, then of the ledger. */
export function remarksOn(
  step: ReviewStep,
  { ledger, series, shown }: { ledger: readonly Finding[]; series: readonly string[]; shown: Shown },
): Bearing[] {
  const found = ledger.flatMap((finding): Bearing[] => {
    const relation = relationOf(finding, step, { series, shown });
    const { id, title, thread } = finding;
    return relation === null ? [] : [{ id, title, thread, relation }];
  });
  return found.toSorted((a, b) => RELATIONS.indexOf(a.relation) - RELATIONS.indexOf(b.relation));
}

function relationOf(
  finding: Finding,
  { reference, candidate, taken }: ReviewStep,
  { series, shown }: { series: readonly string[]; shown: Shown },
): Relation | null {
  for (const [i, { against }] of finding.cases.entries()) {
    // A variant does not differ from itself.
    if (against === reference || against === candidate) continue;
    const [was, is] = [reference, candidate].map((variant) => shown.inCase(finding, i, variant));
    if (was === null || is === null || was === is) continue;
    return was ? 'gone' : 'appears';
  }
  if (saidOf(finding, series) === reference) return 'said';
  return finding.known.some(({ variant }) => taken.includes(variant)) ? 'explains' : null;
}
