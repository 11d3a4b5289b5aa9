/** Kinds of recordings, and what answers them. */
import type { Variant } from '../../core/index.ts';
import { MmuAnswers } from './mmu.ts';
import { PmapAnswers } from './pmap.ts';
import { ReplayAnswers } from './replay.ts';
import type { ConformReport } from './report.ts';
import type { Answers } from './vector-files.ts';
import { VmAnswers } from './vm.ts';

export const CONFORM_KINDS = ['pmap', 'vm', 'mmu', 'replay'] as const;
export type ConformKind = (typeof CONFORM_KINDS)[number];

/** A variant, and the recorded answers that measure it. */
export interface Measured {
  readonly variant: Variant;
  readonly answers: string;
}

/** Takes recordings of that kind, under each revision. */
export function answersOf(kind: ConformKind, revisions: readonly Measured[]): Answers<unknown, ConformReport> {
  const answers = {
    pmap: () => new PmapAnswers(revisions),
    vm: () => new VmAnswers(revisions),
    mmu: () => new MmuAnswers(),
    replay: () => new ReplayAnswers(revisions),
  } satisfies Record<ConformKind, () => Answers<never, ConformReport>>;
  return answers[kind]() as Answers<unknown, ConformReport>;
}
