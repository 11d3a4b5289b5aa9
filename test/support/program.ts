/** Modules that tests run very often: imported from the source, or bundled like the program. */
export { KernelPanic, bootMachine, defineVariant } from '../../core/index.ts';
export * from '../../harness/check/checker.ts';
export * from '../../harness/compare/plan.ts';
export * from '../../harness/compare/workload.ts';
export * from '../../harness/declare/declarations.ts';
export * from '../../harness/findings/index.ts';
export * from '../../harness/input/load.ts';
export * from '../../harness/run/run.ts';
export * from '../../harness/run/session.ts';
export * from '../../harness/workload/generate.ts';
export * from '../../harness/workload/pieces.ts';
export * from '../../harness/workload/trace/read.ts';
export * as face from '../../variants/index.ts';
export { factsOfAll } from './facts.ts';
