/**
 * The composition root of a process that answers recorded vectors with a patched core, bundled with it into one text. It
 * reads the files that its parent names and nothing else.
 */
import { exportedVariant } from '../run/load.ts';
import { type ConformRequest, conformWith } from './kinds.ts';
import type { ConformReport } from './report.ts';

export type ConformAnswer =
  | { readonly kind: 'answered'; readonly report: ConformReport }
  /** isInput: a file cannot be read; otherwise the patched core threw */
  | { readonly kind: 'refused'; readonly message: string; readonly isInput: boolean };

const say = (answer: ConformAnswer): void => {
  process.send?.(answer);
};

process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());

/** exported: what the variant's file exports. */
export function serve(exported: Readonly<Record<string, unknown>>): void {
  process.on('message', ({ kind, paths, traces, answers }: ConformRequest) => {
    const variant = exportedVariant(exported, 'variant');
    conformWith(kind, paths, traces, [{ variant, answers }]).then(
      (report) => say({ kind: 'answered', report }),
      (error: Error) => say({ kind: 'refused', message: error.message, isInput: error.name === 'VectorError' }),
    );
  });
}
