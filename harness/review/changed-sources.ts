/** A patch of `core` under review: what it changes, function by function, and which functions of the kernel those restate. */
import { type Line, linesOf } from './interdiff.ts';
import type { KernelNames } from './kernel-names.ts';
import { type KernelFunction, type Restated, readRestated } from './restated.ts';

export interface ChangedSource {
  /** from the top of the sources: `core/pmap/protect.ts` */
  readonly file: string;
  readonly name: string;
  readonly change: 'changed' | 'added' | 'removed';
  readonly lines: readonly Line[];
  /** what it restates, before the patch or after it; empty if its comment names nothing */
  readonly kernel: readonly KernelFunction[];
}

/** The declarations of a file whose text differs, in the order of the file. Throws SyntaxFault. */
export function changedSources(file: string, before: string, after: string, names: KernelNames): ChangedSource[] {
  const [was, is] = [before, after].map((text) => {
    const lines = text.split('\n');
    return readRestated(file, text, names).map((one) => ({
      ...one,
      text: lines.slice(one.line - 1, one.lastLine).join('\n'),
    }));
  });
  const sameAs = (one: Restated) => (other: Restated) => other.name === one.name && other.kind === one.kind;
  const kernelOf = (...some: (Restated | undefined)[]): readonly KernelFunction[] =>
    some.find((one) => (one?.functions?.length ?? 0) > 0)?.functions ?? [];
  const gone = was.filter((one) => !is.some(sameAs(one)));
  const there = is.flatMap((one): ChangedSource[] => {
    const old = was.find(sameAs(one));
    if (old?.text === one.text) return [];
    const change = old === undefined ? 'added' : 'changed';
    const lines = old === undefined ? signed('+', one.text) : linesOf(old.text, one.text);
    return [{ file, name: one.name, change, lines, kernel: kernelOf(one, old) }];
  });
  return [
    ...there,
    ...gone.map((one): ChangedSource => ({
      file,
      name: one.name,
      change: 'removed',
      lines: signed('-', one.text),
      kernel: kernelOf(one),
    })),
  ];
}

const signed = (sign: Line['sign'], text: string): Line[] => text.split('\n').map((line) => ({ sign, text: line }));
