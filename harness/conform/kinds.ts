/** Recorded vectors by kind, and what answers them. */
import type { Variant } from '../../core/index.ts';
import { conformMmu } from './mmu.ts';
import { conformPmap } from './pmap.ts';
import { conformReplay } from './replay.ts';
import type { ConformReport } from './report.ts';
import { conformVm } from './vm.ts';

export const CONFORM_KINDS = ['pmap', 'vm', 'mmu', 'replay'] as const;
export type ConformKind = (typeof CONFORM_KINDS)[number];

/** A variant, and the recorded answers that measure it. */
export interface Measured {
  readonly variant: Variant;
  readonly answers: string;
}

/** What a process that runs one variant is asked. */
export interface ConformRequest {
  readonly kind: ConformKind;
  readonly paths: readonly string[];
  /** folder of the recorded programs */
  readonly traces: string;
  readonly answers: string;
}

/** Throws VectorError. */
export async function conformWith(
  kind: ConformKind,
  paths: readonly string[],
  traces: string,
  revisions: readonly Measured[],
): Promise<ConformReport> {
  switch (kind) {
    case 'pmap':
      return conformPmap(paths, revisions);
    case 'vm':
      return conformVm(paths, revisions);
    case 'mmu':
      return conformMmu(paths);
    case 'replay':
      return conformReplay(paths, traces, revisions);
  }
}
