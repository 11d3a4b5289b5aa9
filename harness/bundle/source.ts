/** What a column is bundled from. */
import type { Overlay } from '../patch/apply.ts';

/** What is done with a variant: run workloads, measure tasks, answer recorded vectors, or run workloads in a page. */
export type ColumnKind = 'run' | 'bench' | 'conform' | 'page';

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
