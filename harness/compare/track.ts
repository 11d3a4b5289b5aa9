/**
 * One statistic or counter on its way through the ops of two runs: how far it differs, and whether what is declared to
 * differ explains it.
 */
import type { Step } from '../declare/declarations.ts';
import type { Measure } from '../declare/measure.ts';
import type { Plane } from '../declare/planes.ts';
import { type DeclaredStatistic, countsExactly } from './declarations.ts';
import { Fit, type Fitted } from './fit.ts';
import { type Expected, type Occasions, beyondRoom, fits, mayStray, termsOf } from './occasions.ts';

/**
 * intended: declared by an author. known: a finding names it. follows: not judged, as it comes after a difference of a
 * severer plane, or in a call that never ends.
 */
export type Standing = 'intended' | 'known' | 'unexpected' | 'follows';

/** Of both runs. */
export interface Sides {
  readonly reference: number;
  readonly candidate: number;
}

/** What both runs counted before their machines parted. */
export interface Numbers {
  /** added: what ops add to a counter. level: what a gauge or a statistic of a pmap is after an op. */
  readonly kind: 'added' | 'level';
  /** added: over all ops. A level has no sum. */
  readonly sum: Sides | null;
  /** the first op with the largest difference, and what it added, or the levels after it; null: no op differs */
  readonly largest: (Sides & { readonly op: number }) | null;
}

/** One statistic or counter that differs, or that was declared to differ and does not. */
export interface StatDifference {
  readonly what: string;
  readonly plane: Plane;
  readonly standing: Standing;
  /** steps that explain it; empty when unexpected */
  readonly steps: readonly Step[];
  /** first op that differs, or where the declaration does not fit */
  readonly op: number;
  /** ops that differ */
  readonly ops: number;
  /** least and greatest difference, candidate minus reference: of one op's share, or of a level */
  readonly least: number;
  readonly most: number;
  /** difference over all ops; of a level: after the last op compared */
  readonly total: number;
  readonly numbers: Numbers;
}

/** Which side's declarations are looked for: see Plan.fitted. */
export type FittedSide = 'candidate' | 'reference';

/** What a declaration more would have to account for, beside those there are, and beside findings too if there are any. */
export interface StatFit {
  readonly what: string;
  readonly byIntent: Fitted;
  readonly byLedger: Fitted | null;
}

/** The same number as V8 keeps it in an object: in a box of its own come those of Float64Arrays, and all beyond 32 bits. */
export const unboxed = (n: number): number => ((n | 0) === n ? n | 0 : n);

const NONE: readonly Step[] = [];

export class Track {
  readonly what: string;
  readonly plane: Plane;
  readonly #declared: DeclaredStatistic;
  #intentFits = true;
  #exactFits = true;
  #ledgerFits = true;
  #misfit = -1;
  /** how far differences lay from what the terms of declarations and ledger come to */
  #leastAstray = 0;
  #mostAstray = 0;
  first = -1;
  ops = 0;
  least = 0;
  most = 0;
  total = 0;
  readonly #kind: Numbers['kind'];
  #largest: Numbers['largest'] = null;
  /** steps that count what some op did; of those without a term, that made room there */
  #applied: readonly Step[] = NONE;
  /** the steps have terms, so ops without a difference are judged too */
  readonly hasTerms: boolean;
  /** differences at or after the horizon */
  firstLater = -1;
  opsLater = 0;

  /** null: no declaration is looked for */
  readonly #fitted: { readonly side: FittedSide; readonly intent: Fit; readonly ledger: Fit } | null;

  constructor(
    what: string,
    plane: Plane,
    kind: Numbers['kind'],
    declared: DeclaredStatistic,
    fitted: FittedSide | null = null,
  ) {
    this.#fitted = fitted === null ? null : { side: fitted, intent: new Fit(), ledger: new Fit() };
    this.what = what;
    this.#kind = kind;
    this.plane = plane;
    this.#declared = declared;
    this.hasTerms = declared.hasTerms || fitted !== null;
  }

  /** Take note of a difference at `op` from what the reference has there; judge() compares it with the declarations. */
  note(op: number, difference: number, reference: number): void {
    if (this.first < 0) this.first = op;
    this.ops++;
    if (difference < this.least || difference > this.most) {
      const before = this.#largest;
      if (before === null || Math.abs(difference) > Math.abs(before.candidate - before.reference))
        this.#largest = { op, reference: unboxed(reference), candidate: unboxed(reference + difference) };
    }
    if (difference < this.least) this.least = difference;
    if (difference > this.most) this.most = difference;
  }

  /** A level stays what it was when it was noted last, for that many ops more. */
  noteAgain(ops: number): void {
    this.ops += ops;
  }

  /** `ops` ops from `op` on differ, at or after the horizon. */
  noteLater(op: number, ops = 1): void {
    if (this.firstLater < 0) this.firstLater = op;
    this.opsLater += ops;
  }

