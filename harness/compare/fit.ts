/**
 * What declaration would fit a statistic: every difference that no declaration accounts for is a point (the difference,
 * and how often each basis occurred), and the tightest formula that all points fit is looked for. Holds no points, only
 * what they come to.
 */
import { COUNTER_NAMES } from '../../core/counters.ts';
import { BASES, type Measure, NOTHING } from '../declare/measure.ts';
import { isGauge } from '../declare/planes.ts';
import type { Occasions } from './occasions.ts';

/** Coefficients k for which difference - k * occasions keeps to one side of 0 at every point. */
interface Range {
  least: number;
  most: number;
}

const EPSILON = 1e-9;
/** Terms that a formula has at most. */
const MOST_TERMS = 3;
/** Of bases that fit alike the first is chosen: the one that names an occasion best. */
const PREFERENCE = ['live top-level page', 'exec that reuses', 'exit of the last user', 'exit'];
const rank = (basis: number): number => {
  const at = PREFERENCE.indexOf(BASES[basis]);
  return at < 0 ? BASES.length : at;
};

/** The points of one statistic in one comparison. */
export class Fit {
  least = 0;
  most = 0;
  /** per basis: not below 0, and not above */
  readonly #below: readonly Range[] = BASES.map(() => ({ least: -Infinity, most: Infinity }));
  readonly #above: readonly Range[] = BASES.map(() => ({ least: -Infinity, most: Infinity }));
  /** per basis: the k for which every difference lies between 0 and k * occasions, of either sign; null: none */
  readonly #share: (Range | null)[] = BASES.map(() => ({ least: 0, most: 0 }));
  readonly #occasions = BASES.map(() => 0);
  /** independent points, [occasions.., difference] */
  readonly #rows = new Rows();

