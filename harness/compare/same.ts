/**
 * Do two runs agree on every plane? Variants whose runs agree are shown as one.
 */
import { OutcomeComparer } from '../run/outcome.ts';
import type { RunEnd, RunPart, RunRecord } from '../run/record.ts';
import { CheckpointComparer } from './checkpoints.ts';
import { Declarations } from './declarations.ts';
import { StatisticsComparer, addsOtherNumbers } from './statistics.ts';
import { compareViolations } from './violations.ts';

const NOTHING = new Declarations({ intended: [], known: [], findings: { reference: [], candidate: [] } });

export class SameRun {
  #same = true;
  readonly #outcomes = new OutcomeComparer();
  readonly #map = new CheckpointComparer('map');
  readonly #tables = new CheckpointComparer('tables');
  /** null while all parts were equal number for number: what comes later differs only by itself */
  #statistics: StatisticsComparer | null = null;

  /** The next parts, which begin with op `first`. */
  take(a: RunPart, b: RunPart, first: number): void {
    if (this.#same) this.#same = this.#agree(a, b, first);
  }

  #agree(a: RunPart, b: RunPart, first: number): boolean {
    if (a.ops !== b.ops || addsOtherNumbers(a, b, first)) return false;
    this.#outcomes.take(a, b, first, a.ops);
    if (this.#outcomes.ops > 0) return false;
    for (const plane of [this.#map, this.#tables]) {
      plane.take(a, b, first + a.ops);
      if (plane.checkpoints > 0) return false;
    }
    if (this.#statistics === null && sameStatistics(a, b) && samePmaps(a, b)) return true;
    this.#statistics ??= new StatisticsComparer(NOTHING);
    this.#statistics.take(a, b, first, a.ops, Infinity);
    return !this.#statistics.differs;
  }

  /** The runs have ended: do they agree? */
  finish(a: RunEnd, b: RunEnd): boolean {
    return (
      this.#same &&
      a.ended.kind !== 'failed' &&
      a.ops === b.ops &&
      JSON.stringify(a.ended) === JSON.stringify(b.ended) &&
      compareViolations(a, b).length === 0 &&
      JSON.stringify(a.apart) === JSON.stringify(b.apart) &&
      (this.#statistics === null || this.#statistics.finish().differences.length === 0)
    );
  }
}

/** Do two whole records agree? */
export function sameRecord(a: RunRecord, b: RunRecord): boolean {
  const same = new SameRun();
  same.take(a, b, 0);
  return same.finish(a, b);
}

type Integers = Int32Array | Uint32Array | Uint8Array;

function equal(x: Integers, y: Integers): boolean {
  const { length } = x;
  if (length !== y.length) return false;
  for (let i = 0; i < length; i++) if (x[i] !== y[i]) return false;
  return true;
}

/** The bits of floating-point numbers, so that NaN is itself and -0 is not 0. */
const bitsOf = ({ buffer, byteOffset, length }: Float64Array): Int32Array =>
  new Int32Array(buffer, byteOffset, 2 * length);

/** The common case: every number the same. Parts that differ here may still agree: reached members are counted too. */
function sameStatistics({ perOp: a, start: before }: RunPart, { perOp: b, start: after }: RunPart): boolean {
  return (
    equal(bitsOf(before), bitsOf(after)) &&
    equal(a.residentCount, b.residentCount) &&
    equal(a.wiredCount, b.wiredCount) &&
    equal(a.mappedPages, b.mappedPages) &&
    equal(a.excessPages, b.excessPages) &&
    equal(a.counterList, b.counterList) &&
    equal(a.counterFrom, b.counterFrom) &&
    equal(a.counterIndex, b.counterIndex) &&
    equal(bitsOf(a.counterDelta), bitsOf(b.counterDelta))
  );
}

const samePmaps = ({ checkpoints: a }: RunPart, { checkpoints: b }: RunPart): boolean =>
  a.length === b.length && a.every(({ pmaps }, i) => equal(pmaps, b[i].pmaps));