  /** Compare a difference with the declarations. The same difference on the same occasions changes nothing a second time. */
  judge(op: number, difference: number, ofCandidate: Occasions, ofReference: Occasions): void {
    const { byIntent, exactly, byLedger, atBases } = this.#declared;
    if (this.#intentFits && !fits(byIntent, difference, ofCandidate, ofReference)) this.#intentFits = false;
    if (exactly !== null && this.#exactFits && !fits(exactly, difference, ofCandidate, ofReference))
      this.#exactFits = false;
    const astray = difference - termsOf(byLedger, ofCandidate, ofReference);
    if (this.#fitted !== null) {
      const { side, intent, ledger } = this.#fitted;
      const [occasions, sign] = side === 'candidate' ? ([ofCandidate, 1] as const) : ([ofReference, -1] as const);
      const beyond = (declared: Expected): number =>
        beyondRoom(declared, difference - termsOf(declared, ofCandidate, ofReference), ofCandidate, ofReference);
      intent.take(beyond(byIntent), occasions, sign);
      ledger.take(beyond(byLedger), occasions, sign);
    }
    if (this.#ledgerFits && !mayStray(byLedger, astray, ofCandidate, ofReference)) {
      this.#ledgerFits = false;
      this.#misfit = op;
    }
    if (astray < this.#leastAstray) this.#leastAstray = astray;
    if (astray > this.#mostAstray) this.#mostAstray = astray;
    if (this.#applied.length === atBases.length) return;
    for (const { step, bases } of atBases) {
      const occasions = step.reversed ? ofReference : ofCandidate;
      if (!this.#applied.includes(step) && bases.some((basis) => occasions[basis] !== 0))
        this.#applied = [...this.#applied, step];
    }
  }

  /** On which side a difference lies of what declarations and findings explain: 1 above, -1 below, 0: they explain it. */
  sideOf(difference: number, ofCandidate: Occasions, ofReference: Occasions): number {
    const { byLedger } = this.#declared;
    const astray = difference - termsOf(byLedger, ofCandidate, ofReference);
    return mayStray(byLedger, astray, ofCandidate, ofReference) ? 0 : Math.sign(astray);
  }

  /** null: nothing was fitted. */
  fit(): StatFit | null {
    if (this.#fitted === null) return null;
    const { what } = this;
    const { byIntent, byLedger, known } = this.#declared;
    const { side, intent, ledger } = this.#fitted;
    const open = ({ forward, backward }: Expected): Fitted['declared'] => {
      const [more, fewer] = [forward.more || backward.fewer, forward.fewer || backward.more];
      // Declarations of the reference apply with the opposite sign.
      return side === 'candidate' ? { more, fewer } : { more: fewer, fewer: more };
    };
    const declared = open(byIntent);
    return {
      what,
      byIntent: { fit: intent, ...declared, declared },
      byLedger: known.length === 0 ? null : { fit: ledger, ...open(byLedger), declared },
    };
  }

  /** Checks a level against the declarations, and notes it only if they do not explain it. */
  check(op: number, difference: number, reference: number, ofCandidate: Occasions, ofReference: Occasions): void {
    if (this.sideOf(difference, ofCandidate, ofReference) !== 0) this.note(op, difference, reference);
    this.judge(op, difference, ofCandidate, ofReference);
  }

  /** Ops that its result may point at. */
  pointsAt(): number[] {
    return [this.first, this.#misfit, this.firstLater, this.#largest?.op ?? -1];
  }

  get #standing(): 'intended' | 'known' | 'unexpected' {
    if (this.#intentFits && this.#exactFits) return 'intended';
    return this.#ledgerFits ? 'known' : 'unexpected';
  }

  /** What came of it, or null when nothing differs and nothing was declared in vain. counted: over all ops, of a counter. */
  result(counted: Sides | null): StatDifference | null {
    const { what, plane, first, ops } = this;
    const [least, most, total] = [unboxed(this.least), unboxed(this.most), unboxed(this.total)];
    const numbers: Numbers = { kind: this.#kind, sum: counted, largest: this.#largest };
    const standing = this.#standing;
    if (first < 0 && standing !== 'unexpected') {
      if (this.firstLater < 0) return null;
      return {
        what,
        plane,
        standing: 'follows',
        steps: [],
        op: this.firstLater,
        ops: this.opsLater,
        least,
        most,
        total,
        numbers,
      };
    }
    return {
      what,
      plane,
      standing,
      steps: this.#holding,
      op: standing === 'unexpected' ? this.#misfit : first,
      ops,
      least,
      most,
      total,
      numbers,
    };
  }

  get #holding(): readonly Step[] {
    const { intended, known, all } = this.#declared;
    const standing = this.#standing;
    if (standing !== 'known') return standing === 'intended' ? intended : [];
    // A finding about certain occasions explains nothing where there was none.
    const holding = known.filter((step) => isOneSided(step.measure) || this.#applied.includes(step));
    return holding.length === known.length ? all : [...intended, ...holding];
  }

  /** Steps that really explained something: by a term that applied, or by a difference beyond the terms on their open side. */
  seen(): Step[] {
    return this.#holding.filter((step) => {
      const { measure, reversed } = step;
      if (countsExactly(measure) && this.#applied.includes(step)) return true;
      const isOpen = (side: 'above' | 'below'): boolean =>
        (side === 'above' ? measure.more : measure.fewer) || (measure.room?.[side].some((n) => n > 0) ?? false);
      const [up, down] = reversed ? (['below', 'above'] as const) : (['above', 'below'] as const);
      return (this.#mostAstray > 0 && isOpen(up)) || (this.#leastAstray < 0 && isOpen(down));
    });
  }
}

const isOneSided = ({ more, fewer }: Measure): boolean => more || fewer;
