/** What is declared to differ between two variants, by statistic: worked out once, and the same in every workload. */
import { COUNTER_NAMES, GAUGES } from '../../core/counters.ts';
import type { Explanations, Step } from '../declare/declarations.ts';
import { BASES, type Measure, NOTHING, hasTerms, isExact, sum } from '../declare/measure.ts';
import type { Expected } from './occasions.ts';

/** Of one statistic or counter. */
export interface DeclaredStatistic {
  readonly intended: readonly Step[];
  readonly known: readonly Step[];
  /** `intended`, then `known` */
  readonly all: readonly Step[];
  readonly byIntent: Expected;
  /**
   * with the exact steps of findings: they happen whatever is declared, so that a sum without one of them is wrong. null:
   * none
   */
  readonly exactly: Expected | null;
  readonly byLedger: Expected;
  /** steps that apply at some bases only, and these */
  readonly atBases: readonly { readonly step: Step; readonly bases: readonly number[] }[];
  /** the steps have terms, so ops without a difference are judged too */
  readonly hasTerms: boolean;
}

export class Declarations implements Explanations {
  readonly intended: readonly Step[];
  readonly known: readonly Step[];
  readonly findings: Explanations['findings'];
  /** statistics and counters that something is declared of */
  readonly names: ReadonlySet<string>;
  /** by basis: what is declared of a gauge counts it */
  readonly countedByGauges: readonly boolean[];
  readonly #byName = new Map<string, DeclaredStatistic>();

  constructor({ intended, known, findings }: Explanations) {
    this.intended = intended;
    this.known = known;
    this.findings = findings;
    this.names = new Set([...intended, ...known].map(({ what }) => what));
    const ofGauges = [...intended, ...known].filter(({ what }) =>
      GAUGES.some((gauge) => COUNTER_NAMES[gauge] === what),
    );
    this.countedByGauges = BASES.map((_basis, i) => ofGauges.some(({ measure }) => isCounted(measure, i)));
  }

  static from(explained: Explanations): Declarations {
    return explained instanceof Declarations ? explained : new Declarations(explained);
  }

  of(what: string): DeclaredStatistic {
    let found = this.#byName.get(what);
    if (found === undefined) this.#byName.set(what, (found = this.#read(what)));
    return found;
  }

  #read(what: string): DeclaredStatistic {
    const intended = this.intended.filter((step) => step.what === what);
    const known = this.known.filter((step) => step.what === what);
    const all = [...intended, ...known];
    const exact = known.filter(({ measure }) => isExact(measure));
    return {
      intended,
      known,
      all,
      byIntent: expected(intended),
      exactly: exact.length === 0 ? null : expected([...intended, ...exact]),
      byLedger: expected(all),
      atBases: all.filter(({ measure }) => hasTerms(measure)).map((step) => ({ step, bases: basesOf(step.measure) })),
      hasTerms: all.some(({ measure }) => countsExactly(measure)),
    };
  }
}

const isCounted = ({ per, room }: Measure, basis: number): boolean =>
  [per, room?.above, room?.below].some((list) => list !== undefined && list[basis] !== 0);

export const countsExactly = ({ per }: Measure): boolean => per.some((n) => n !== 0);

/** What the measure's terms count, or, if it has none, what it makes room for. */
function basesOf(measure: Measure): number[] {
  const { per, room } = measure;
  const counts = countsExactly(measure) || room === null ? [per] : [room.above, room.below];
  return per.flatMap((_n, basis) => (counts.some((list) => list[basis] !== 0) ? [basis] : []));
}

function expected(steps: readonly Step[]): Expected {
  let forward: Measure = NOTHING;
  let backward: Measure = NOTHING;
  for (const { measure, reversed } of steps) {
    if (reversed) backward = sum(backward, measure);
    else forward = sum(forward, measure);
  }
  return { forward, backward };
}
