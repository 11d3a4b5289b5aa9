/**
 * What a variant has for each member, as written: its own text or, along the spreads, that of a predecessor, with the
 * helpers that it uses.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Compiler, type Declaration, type VariantSource, UnreadableSource, readVariantSource } from './source.ts';

export interface MemberText {
  readonly text: string;
  /** helpers that it uses, and those that they use, in the order of their files */
  readonly helpers: readonly Declaration[];
}

export class VariantSources {
  readonly #ts: Compiler;
  readonly #builtIn: (name: string) => string | null;
  readonly #files = new Map<string, VariantSource>();

  /** builtIn: the file of what `pmapdiff` exports under a name, null unless that is a variant. */
  constructor(ts: Compiler, builtIn: (name: string) => string | null) {
    this.#ts = ts;
    this.#builtIn = builtIn;
  }

  /** Throws UnreadableSource. */
  read(path: string): VariantSource {
    let source = this.#files.get(path);
    if (source === undefined) {
      source = readVariantSource(this.#ts, basename(path), readFileSync(path, 'utf8'));
      this.#files.set(path, source);
    }
    return source;
  }

  /** The member as the variant of a file has it. Throws UnreadableSource, also when no predecessor has it. */
  member(path: string, name: string): MemberText {
    const source = this.read(path);
    const own = source.members.get(name);
    if (own !== undefined) return { text: own.text, helpers: this.#helpers(path, own.uses) };
    const before = this.predecessor(path);
    if (before === null) throw new UnreadableSource(`${basename(path)}: expected a member ${name}`);
    return this.member(before, name);
  }

  /**
   * The member where it comes from: as member(), but behind `landed.hunks.removeIsNoop` too where that can be read. Throws
   * UnreadableSource.
   */
  origin(path: string, name: string): MemberText {
    const source = this.read(path);
    const own = source.members.get(name);
    if (own === undefined) {
      const before = this.predecessor(path);
      return before === null ? this.member(path, name) : this.origin(before, name);
    }
    const from = own.taken === null ? undefined : source.imports.get(own.taken.variant);
    const file = from === undefined ? null : this.#fileOf(path, from.from, from.name);
    try {
      if (file !== null) return this.origin(file, own.taken!.name);
    } catch (error) {
      if (!(error instanceof UnreadableSource)) throw error;
    }
    return this.member(path, name);
  }

  /** The file of the variant that the hunks spread; null for the first of a series. Throws UnreadableSource. */
  predecessor(path: string): string | null {
    const { spread, imports } = this.read(path);
    if (spread === null) return null;
    const from = imports.get(spread);
    const file = from === undefined ? null : this.#fileOf(path, from.from, from.name);
    if (file !== null) return file;
    throw new UnreadableSource(`${basename(path)}: expected ${spread} to be imported from pmapdiff or from a file`);
  }

  #fileOf(path: string, specifier: string, name: string): string | null {
    if (specifier === 'pmapdiff') return this.#builtIn(name);
    if (!specifier.startsWith('.')) return null;
    const target = join(dirname(path), specifier);
    return [target, `${target}.ts`, target.replace(/\.js$/, '.ts')].find((file) => existsSync(file)) ?? null;
  }

  #helpers(path: string, names: readonly string[], found = new Map<string, Declaration>()): Declaration[] {
    const { declarations, imports } = this.read(path);
    for (const name of names) {
      const local = declarations.get(name);
      const imported = imports.get(name);
      if (local !== undefined) {
        if (!isVariantItself(local)) this.#take(path, local, found);
      } else if (imported !== undefined && imported.from.startsWith('.')) {
        const file = this.#fileOf(path, imported.from, imported.name);
        const there = file === null || !hasVariant(file) ? undefined : this.read(file).declarations.get(imported.name);
        if (there !== undefined && !isVariantItself(there)) this.#take(file!, there, found);
      }
    }
    return [...found.values()];
  }

  #take(path: string, declaration: Declaration, found: Map<string, Declaration>): void {
    const key = `${path}\n${declaration.text}`;
    if (found.has(key)) return;
    found.set(key, declaration);
    this.#helpers(path, declaration.uses, found);
  }
}

/** The engine's face and the index of variants hold no variant: their names are everybody's. */
const hasVariant = (path: string): boolean => basename(path) !== 'index.ts';

const isVariantItself = ({ uses }: Declaration): boolean => uses.includes('defineVariant');
