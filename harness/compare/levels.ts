/** Statistics of one pmap, which are levels: after every op, and of every pmap at checkpoints. */
import { type Checkpoint, OUTCOME_STOPPED, PMAP_FIELDS, type RunPart } from '../run/record.ts';
import { OUTCOME_NOT_RUN } from '../workload/names.ts';
import { type Occasions, newOccasions } from './occasions.ts';
import type { Track } from './track.ts';

export function compareLevels(
  reference: Int32Array,
  candidate: Int32Array,
  { perOp: { code, topPages: ofReference } }: RunPart,
  { perOp: { topPages: ofCandidate } }: RunPart,
  first: number,
  count: number,
  horizon: number,
  track: Track,
): void {
  const { hasTerms } = track;
  const isSkipped = (at: number): boolean =>
    first + at < horizon && (code[at] === OUTCOME_STOPPED || code[at] === OUTCOME_NOT_RUN);
  if (!hasTerms && isEqual(reference, candidate, count)) {
    let at = count - 1;
    while (at >= 0 && isSkipped(at)) at--;
    if (at >= 0) track.total = 0;
    return;
  }
  const [onceA, onceB] = [newOccasions(), newOccasions()];
  let judged = NaN;
  for (let at = 0; at < count; at++) {
    const op = first + at;
    if (isSkipped(at)) continue;
    const difference = candidate[at] - reference[at];
    track.total = difference;
    if (op >= horizon) {
      if (difference !== 0) track.noteLater(op);
      continue;
    }
    if (difference !== 0) track.note(op, difference, reference[at]);
    else if (!hasTerms) continue;
    if (difference === judged && onceA[0] === ofReference[at] && onceB[0] === ofCandidate[at]) continue;
    judged = difference;
    onceA[0] = ofReference[at];
    onceB[0] = ofCandidate[at];
    track.judge(op, difference, onceB, onceA);
  }
}

function checkLevel(
  track: Track,
  op: number,
  difference: number,
  reference: number,
  ofB: Occasions,
  ofA: Occasions,
): void {
  if (difference !== 0 || track.hasTerms) track.check(op, difference, reference, ofB, ofA);
}

function isEqual(reference: Int32Array, candidate: Int32Array, count: number): boolean {
  for (let at = 0; at < count; at++) if (reference[at] !== candidate[at]) return false;
  return true;
}

/** Compares the pmaps of all processes. A difference in one of them is charged to the last op before the checkpoint. */
export function compareEveryPmap(
  { op, pmaps: a }: Checkpoint,
  { pmaps: b }: Checkpoint,
  tracks: readonly Track[],
): void {
  const [resident, wired, mapped, excess] = tracks;
  if (a.length !== b.length) return; // the maps differ too
  const [onceA, onceB] = [newOccasions(), newOccasions()];
  for (let at = 0; at < a.length; at += PMAP_FIELDS) {
    onceA[0] = a[at + 2];
    onceB[0] = b[at + 2];
    checkLevel(resident, op, b[at] - a[at], a[at], onceB, onceA);
    checkLevel(wired, op, b[at + 1] - a[at + 1], a[at + 1], onceB, onceA);
    checkLevel(mapped, op, b[at + 3] - a[at + 3], a[at + 3], onceB, onceA);
    checkLevel(excess, op, b[at + 4] - a[at + 4], a[at + 4], onceB, onceA);
  }
}
