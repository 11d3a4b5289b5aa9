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

  /**
   * variant: the file of the built-in variant that is run; null: a user's, which may use any. isCounted false: nothing is
   * counted. Throws ForeignError: file, line, column.
   */
  constructor(overlay: Overlay, variant: string | null, isCounted: boolean) {
    this.#overlay = withLists(overlay);
    for (const [path, text] of overlay) if (text !== null) this.#check(path, text);
    const changed = [...overlay.keys()];
    const run = variant === null ? null : this.#behind(variant);
    const others = shippedFiles().filter((path) => !overlay.has(path) && (run === null || run.has(path)));
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

  /** The core, and the variants that a variant is made of: no function of another one is ever called. */
  #behind(variant: string): ReadonlySet<string> {
    const found = new Set(shippedFiles().filter((path) => path.startsWith('core/')));
    const left = [variant];
    for (let path = left.pop(); path !== undefined; path = left.pop()) {
      const text = found.has(path) ? null : this.#textOf(path);
      if (text === null) continue;
      found.add(path);
      for (const { name } of specifiersOf(parse(path, text).program))
        if (name !== null) left.push(targetOf(path, name));
    }
    return found;
  }

  /** A patched file imports files of core and variants only: nothing else is read, let alone run. */
  #check(path: string, text: string): void {
    const fail = (at: { readonly line: number; readonly column: number }, what: string): never => {
      throw new ForeignError(`${path}:${at.line}:${at.column}: ${what}`);
    };
    try {
      for (const { name, at } of specifiersOf(parse(path, text).program)) {
        const target = name?.startsWith('.') === true ? targetOf(path, name) : '';
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

/** The source that one imports by this name. */
const targetOf = (path: string, name: string): string => sourceName(resolve(packagePath(dirname(path)), name));

const isShipped = (path: string): boolean => lstatSync(packagePath(path), { throwIfNoEntry: false })?.isFile() === true;
