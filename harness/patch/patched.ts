/** A column that a patch, a git revision or a step of a series makes of the program's sources. */
import type { Overlay } from './apply.ts';
import type { PatchIntent } from './read.ts';

export interface Patched {
  readonly origin: 'patch' | 'rev';
  readonly id: string;
  /** as it was given, for messages */
  readonly name: string;
  readonly title: string;
  readonly intends: readonly PatchIntent[];
  /** id of the step before it in its series; null: the variant whose hunks it runs comes before it */
  readonly after: string | null;
  /** every source that differs from the program's */
  readonly overlay: Overlay;
  /** what a reader should know of how it was taken */
  readonly notes: readonly string[];
}

/** Files of the core from which verdicts are read off: a patch of them changes the judge too. */
const JUDGE = ['core/inspect.ts', 'core/snapshot.ts', 'core/mapped.ts', 'core/state/names.ts'];

/** Of a column's changed functions, the files that are part of the judge. */
export const judgeFiles = (files: readonly string[]): string[] => JUDGE.filter((file) => files.includes(file));
