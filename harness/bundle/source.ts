/** What a column is bundled from. */
import type { Overlay } from '../patch/apply.ts';

/** What a process does with its variant: run workloads, measure tasks, or answer recorded vectors. */
export type ColumnKind = 'run' | 'bench' | 'conform';

/** What a column is made of. */
export interface ColumnSource {
  /** the variant, either the program's own or a user's */
  readonly file: string;
  readonly isBuiltIn: boolean;
  /** what a patch changes in the sources of the program; null: nothing */
  readonly overlay: Overlay | null;
}

/** A user's variant, on the program's own core. */
export const userFile = (file: string): ColumnSource => ({ file, isBuiltIn: false, overlay: null });
