// Written by the build from the files of this folder.
export * from './baseline.ts';
export * from './double-count-fix.ts';
export * from './landed.ts';
export * from './shared-page-unmap.ts';
export * from './toplevel-accounting.ts';
