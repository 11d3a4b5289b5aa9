/**
 * The sources of a column that a patch changes, for the builder: the patched text in place of the file, each function
 * that differs counting how often it is entered.
 */
import { lstatSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import type { Plugin } from 'rolldown';
import { packagePath } from '../input/paths.ts';
import type { Overlay } from '../patch/apply.ts';
import { type ChangedFunctions, ENTERED, changedFunctions, enteredModule, withCounts } from '../patch/functions.ts';
import { shippedFiles, shippedText, withLists } from '../patch/sources.ts';
import { SyntaxFault, parse, placeOf } from '../review/syntax.ts';
import { ForeignError, specifiersOf } from './foreign.ts';

/** From the top of the program's sources, with slashes. */
export const sourceName = (path: string): string => relative(packagePath(), path).split(sep).join('/');

export class PatchedFiles {
  readonly #overlay: Overlay;
  readonly functions: ChangedFunctions;
  readonly #numbers: ReadonlyMap<string, number>;

  /** isCounted false: nothing is counted. Throws ForeignError: file, line, column. */
  constructor(overlay: Overlay, isCounted: boolean) {
    this.#overlay = withLists(overlay);
    for (const [path, text] of overlay) if (text !== null) this.#check(path, text);
    const changed = [...overlay.keys()];
    const others = shippedFiles().filter((path) => !overlay.has(path));
    this.functions = changedFunctions(changed, others, shippedText, (path) => this.#textOf(path));
    const names = isCounted ? Object.keys(this.functions) : [];
    this.#numbers = new Map(names.map((name, number) => [name, number]));
  }

  readonly plugin: Plugin = {
    name: 'patched-files',
    resolveId: (specifier, importer) => {
      if (specifier === ENTERED) return `\0${ENTERED}`;
      if (importer === undefined || !specifier.startsWith('.')) return null;
      const target = resolve(dirname(importer), specifier);
      const text = this.#overlay.get(sourceName(target));
      if (text === null)
        throw new ForeignError(`${sourceName(importer)}: imports ${sourceName(target)}, which the patch removes`);
      return text === undefined ? null : target;
    },
    load: (id) => {
      if (id === `\0${ENTERED}`) return enteredModule([...this.#numbers.keys()]);
      const path = sourceName(id);
      const text = this.#overlay.get(path);
      const isCounted = [...this.#numbers.keys()].some((name) => name.startsWith(`${path}: `));
      if (!isCounted) return text === undefined || text === null ? null : { code: text, moduleType: 'ts' };
      return { code: withCounts(path, text ?? shippedText(path)!, this.#numbers), moduleType: 'ts' };
    },
  };

  #textOf(path: string): string | null {
    const text = this.#overlay.get(path);
    return text === undefined ? shippedText(path) : text;
  }

  /** A patched file imports files of core and variants only: nothing else is read, let alone run. */
  #check(path: string, text: string): void {
    const fail = (at: { readonly line: number; readonly column: number }, what: string): never => {
      throw new ForeignError(`${path}:${at.line}:${at.column}: ${what}`);
    };
    try {
      for (const { name, at } of specifiersOf(parse(path, text).program)) {
        const target = name?.startsWith('.') === true ? sourceName(resolve(packagePath(dirname(path)), name)) : '';
        if (/^(?:core|variants)\/.*\.ts$/.test(target) && (this.#overlay.has(target) || isShipped(target))) continue;
        const got = name === null ? 'a computed name' : `'${name}'`;
        fail(placeOf(text, at), `expected an import of a file of core/ or variants/, got ${got}`);
      }
    } catch (error) {
      if (error instanceof SyntaxFault) fail(error, `syntax error: ${error.message}`);
      throw error;
    }
  }
}

const isShipped = (path: string): boolean => lstatSync(packagePath(path), { throwIfNoEntry: false })?.isFile() === true;
