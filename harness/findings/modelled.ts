/** Observations of modelled time and contention, for the cells of the ledger. */
import { type Frames, type Life, PMAP_LOCK, contend, lifeOf } from '../cost/contention.ts';
import { lifeFrom } from '../cost/loop.ts';
import { remainderOf } from '../cost/measure.ts';
import { type Range, ratioOf } from '../cost/prices.ts';
import type { RunRecord } from '../run/record.ts';

/** A process life from op `from` to the end; null if none ended there. `reference`: its time is that of the constant. */
function livesOf(record: RunRecord, reference: RunRecord, from: number): readonly [Life, Life] | null {
  if (record.profile === null || reference.profile === null || record.ops <= from || reference.ops <= from) return null;
  const [mine, other] = [lifeFrom(record.profile, from), lifeFrom(reference.profile, from)];
  try {
    const rest = remainderOf(other);
    return [
      lifeOf(record.variant, mine, rest, record.profile),
      lifeOf(reference.variant, other, rest, reference.profile),
    ];
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const text = ({ low, typical, high }: Range, digits: number): string =>
  `${typical.toFixed(digits)} (${low.toFixed(digits)}-${high.toFixed(digits)})`;

/** Lives per second, of those of the reference: typical (low-high). Null if no process ended. */
export function speedAgainst(record: RunRecord, reference: RunRecord, from: number): string | null {
  const lives = livesOf(record, reference, from);
  return lives === null ? null : text(ratioOf(lives[1].work, lives[0].work, 'default'), 2);
}

/** Time per life, of that of the reference: typical (low-high). Null if no process ended. */
export function timeAgainst(record: RunRecord, reference: RunRecord, from: number): string | null {
  const lives = livesOf(record, reference, from);
  return lives === null ? null : text(ratioOf(lives[0].work, lives[1].work, 'default'), 4);
}

const FRAMES: readonly Frames[] = [1, 4, 8, 20];
const CPUS = [16, 32] as const;

/** Lives per second, of those of the reference, on 16 and 32 CPUs, by 2M frames that hold the shared pages. */
export function speedOnMany(record: RunRecord, reference: RunRecord, from: number): string | null {
  const lives = livesOf(record, reference, from);
  if (lives === null) return null;
  const speed = (life: Life, cpus: number, frames: Frames): number => contend(life, cpus, frames, 'default').throughput;
  const ratio = (cpus: number, frames: Frames): string =>
    (speed(lives[0], cpus, frames) / speed(lives[1], cpus, frames)).toFixed(2);
  return FRAMES.map((frames) => `F ${frames}: ${CPUS.map((cpus) => ratio(cpus, frames)).join(' ')}`).join(', ');
}

/** The most instances that are asked about: as many as a machine may have CPUs. */
const MOST = 64;

/** What processes wait for a pmap lock, among so many instances as a machine may have CPUs; and how often they take it. */
export function pmapWaits(record: RunRecord, from: number): { readonly waits: boolean; readonly locks: number } | null {
  const lives = livesOf(record, record, from);
  if (lives === null) return null;
  const [life] = lives;
  const { stations } = contend(life, MOST, 1, 'default');
  return { waits: stations.some(({ name, wait }) => name === PMAP_LOCK && wait > 0), locks: life.pmapLocks };
}
