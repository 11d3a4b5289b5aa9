/** The machine-independent VM: the functions that processes, variants and workloads may call. */
export * from './codes.ts';
export { vmMapRemove } from './delete.ts';
export { vmFault } from './fault.ts';
export { vmMapEntrySucc } from './map-tree.ts';
export * from './mmap.ts';
export { fileCreate } from './pager.ts';
export { vmPageLookup } from './pages.ts';
