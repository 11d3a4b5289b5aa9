/**
 * The machine-dependent VM: what the VM layer, processes and variants may call. FreeBSD: sys/vm/pmap.h.
 */
import type { Machine } from '../hunks.ts';
import type { Pmap } from '../state/pmap.ts';
import type { Frame, Pages, Va } from '../units.ts';

/* eslint-disable @typescript-eslint/no-unused-vars */
type F<A extends unknown[], R> = (m: Machine, ...args: A) => R;
const later =
  <A extends unknown[], R>(): F<A, R> =>
  () => {
    throw new Error('pmap: body follows');
  };
export const pmapBootstrap = later<[firstFrame?: Frame], void>();
export const newPmap = later<[], Pmap>();
export const pmapPinit = later<[pmap: Pmap, kpti: boolean], void>();
export const pmapRelease = later<[pmap: Pmap], void>();
export const pmapActivate = later<[pmap: Pmap], void>();
export const pmapEnter = later<
  [pmap: Pmap, va: Va, frame: Frame, prot: number, flags: number, psind: number],
  number
>();
export const pmapEnterQuick = later<[pmap: Pmap, va: Va, frame: Frame, prot: number], void>();
export const pmapEnterObject = later<[pmap: Pmap, sva: Va, eva: Va, first: Frame, prot: number], void>();
export const pmapRemove = later<[pmap: Pmap, sva: Va, eva: Va], void>();
export const pmapRemovePages = later<[pmap: Pmap], void>();
export const pmapProtect = later<[pmap: Pmap, sva: Va, eva: Va, prot: number], void>();
export const pmapCopy = later<[dst: Pmap, src: Pmap, dstAddr: Va, len: number, srcAddr: Va], void>();
export const pmapVmspaceCopy = later<[dst: Pmap, src: Pmap], number>();
export const pmapUnwire = later<[pmap: Pmap, sva: Va, eva: Va], void>();
export const pmapAdvise = later<[pmap: Pmap, sva: Va, eva: Va, advice: number], void>();
export const pmapExtract = later<[pmap: Pmap, va: Va], number>();
export const pmapExtractAndHold = later<[pmap: Pmap, va: Va, prot: number], Frame>();
export const pmapIsPrefaultable = later<[pmap: Pmap, va: Va], boolean>();
export const pmapPsEnabled = later<[pmap: Pmap], boolean>();
export const pmapRemoveAll = later<[frame: Frame], void>();
export const pmapRemoveWrite = later<[frame: Frame], void>();
export const pmapClearModify = later<[frame: Frame], void>();
export const pmapTsReferenced = later<[frame: Frame], number>();
export const pmapIsModified = later<[frame: Frame], boolean>();
export const pmapIsReferenced = later<[frame: Frame], boolean>();
export const pmapPageWiredMappings = later<[frame: Frame], number>();
export const pmapPageIsMapped = later<[frame: Frame], boolean>();
export const pmapPageIsWriteMapped = later<[frame: Frame], boolean>();
export const pmapZeroPage = later<[frame: Frame], void>();
export const pmapCopyPage = later<[src: Frame, dst: Frame], void>();
export const pmapAllocPtPage = later<[pmap: Pmap | null, pindex: number], Frame>();
export const pmapFreePtPage = later<[pmap: Pmap | null, frame: Frame, zeroed: boolean], void>();
export const pmapResidentCountAdj = later<[pmap: Pmap, count: Pages], void>();
export const pmapPtPageCountAdj = later<[pmap: Pmap | null, count: Pages], void>();
