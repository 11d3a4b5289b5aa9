/**
 * What may differ between two variants: differences declared by their authors (intended) and findings of the ledger
 * (known), added up along the path from one to the other.
 *
 * Each variant declares its differences from its predecessor. The path leads from the reference back to the nearest
 * common ancestor, with the declarations reversed, and from there forward to the candidate.
 */
import { hint } from '../../core/suggest.ts';
import { ANYTHING, type Measure, isExact, parseMeasure } from './measure.ts';
import { STATISTICS, isOfOnePmap } from './planes.ts';

/** A difference from its predecessor that a variant's author intends. */
export interface Declared {
  readonly what: string;
  readonly by: string;
  readonly why: string;
}

/** What comparison has to know about a variant. */
export interface VariantFacts {
  readonly id: string;
  readonly after: string | null;
  readonly title: string;
  readonly intends: readonly Declared[];
  /** per member of the seam, in order: equal strings for equal members */
  readonly members: readonly string[];
  /** functions of the core that are not the program's, by name: equal strings for equal functions; absent: none */
  readonly functions?: Readonly<Record<string, string>>;
  /** counters that only its core has; absent: none */
  readonly counters?: readonly string[];
}

/**
 * An entry of the findings ledger: `variant` has this fault; its predecessor does not, or shows it differently.
 *
 * what: a statistic or counter, or `outcome`, `map`, `tables`, `panic`, `balance NAME`, one of PARTINGS, or
 * the name of an invariant.
 * by: as in a declaration; absent: any difference. With an exact formula it counts as one more step of the path, so
 * that a later revision may fix it; otherwise it explains every comparison between a variant that has the fault and one
 * that does not.
 * For one of PARTINGS, `by` says on which occasions, all of them, machines may part.
 * For a leak (`balance`), `by` limits the leaked amount over the whole run.
 * until: the first later revision that does not have the fault.
 * outcomes: for `outcome`, the allowed outcomes of the first op that differs, in the run of the variant with the fault.
 * counters: for one of PARTINGS, what may differ in the op otherwise than declared, with a minus in front only if there is
 * less of it; absent: anything.
 */
export interface KnownDifference {
  readonly finding: string;
  readonly variant: string;
  readonly what: string;
  readonly by?: string;
  readonly until?: string;
  readonly outcomes?: readonly string[];
  readonly counters?: readonly string[];
}

/** One step that may explain a difference. */
export interface Step {
  readonly variant: string;
  /** the declaration or finding it represents */
  readonly intent: Declared | null;
  readonly finding: string | null;
  readonly what: string;
  readonly measure: Measure;
  /** for a finding about outcomes; null: any */
  readonly outcomes: readonly string[] | null;
  /** for a finding about where machines part; null: any */
  readonly counters: readonly string[] | null;
  /** true: the step is on the reference's side, so signs are reversed and the reference's occasions count */
  readonly reversed: boolean;
}

/** Everything that may differ between a reference and a candidate. */
export interface Explanations {
  readonly intended: readonly Step[];
  readonly known: readonly Step[];
  /** findings that apply to each side, including those about balances and invariants */
  readonly findings: { readonly reference: readonly Step[]; readonly candidate: readonly Step[] };
}

/** Variants from the first of the series to `id`. An unknown predecessor starts a new series. */
export function lineage(id: string, variants: readonly VariantFacts[]): string[] {
  const line: string[] = [];
  for (let at: string | null = id; at !== null && !line.includes(at);) {
    line.unshift(at);
    at = variants.find((variant) => variant.id === at)?.after ?? null;
  }
  return line;
}

/** Ids of variants each of which comes after the next, and the last after the first; null: every series has a beginning. */
export function circleIn(variants: readonly Pick<VariantFacts, 'id' | 'after'>[]): string[] | null {
  for (const { id } of variants) {
    const line: string[] = [];
    for (let at: string | null = id; at !== null; at = variants.find((variant) => variant.id === at)?.after ?? null) {
      if (line.includes(at)) return line.slice(line.indexOf(at));
      line.push(at);
    }
  }
  return null;
}

