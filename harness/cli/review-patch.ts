/** `pmapdiff review` of a patch of the program's own sources. */
import { basename } from 'node:path';
import { ledger } from '../findings/index.ts';
import { InputError } from '../input-error.ts';
import type { Overlay } from '../patch/apply.ts';
import { takePatch } from '../patch/series.ts';
import { shippedText } from '../patch/sources.ts';
import type { PatchReview } from '../report/patch-review.ts';
import type { Block } from '../review/interdiff.ts';
import { KernelNames } from '../review/kernel-names.ts';
import { type PatchedSource, reviewHunks } from '../review/patch-review.ts';
import { SyntaxFault } from '../review/syntax.ts';
import { baseOf, splitBase } from './patches.ts';

/** Does a diff change the program's own sources, not those of the kernel? */
export const isOfProgram = (text: string): boolean =>
  /^(?:---|\+\+\+) (?:[^/\s]+\/)?(?:core|variants)\/\S+\.ts(?:\s.*)?$/m.test(text);

/** given: as for --patch. bytes: of the patch, if they are read already. Throws InputError. */
export function patchReviewOf(given: string, bytes?: Uint8Array): PatchReview {
  const { what, base } = splitBase(given);
  const { patched, after } = takePatch(what, bytes);
  const { name, title, intends, notes, overlay } = patched;
  const sources = [...overlay].map(([file, text]) => ({ file, before: shippedText(file), after: text }));
  try {
    const hunks = reviewHunks(sources, { names: new KernelNames(), ledger });
    const spoken = hunks.flatMap(({ declarations }) => declarations.flatMap(({ remarks }) => remarks));
    const remarks = ledger
      .filter(({ id }) => spoken.includes(id))
      .map(({ id, title: of, thread }) => ({ id, title: of, thread }));
    return { name: basename(name), title, base: baseOf(base ?? after), intends, notes, hunks, remarks };
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    throw new InputError(`${name}: syntax error after the patch: ${error.message}, at ${error.line}:${error.column}`);
  }
}

/** What two patches leave different, by file; null: the sources as they are shipped. */
export function changedSources(was: Overlay | null, is: Overlay | null): PatchedSource[] {
  const files = [...new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])].toSorted();
  const textIn = (overlay: Overlay | null, file: string): string | null =>
    overlay?.has(file) ? overlay.get(file)! : shippedText(file);
  return files
    .map((file) => ({ file, before: textIn(was, file), after: textIn(is, file) }))
    .filter(({ before, after }) => before !== after);
}

/** Hunks by the place and what it declares, as blocks of an interdiff. */
export const patchBlocks = (sources: readonly PatchedSource[]): Block[] =>
  reviewHunks(sources, { names: new KernelNames(), ledger }).map(({ file, line, declarations, lines }) => ({
    members: [`${file}:${line}`, ...declarations.map(({ name }) => name)],
    lines,
  }));
