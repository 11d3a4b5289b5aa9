/**
 * The state of one simulated machine, generic over its hunks so that the state layer knows nothing of the seam.
 */
import { COUNTER_COUNT } from '../counters.ts';
import { EventLog } from '../events.ts';
import type { Proc } from './proc.ts';

/** What a workload states about its machine. */
export interface MachineConfig {
  /** Number of CPUs, 1..64. */
  readonly cpus: number;
  /** Page-table isolation: user mode has a root of its own. */
  readonly pti: boolean;
  /** Process-context identifiers, and INVPCID with them. */
  readonly pcid: boolean;
  /** Five page-table levels. */
  readonly la57: boolean;
  /** vm.pmap.pg_ps_enabled: 2M mappings and promotion. */
  readonly superpages: boolean;
  /** Bytes of physical memory; a power of two. */
  readonly ram: number;
  /** The shared page lies one page lower (some AMD processors). */
  readonly lowerShared: boolean;
}

export class MachineState<H> {
  config: MachineConfig;
  hunks: H;
  readonly counters = new Float64Array(COUNTER_COUNT);
  recording = false;
  readonly events = new EventLog();
  /** The CPU and the process that the running code belongs to. */
  curcpu = 0;
  curproc: Proc | null = null;

  constructor(config: MachineConfig, hunks: H) {
    this.config = config;
    this.hunks = hunks;
  }
}
