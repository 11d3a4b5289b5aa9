/**
 * Digests of whole machines in two runs, checkpoint by checkpoint.
 */
import type { Checkpoint, RunPart } from '../run/record.ts';

type DigestPlane = 'map' | 'tables';

/**
 * Numbers of the ops after which the digests differ, in order. An op that only one of the two has differs; a digest that
 * one of them has not taken does not.
 */
function differing(a: readonly Checkpoint[], b: readonly Checkpoint[], plane: DigestPlane): number[] {
  const [before, after] = [a, b].map((points) => new Map(points.map((point) => [point.op, point[plane]])));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((op) => before.get(op) !== after.get(op) && before.get(op) !== '' && after.get(op) !== '')
    .toSorted((x, y) => x - y);
}

/** Where the digests of one plane differ, of all checkpoints or of some. */
export class CheckpointComparer {
  readonly #plane: DigestPlane;
  readonly #isCompared: (point: Checkpoint) => boolean;
  /** first op after which they differ, Infinity: none; and at how many checkpoints they do */
  op = Infinity;
  checkpoints = 0;

  constructor(plane: DigestPlane, isCompared: (point: Checkpoint) => boolean = () => true) {
    this.#plane = plane;
    this.#isCompared = isCompared;
  }

  /** Compare the next parts up to op `end`. */
  take(a: RunPart, b: RunPart, end: number): void {
    const [before, after] = [a, b].map(({ checkpoints }) =>
      checkpoints.filter((point) => point.op < end && this.#isCompared(point)),
    );
    const ops = differing(before, after, this.#plane);
    if (ops.length > 0 && this.checkpoints === 0) [this.op] = ops;
    this.checkpoints += ops.length;
  }
}

/**
 * Page tables are compared where no call is half done, as a revision may do earlier in a call what another does later in
 * it.
 */
export class TablesComparer {
  readonly #whole = new CheckpointComparer('tables', ({ isMidCall }) => !isMidCall);
  /** of the reference's last checkpoint, if a call is half done there */
  #atEnd = new CheckpointComparer('tables');

  take(a: RunPart, b: RunPart, end: number): void {
    this.#whole.take(a, b, end);
    const last = a.checkpoints.at(-1);
    if (last === undefined) return;
    this.#atEnd = new CheckpointComparer('tables', ({ op, isMidCall }) => isMidCall && op === last.op);
    this.#atEnd.take(a, b, end);
  }

  /** isWhole false: what differs belongs to a call that never ends. */
  get isWhole(): boolean {
    return this.#whole.checkpoints > 0;
  }

  get found(): CheckpointComparer {
    return this.isWhole ? this.#whole : this.#atEnd;
  }
}
