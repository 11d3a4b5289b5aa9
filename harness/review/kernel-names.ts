/**
 * The names that files of FreeBSD main of July 2022 have: functions, function-like macros and labels. The list is written
 * by test/support/kernel-names.mjs.
 */
import listed from './kernel-names.json' with { type: 'json' };

interface Names {
  /** with blanks between */
  readonly functions?: string;
  readonly static?: string;
  readonly macros?: string;
  /** the function and the line that each is in */
  readonly labels?: Readonly<Record<string, string>>;
}

const files: Readonly<Record<string, Names>> = listed;

export class KernelNames {
  readonly #files = new Map<string, Set<string>>();

  constructor() {
    for (const [file, { functions = '', static: own = '', macros = '' }] of Object.entries(files))
      this.#files.set(file, new Set(`${functions} ${own} ${macros}`.split(' ')));
  }

  has(file: string, name: string): boolean {
    return this.#files.get(file)?.has(name) ?? false;
  }

  isStatic(file: string, name: string): boolean {
    return files[file]?.static?.split(' ').includes(name) ?? false;
  }

  /** The file that has a function: the one given if it has it, otherwise a C file before a header; null: none has it. */
  fileOf(name: string, given: string | null): string | null {
    if (given !== null) return this.has(given, name) ? given : null;
    const found = [...this.#files].flatMap(([file, names]) => (names.has(name) ? [file] : []));
    return found.find((file) => file.endsWith('.c')) ?? found[0] ?? null;
  }

  /** Whether a file of that name is in the list. */
  isListed(file: string): boolean {
    return this.#files.has(file);
  }

  /** The function with that label that is nearest to a line; null if none has it. */
  withLabel(file: string, label: string, line: number): string | null {
    const found = files[file]?.labels?.[label]?.split(' ').map((entry) => entry.split(':')) ?? [];
    const distance = ([, at]: readonly string[]): number => Math.abs(Number(at) - line);
    return found.toSorted((a, b) => distance(a) - distance(b))[0]?.[0] ?? null;
  }
}
