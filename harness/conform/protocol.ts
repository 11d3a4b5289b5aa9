/** What conform and a process that answers recordings say to each other. */
import type { ConformKind } from './kinds.ts';
import type { ConformReport } from './report.ts';

export type ToConform =
  /** answers: the revision whose recorded answers are expected */
  | { readonly kind: 'begin'; readonly of: ConformKind; readonly answers: string }
  | { readonly kind: 'take'; readonly name: string; readonly recording: unknown }
  | { readonly kind: 'report' };

export type FromConform =
  | { readonly kind: 'taken' }
  | { readonly kind: 'report'; readonly report: ConformReport }
  /** the core, or the variant, threw */
  | { readonly kind: 'refused'; readonly message: string };
