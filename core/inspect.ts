/**
 * Raw state, for whoever recounts it: state objects, arrays, and the constants that state is written in. Nothing here
 * walks, looks up or decides; entry bits and layouts are for the reader to know by himself, so that a mistake in the
 * engine's own does not hide itself.
 */
export type { Machine } from './hunks.ts';
export {
  PSC_LEVELS,
  PSC_SLOTS,
  TLB_SLOTS_1G,
  TLB_SLOTS_2M,
  TLB_SLOTS_4K,
  TLB_SLOT_WORDS,
  type Cpu,
} from './state/cpu.ts';
export { INDEX_SHIFT, type PageIndex } from './state/page-index.ts';
export { PGA_WRITEABLE, VM_PAGE_BITS_ALL, VPO_UNMANAGED } from './state/page.ts';
export { PMAP_PCID_NONE, type Pmap } from './state/pmap.ts';
export { PRS_NORMAL, P_PPWAIT, type Proc } from './state/proc.ts';
export * from './state/vm.ts';
