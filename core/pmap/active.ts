/**
 * pm_active: the set of CPUs that have a pmap loaded, 64 bits in two words. FreeBSD: sys/sys/cpuset.h CPU_SET_ATOMIC,
 * CPU_CLR_ATOMIC, CPU_ISSET.
 */
import type { Pmap } from '../state/pmap.ts';

/** Marks the pmap as loaded on a CPU. FreeBSD: CPU_SET_ATOMIC */
export function setActive(pmap: Pmap, cpu: number): void {
  if (cpu < 32) pmap.activeLo |= 1 << cpu;
  else pmap.activeHi |= 1 << (cpu - 32);
}

/** FreeBSD: CPU_CLR_ATOMIC */
export function clearActive(pmap: Pmap, cpu: number): void {
  if (cpu < 32) pmap.activeLo &= ~(1 << cpu);
  else pmap.activeHi &= ~(1 << (cpu - 32));
}

/** FreeBSD: CPU_ISSET */
export const isActive = (pmap: Pmap, cpu: number): boolean =>
  cpu < 32 ? (pmap.activeLo & (1 << cpu)) !== 0 : (pmap.activeHi & (1 << (cpu - 32))) !== 0;

const othersLo = (pmap: Pmap, cpu: number): number => (cpu < 32 ? pmap.activeLo & ~(1 << cpu) : pmap.activeLo);
const othersHi = (pmap: Pmap, cpu: number): number => (cpu < 32 ? pmap.activeHi : pmap.activeHi & ~(1 << (cpu - 32)));

/** Is the pmap loaded on a CPU other than this one? FreeBSD: none */
export const isActiveElsewhere = (pmap: Pmap, cpu: number): boolean =>
  (othersLo(pmap, cpu) | othersHi(pmap, cpu)) !== 0;

/** Number of other CPUs that have the pmap loaded. FreeBSD: none */
export const activeElsewhere = (pmap: Pmap, cpu: number): number =>
  popcount(othersLo(pmap, cpu)) + popcount(othersHi(pmap, cpu));

function popcount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}
