/**
 * The machine-dependent VM: the functions that the VM layer, processes and variants may call. FreeBSD: sys/vm/pmap.h
 */
export { pmapActivate } from './activate.ts';
export { pmapCopy, pmapVmspaceCopy } from './copy.ts';
export { pmapEnterObject, pmapEnterQuick } from './enter-quick.ts';
export { pmapEnter } from './enter.ts';
export { freePmap, newPmap, pmapBootstrap, pmapPinit, pmapRelease } from './lifecycle.ts';
export { notePvEntries } from './note.ts';
export {
  pmapClearModify,
  pmapCopyPage,
  pmapIsModified,
  pmapIsReferenced,
  pmapPageExistsQuick,
  pmapPageIsMapped,
  pmapPageWiredMappings,
  pmapRemoveAll,
  pmapRemoveWrite,
  pmapTsReferenced,
  pmapZeroPage,
} from './page-ops.ts';
export { pmapAdvise, pmapProtect, pmapUnwire } from './protect.ts';
export { pmapAllocPtPage, pmapFreePtPage, pmapPtPageCountAdj, pmapResidentCountAdj } from './pt-page.ts';
export { pmapExtract, pmapIsPrefaultable, pmapMincore } from './query.ts';
export { pmapRemovePages } from './remove-pages.ts';
export { pmapRemove } from './remove.ts';
export { pmapPsEnabled } from './superpage.ts';
