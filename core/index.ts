/**
 * The engine's public interface: what variants, workload runs and conformance checks may use. Files in core never
 * import it.
 */
export * from './calls.ts';
export * from './counters.ts';
export * from './digest.ts';
export * from './events.ts';
export { HUNK_DECIDES, HUNK_NAMES, type Hunks, type Machine } from './hunks.ts';
export type { InstanceCounts } from './instances.ts';
export * from './kern/index.ts';
export * from './machine.ts';
export { MappedSpan } from './mapped.ts';
export { usedFrames } from './page/page.ts';
export { KernelPanic } from './panic.ts';
export * from './places.ts';
export * from './pmap/index.ts';
export * from './snapshot.ts';
export type { MachineConfig } from './state/machine.ts';
export type { Pmap } from './state/pmap.ts';
export * from './state/proc.ts';
export type { VmMap, VmMapEntry, VmObject, Vmspace } from './state/vm.ts';
export * from './units.ts';
export { defineVariant, type Intent, type Variant } from './variant.ts';
export * from './vm/index.ts';
