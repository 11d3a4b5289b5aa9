/** A patch of the program's own sources under review: its hunks, each with the functions of the kernel that it is about. */
import { structuredPatch } from 'diff';
import type { Finding } from '../findings/finding.ts';
import type { Line } from './interdiff.ts';
import type { KernelNames } from './kernel-names.ts';
import { remarksOf } from './kernel-review.ts';
import { type KernelFunction, type Restated, Restatements, readRestated } from './restated.ts';

/** A function, constant or type that a hunk changes. */
export interface TouchedDeclaration {
  readonly name: string;
  /** what it restates, after the patch or before it; empty if its comment names nothing */
  readonly kernel: readonly KernelFunction[];
  /** ids of the remarks that speak of one of those */
  readonly remarks: readonly string[];
}

export interface ReviewedHunk {
  /** from the top of the sources: `core/pmap/protect.ts` */
  readonly file: string;
  /** of its first change, in the file after the patch */
  readonly line: number;
  /** empty: it changes imports, or comments between declarations */
  readonly declarations: readonly TouchedDeclaration[];
  readonly lines: readonly Line[];
}

/** A text of null: there is no such file. */
export interface PatchedSource {
  readonly file: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** Lines around a change. */
const CONTEXT = 3;

/** In the order of the files, and of their lines. Throws SyntaxFault: a file is no TypeScript. */
export function reviewHunks(
  sources: readonly PatchedSource[],
  { names, ledger }: { readonly names: KernelNames; readonly ledger: readonly Finding[] },
): ReviewedHunk[] {
  return sources.flatMap(({ file, before, after }) => {
    const [was, is] = [before ?? '', after ?? ''];
    const [old, now] = [was, is].map((text) => new Restatements(readRestated(file, text, names)));
    const { hunks } = structuredPatch(file, file, was, is, '', '', { context: CONTEXT });
    return hunks.map((hunk) => {
      const { changes, lines } = changesIn(hunk);
      const touched = changes.flatMap(({ isAdded, line }) => (isAdded ? now : old).at(file, line));
      const once = touched.filter((one, i) => touched.findIndex((other) => isSame(one, other)) === i);
      const declarations = once.map(({ name, kind }): TouchedDeclaration => {
        const both = [now, old].map(({ all }) => all.find((one) => one.name === name && one.kind === kind)?.functions);
        const kernel = both.find((functions) => (functions?.length ?? 0) > 0) ?? [];
        const remarks = kernel.flatMap((one) => remarksOf(one.name, ledger));
        return { name, kernel, remarks: [...new Set(remarks)] };
      });
      return { file, line: changes[0].after, declarations, lines };
    });
  });
}

const isSame = (a: Restated, b: Restated): boolean => a.name === b.name && a.kind === b.kind;

interface ChangedLine {
  readonly isAdded: boolean;
  /** in the file that has it */
  readonly line: number;
  /** where it is, or was, in the file after the patch */
  readonly after: number;
}

function changesIn({
  oldStart,
  newStart,
  lines: all,
}: {
  readonly oldStart: number;
  readonly newStart: number;
  readonly lines: readonly string[];
}): { readonly changes: readonly ChangedLine[]; readonly lines: readonly Line[] } {
  const changes: ChangedLine[] = [];
  const lines: Line[] = [];
  let [before, after] = [oldStart, newStart];
  for (const text of all) {
    const [sign] = text;
    if (sign !== ' ' && sign !== '-' && sign !== '+') continue; // no newline at the end of a file
    lines.push({ sign, text: text.slice(1) });
    if (sign !== ' ') changes.push({ isAdded: sign === '+', line: sign === '+' ? after : before, after });
    if (sign !== '+') before++;
    if (sign !== '-') after++;
  }
  return { changes, lines };
}