/** Ids whose steps lie between reference and candidate: those to undo, and those to take. */
export function pathBetween(
  reference: string,
  candidate: string,
  variants: readonly VariantFacts[],
): { undone: string[]; taken: string[] } {
  const [back, forth] = [lineage(reference, variants), lineage(candidate, variants)];
  let shared = 0;
  while (shared < back.length && back[shared] === forth[shared]) shared++;
  return { undone: back.slice(shared), taken: forth.slice(shared) };
}

/** Throws RangeError if a declaration does not name a statistic or its formula is not in the language. */
export function explanations(
  reference: string,
  candidate: string,
  variants: readonly VariantFacts[],
  ledger: readonly KnownDifference[],
): Explanations {
  const { undone, taken } = pathBetween(reference, candidate, variants);
  const intended = variants.flatMap(({ id, intends, counters }) => {
    if (!undone.includes(id) && !taken.includes(id)) return [];
    return intends.map((intent): Step => {
      const measure = intendedMeasure(id, intent, counters);
      return {
        variant: id,
        intent,
        finding: null,
        what: intent.what,
        measure,
        outcomes: null,
        counters: null,
        reversed: undone.includes(id),
      };
    });
  });
  const findings = {
    reference: findingsIn(lineage(reference, variants), ledger),
    candidate: findingsIn(lineage(candidate, variants), ledger),
  };
  const ofReference = knownIn(lineage(reference, variants), ledger);
  const ofCandidate = knownIn(lineage(candidate, variants), ledger);
  const known = ledger.flatMap((one): Step[] => {
    const { finding, variant, what, outcomes = null, counters = null } = one;
    const measure = knownMeasure(one);
    const [before, after] = isExact(measure)
      ? [undone.includes(variant), taken.includes(variant)]
      : [ofReference.includes(one), ofCandidate.includes(one)];
    return before === after
      ? []
      : [{ variant, intent: null, finding, what, measure, outcomes, counters, reversed: before }];
  });
  return { intended, known, findings };
}

function knownMeasure({ finding, variant, what, by }: KnownDifference): Measure {
  if (by === undefined) return ANYTHING;
  const where = `finding ${finding}, ${variant}, ${what}`;
  const measure = parseMeasure(by, where);
  checkBasis(what, measure, where);
  return measure;
}

/** Findings that apply to the last of a lineage: its own, and those of earlier revisions that none has fixed since. */
export const knownIn = (line: readonly string[], ledger: readonly KnownDifference[]): KnownDifference[] =>
  ledger.filter(({ variant, until }) => line.includes(variant) && (until === undefined || !line.includes(until)));

export const findingsIn = (line: readonly string[], ledger: readonly KnownDifference[]): Step[] =>
  knownIn(line, ledger).map((known): Step => {
    const { finding, variant, what, outcomes = null, counters = null } = known;
    const measure = knownMeasure(known);
    return { variant, intent: null, finding, what, measure, outcomes, counters, reversed: false };
  });

/**
 * The measure of a declaration. counters: those that only the variant's core has. Throws RangeError if it does not name
 * a statistic or its formula is not in the language.
 */
export function intendedMeasure(variant: string, { what, by }: Declared, counters: readonly string[] = []): Measure {
  const where = `${variant}, intends ${what}`;
  if (!STATISTICS.includes(what) && !counters.includes(what))
    throw new RangeError(`${where}: expected the name of a statistic or counter${hint(what, STATISTICS)}`);
  const measure = parseMeasure(by, where);
  checkBasis(what, measure, where);
  return measure;
}

/** A statistic of one pmap can be measured only by that pmap's own pages: events happen to the whole machine. */
function checkBasis(what: string, measure: Measure, where: string): void {
  if (!isOfOnePmap(what)) return;
  const all = [measure.per, measure.room?.above ?? [], measure.room?.below ?? []];
  if (all.some((per) => per.some((n, basis) => basis > 0 && n !== 0)))
    throw new RangeError(`${where}: expected terms per live top-level page only`);
}
