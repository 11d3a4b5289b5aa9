/**
 * Raw state for code that recounts it: state objects, arrays, and the constants that state is encoded in. Nothing here
 * walks, looks up or decides. The checker defines entry bits and layouts itself, so that it cannot inherit a mistake
 * from the engine.
 */
export type { Machine } from './hunks.ts';
export { frameOfPlace } from './page/free-list.ts';
export { usedFrames } from './page/page.ts';
export {
  PSC_LEVELS,
  PSC_SLOTS,
  TLB_SLOTS_1G,
  TLB_SLOTS_2M,
  TLB_SLOTS_4K,
  TLB_SLOT_WORDS,
  type Cpu,
} from './state/cpu.ts';
export { INDEX_MAX_HEIGHT, INDEX_SHIFT, type PageIndex } from './state/page-index.ts';
export { PGA_WRITEABLE, VM_PAGE_BITS_ALL, VPO_UNMANAGED } from './state/page.ts';
export { PMAP_PCID_NONE, type Pmap } from './state/pmap.ts';
export { PRS_NORMAL, P_PPWAIT, STOP_PAGES_REMOVED, STOP_VMSPACE0_ACTIVE, type Proc } from './state/proc.ts';
export * from './state/vm.ts';