  /** sign: -1 where a declaration of the reference is looked for. */
  take(difference: number, occasions: Occasions, sign: 1 | -1): void {
    if (difference < this.least) this.least = difference;
    if (difference > this.most) this.most = difference;
    for (let basis = 0; basis < occasions.length; basis++) {
      const n = sign * occasions[basis];
      this.#occasions[basis] += Math.abs(n);
      this.#share[basis] = widen(this.#share[basis], difference, n);
      narrow(this.#below[basis], difference, n);
      narrow(this.#above[basis], -difference, -n);
    }
    this.#rows.add([...Array.from(occasions, (n) => sign * n), difference]);
  }

  /** How often it occurred at the points. */
  occasions(basis: number): number {
    return this.#occasions[basis];
  }

  /** Shares of one basis that the differences are, from the least to the most; null: some are there without it. */
  share(basis: number): Range | null {
    return this.#share[basis];
  }

  /** Coefficients of one basis that keep differences from falling below the term, from rising above it, or both. */
  range(basis: number, isLowest: boolean, isHighest: boolean): Range {
    const ranges = [...(isLowest ? [this.#below[basis]] : []), ...(isHighest ? [this.#above[basis]] : [])];
    return intersect(ranges);
  }

  get points(): readonly (readonly number[])[] {
    return this.#rows.originals;
  }
}

/** Narrow the k for which difference - k * n >= 0. */
function narrow(range: Range, difference: number, n: number): void {
  if (n === 0) {
    if (difference < 0) range.most = -Infinity;
  } else if (n > 0) range.most = Math.min(range.most, difference / n);
  else range.least = Math.max(range.least, difference / n);
}

function widen(share: Range | null, difference: number, n: number): Range | null {
  if (share === null || difference === 0) return share;
  if (n === 0) return null;
  return { least: Math.min(share.least, difference / n), most: Math.max(share.most, difference / n) };
}

const intersect = (ranges: readonly Range[]): Range => ({
  least: Math.max(-Infinity, ...ranges.map(({ least }) => least)),
  most: Math.min(Infinity, ...ranges.map(({ most }) => most)),
});

/** Points none of which is a sum of the others: whatever is linear and fits them fits every point that was added. */
class Rows {
  readonly originals: (readonly number[])[] = [];
  readonly #reduced: { readonly row: readonly number[]; readonly pivot: number }[] = [];

  add(row: readonly number[]): void {
    if (this.originals.length > BASES.length || row.every((n) => n === 0)) return;
    const rest = [...row];
    for (const { row: other, pivot } of this.#reduced) subtract(rest, other, rest[pivot]);
    const scale = Math.max(...row.map(Math.abs));
    const pivot = rest.findIndex((n) => Math.abs(n) > EPSILON * scale);
    if (pivot < 0) return;
    const head = rest[pivot];
    this.#reduced.push({ row: rest.map((n) => n / head), pivot });
    this.originals.push(row);
  }
}

function subtract(from: number[], row: readonly number[], times: number): void {
  if (times !== 0) for (let i = 0; i < from.length; i++) from[i] -= times * row[i];
}

/** The points of one comparison, and what is declared to differ in it already. */
export interface Fitted {
  readonly fit: Fit;
  readonly more: boolean;
  readonly fewer: boolean;
  /** sides that declarations leave open, whatever findings do */
  readonly declared: { readonly more: boolean; readonly fewer: boolean };
}

export interface Formula {
  readonly measure: Measure;
  /** 0: exact. 1: bounded on both sides. 2: a side is open, from 0 on. 3: a side is open, from terms on. */
  readonly looseness: 0 | 1 | 2 | 3;
}

/** The tighter one first. */
export const byTightness = (a: Formula, b: Formula): number =>
  a.looseness - b.looseness || size(a.measure) - size(b.measure);

/** Counters that count the same as a basis. */
const SAME: readonly (readonly [what: string, basis: string])[] = [
  ['removeCalls', 'pmap_remove call'],
  ['vmMapReadLocks', 'read lock of a map'],
];

/**
 * Can a basis have to do with `what`? No number measures itself. Live top-level pages measure only levels, and read locks
 * of a map only what is counted of maps.
 */
function canMeasure(what: string, basis: string): boolean {
  if (SAME.some(([counter, same]) => counter === what && same === basis)) return false;
  if (basis === 'read lock of a map') return what.startsWith('vmMap');
  const counter = (COUNTER_NAMES as readonly string[]).indexOf(what);
  return basis !== 'live top-level page' || counter < 0 || isGauge(counter);
}

/** The tightest formula about `what` that fits in all comparisons; null: none but one that allows anything. */
export function tightest(what: string, all: readonly Fitted[]): Formula | null {
  const bases = BASES.map((_name, basis) => basis).filter(
    (basis) => canMeasure(what, BASES[basis]) && occasionsOf(all, basis) > 0,
  );
  const exact = oneTerm(all, bases, false, false) ?? severalTerms(all, bases);
  if (exact !== null) return { measure: exact, looseness: 0 };
  const between = upTo(all, bases);
  if (between !== null) return { measure: between, looseness: 1 };
  for (const side of ['more', 'fewer'] as const) {
    const measure = { ...NOTHING, [side]: true };
    const isFit = ({ fit: { least, most }, more, fewer }: Fitted): boolean =>
      (least >= 0 || fewer || measure.fewer) && (most <= 0 || more || measure.more);
    if (all.every((one) => isFit(one) && !isAnything(one, measure))) return { measure, looseness: 2 };
  }
  const bounded = [oneTerm(all, bases, true, false), oneTerm(all, bases, false, true)].filter(
    (measure) => measure !== null,
  );
  const [measure] = bounded.toSorted((a, b) => size(a) - size(b));
  return measure === undefined ? null : { measure, looseness: 3 };
}

const size = ({ per, room }: Measure): number =>
  [...per, ...(room?.above ?? []), ...(room?.below ?? [])].reduce((sum, n) => sum + Math.abs(n), 0);

/** With this, everything would be declared. */
const isAnything = ({ declared: { more, fewer } }: Fitted, measure: Measure): boolean =>
  (more || measure.more) && (fewer || measure.fewer);

/** One basis with the coefficient that leaves least room. */
function oneTerm(all: readonly Fitted[], bases: readonly number[], more: boolean, fewer: boolean): Measure | null {
  if (all.some((one) => isAnything(one, { ...NOTHING, more, fewer }))) return null;
  const found = bases.flatMap((basis) => {
    const isLowest = !fewer && all.some((one) => !one.fewer);
    const { least, most } = intersect(all.map((one) => one.fit.range(basis, !fewer && !one.fewer, !more && !one.more)));
    const k = isLowest && most < Infinity ? Math.floor(most + EPSILON) : Math.ceil(least - EPSILON);
    if (k === 0 || !Number.isFinite(k) || k < least - EPSILON || k > most + EPSILON) return [];
    return [{ ...NOTHING, more, fewer, per: only(basis, k) }];
  });
  const basisOf = ({ per }: Measure): number => per.findIndex((n) => n !== 0);
  return found.toSorted((a, b) => size(a) - size(b) || rank(basisOf(a)) - rank(basisOf(b)))[0] ?? null;
}

const only = (basis: number, k: number): number[] => BASES.map((_name, i) => (i === basis ? k : 0));

const occasionsOf = (all: readonly Fitted[], basis: number): number =>
  all.reduce((sum, { fit }) => sum + fit.occasions(basis), 0);

/** Room of one basis for every difference: of the basis that makes least room. */
function upTo(all: readonly Fitted[], bases: readonly number[]): Measure | null {
  const found = bases.flatMap((basis) => {
    const shares = all.map(({ fit }) => fit.share(basis));
    if (shares.includes(null)) return [];
    const above = Math.ceil(Math.max(...shares.map((share) => share!.most)) - EPSILON);
    const below = Math.ceil(-Math.min(...shares.map((share) => share!.least)) - EPSILON);
    if (above === 0 && below === 0) return [];
    const room = { above: only(basis, above), below: only(basis, below) };
    return [{ basis, size: (above + below) * occasionsOf(all, basis), measure: { ...NOTHING, room } }];
  });
  return found.toSorted((a, b) => a.size - b.size || rank(a.basis) - rank(b.basis))[0]?.measure ?? null;
}

/** A sum of terms that comes to every difference: as few terms as can be, and of those the smallest coefficients. */
function severalTerms(all: readonly Fitted[], occurring: readonly number[]): Measure | null {
  if (all.some(({ more, fewer }) => more || fewer)) return null;
  const rows = all.flatMap(({ fit }) => fit.points);
  const bases = occurring.toSorted((a, b) => rank(a) - rank(b));
  for (let terms = 2; terms <= MOST_TERMS; terms++) {
    const found = subsets(bases, terms).flatMap((some) => {
      const solution = solve(rows, some);
      if (solution === null || solution.includes(0)) return [];
      return [{ ...NOTHING, per: BASES.map((_name, basis) => solution[some.indexOf(basis)] ?? 0) }];
    });
    // Those of the same size are in the order of preference.
    if (found.length > 0) return found.toSorted((a, b) => size(a) - size(b))[0];
  }
  return null;
}

function subsets(items: readonly number[], count: number): number[][] {
  if (count === 0) return [[]];
  return items.flatMap((item, i) => subsets(items.slice(i + 1), count - 1).map((rest) => [item, ...rest]));
}

/** The one solution in whole numbers, null if there is none or more than one. */
function solve(rows: readonly (readonly number[])[], columns: readonly number[]): number[] | null {
  const width = columns.length;
  const matrix = rows.map((row) => [...columns.map((column) => row[column]), row[BASES.length]]);
  for (let column = 0; column < width; column++) {
    const at = matrix.findIndex((row, i) => i >= column && Math.abs(row[column]) > EPSILON);
    if (at < 0) return null;
    [matrix[column], matrix[at]] = [matrix[at], matrix[column]];
    const head = matrix[column][column];
    matrix[column] = matrix[column].map((n) => n / head);
    matrix.forEach((row, i) => {
      if (i !== column) subtract(row, matrix[column], row[column]);
    });
  }
  const solution = matrix.slice(0, width).map((row) => Math.round(row[width]));
  const isExact = rows.every(
    (row) => columns.reduce((sum, column, i) => sum + solution[i] * row[column], 0) === row[BASES.length],
  );
  return isExact ? solution : null;
}
