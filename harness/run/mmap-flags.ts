/** The flags passed to mmap for an op. FreeBSD: sys/sys/mman.h */
import {
  MAP_ANON,
  MAP_FIXED,
  MAP_GUARD,
  MAP_NOCORE,
  MAP_NOSYNC,
  MAP_PREFAULT_READ,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_STACK,
} from '../../core/index.ts';
import type { MmapKind, MmapOperands, MmapWish } from '../workload/mmap.ts';

const BY_KIND: Readonly<Record<MmapKind, number>> = {
  anon: MAP_ANON,
  guard: MAP_GUARD,
  stack: MAP_STACK | MAP_ANON,
  file: 0,
  phys: 0,
};

const BY_WISH: Readonly<Record<MmapWish, number>> = {
  prefault: MAP_PREFAULT_READ,
  nocore: MAP_NOCORE,
  nosync: MAP_NOSYNC,
};

/** A guard is neither private nor shared: mmap rejects both flags for it. */
export function mmapFlags({ kind, shared, fixed, wishes }: MmapOperands): number {
  const unshared = kind === 'guard' ? 0 : MAP_PRIVATE;
  const wished = wishes.reduce((flags, wish) => flags | BY_WISH[wish], 0);
  return BY_KIND[kind] | (shared ? MAP_SHARED : unshared) | (fixed ? MAP_FIXED : 0) | wished;
}
