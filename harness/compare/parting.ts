/**
 * Where two machines diverge although outcomes and maps agree after each op. A finding names the occasions of an op on
 * which they do, and the reason:
 *
 * - free pages: while memory is short. A call needs pages that it does not need in the other run, and takes them from
 *   others, or waits until there is memory again. What others find free, or fault in again, is not the same any more, even
 *   if the op itself differs only as declared.
 * - stopped call: the occasions are those of a call that is stopped. It has unmapped what it has not yet in the other run,
 *   and the op of another process comes upon that.
 * - within an op: objects are not the same in the middle of the op.
 * - between exits: several processes exit in the op, and between their exits the maps are not the same. The occasions are
 *   more than in the other run.
 *
 * Except for free pages, they part only where the op differs otherwise than declared.
 */
import type { Step } from '../declare/declarations.ts';
import { PARTINGS } from '../declare/planes.ts';
import type { Declarations, DeclaredStatistic } from './declarations.ts';
import type { ListDelta } from './list-delta.ts';
import { type Occasions, newOccasions, readOccasions } from './occasions.ts';
import type { Unfinished } from './ops.ts';

/** What differs in an op otherwise than declared, and on which side of that. */
export interface Misfit {
  readonly what: string;
  readonly side: number;
}

/** A finding, and what has to occur. */
type Known = DeclaredStatistic['atBases'][number];

/** Did all of it occur on the finding's own side, and for `between` more often than on the other? */
function applies({ step: { what, reversed }, bases }: Known, onceA: Occasions, onceB: Occasions): boolean {
  const [own, other] = reversed ? [onceA, onceB] : [onceB, onceA];
  return bases.every((basis) => own[basis] > (what === 'between exits' ? other[basis] : 0));
}

function stoppedAt(known: Known, { reference, candidate }: Unfinished): boolean {
  const [onceA, onceB] = [newOccasions(), newOccasions()];
  readOccasions(onceA, reference);
  readOccasions(onceB, candidate);
  return applies(known, onceA, onceB);
}

function explains({ counters, reversed }: Step, { what, side }: Misfit): boolean {
  const isLess = reversed ? side > 0 : side < 0;
  return counters === null || counters.includes(what) || (isLess && counters.includes(`-${what}`));
}

export class Parting {
  /** Infinity: they do not part */
  op = Infinity;
  /** findings that explain it, all of one kind */
  steps: readonly Step[] = [];
  readonly #known: readonly Known[];

  constructor(declared: Declarations) {
    this.#known = PARTINGS.flatMap((what) => declared.of(what).atBases);
  }

  /**
   * What op `op` did, while these calls are stopped; null: its own call stops. misfits: what differs otherwise than declared.
   */
  take(op: number, delta: ListDelta, stopped: Iterable<Unfinished> | null, misfits: () => readonly Misfit[]): void {
    if (this.#known.length === 0 || delta.differences.length === 0) return;
    const { isShort, needsPages, onceA, onceB } = delta;
    const calls = [...(stopped ?? [])];
    const found = this.#known.filter((known) => {
      const { what } = known.step;
      if (what === 'stopped call') return calls.some((call) => stoppedAt(known, call));
      return (what === 'free pages' ? isShort : stopped !== null) && applies(known, onceA, onceB);
    });
    if (found.length === 0) return;
    const others = misfits();
    const steps = found
      .map(({ step }) => step)
      .filter((step) =>
        others.length === 0 ? step.what === 'free pages' && needsPages : others.every((one) => explains(step, one)),
      );
    if (steps.length === 0) return;
    this.op = op;
    this.steps = steps.filter(({ what }) => what === steps[0].what);
  }
}
