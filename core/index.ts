/**
 * The engine's face: what variants, workload runs and conformance checks may use. Files in core never import it.
 */
export * from './units.ts';
export * from './counters.ts';
export { KernelPanic } from './panic.ts';
export * from './calls.ts';
export * from './events.ts';
export { type Hunks, type Machine, HUNK_NAMES } from './hunks.ts';
export { type Intent, type Variant, defineVariant } from './variant.ts';
export type { MachineConfig } from './state/machine.ts';
export type { Pmap } from './state/pmap.ts';
export * from './state/proc.ts';
export type { VmMap, VmMapEntry, VmObject, Vmspace } from './state/vm.ts';
export * from './pmap/index.ts';
export * from './vm/index.ts';
export * from './kern/index.ts';
export * from './machine.ts';
export * from './snapshot.ts';
