/**
 * The machine-dependent VM: what the VM layer, processes and variants may call. FreeBSD: sys/vm/pmap.h
 */
export { pmapActivate } from './activate.ts';
export { pmapCopy, pmapVmspaceCopy } from './copy.ts';
export { pmapEnter } from './enter.ts';
export { pmapEnterObject, pmapEnterQuick } from './enterquick.ts';
export { freePmap, newPmap, pmapBootstrap, pmapPinit, pmapRelease } from './lifecycle.ts';
export {
  pmapClearModify,
  pmapCopyPage,
  pmapIsModified,
  pmapIsReferenced,
  pmapPageIsMapped,
  pmapPageIsWriteMapped,
  pmapPageWiredMappings,
  pmapRemoveAll,
  pmapRemoveWrite,
  pmapTsReferenced,
  pmapZeroPage,
} from './pageops.ts';
export { pmapAdvise, pmapProtect, pmapUnwire } from './protect.ts';
export { pmapAllocPtPage, pmapFreePtPage, pmapPtPageCountAdj, pmapResidentCountAdj } from './ptpage.ts';
export { pmapExtract, pmapExtractAndHold, pmapIsPrefaultable, pmapMincore } from './query.ts';
export { pmapRemove } from './remove.ts';
export { pmapRemovePages } from './removepages.ts';
export { pmapPsEnabled } from './superpage.ts';
