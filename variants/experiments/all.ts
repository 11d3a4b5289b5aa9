// Written by the build from the files of this folder.
export * from './baseline-with-unmap.ts';
export * from './d33276.ts';
export * from './dying-pmap-no-ipi.ts';
export * from './in-loop-check.ts';
export * from './no-abi-unmap.ts';
export * from './no-early-exit.ts';
export * from './unmap-after-remove-pages.ts';
export * from './unmap-without-refcount-check.ts';
export * from './vmspace-clear-as-spelled.ts';
export * from './vmspace-clear.ts';
