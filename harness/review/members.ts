/**
 * A variant's members as written: its own text or, along the spreads, that of a predecessor, with the helpers it uses.
 * This is the only place that decides whether two members are the same.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  type Declaration,
  type Import,
  UnreadableSource,
  type VariantSource,
  meaning,
  readVariantSource,
} from './source.ts';

export interface MemberText {
  readonly text: string;
  /** helpers it uses, and those that they use, then imports under another name */
  readonly helpers: readonly string[];
}

/** The sources that ship with the program. */
export interface BuiltInSources {
  /** the file of the variant that `pmapdiff` exports under a name; null if the name is not a variant */
  readonly fileOf: (name: string) => string | null;
  /** whether a file only re-exports the engine, so that its names mean the same everywhere */
  readonly isFace: (path: string) => boolean;
  /** the text of a file that a patch changes; null if it is as it is on the disk. @default null */
  readonly textOf?: (path: string) => string | null;
}

/** Location of a member or a helper. */
interface Place {
  readonly path: string;
  readonly declaration: Declaration;
}

export class VariantSources {
  readonly #builtIn: BuiltInSources;
  readonly #files = new Map<string, VariantSource>();
  readonly #meanings = new Map<string, string>();

  constructor(builtIn: BuiltInSources) {
    this.#builtIn = builtIn;
  }

  /** Throws UnreadableSource. */
  read(path: string): VariantSource {
    let source = this.#files.get(path);
    if (source === undefined) {
      source = readVariantSource(basename(path), this.#builtIn.textOf?.(path) ?? readFileSync(path, 'utf8'));
      this.#files.set(path, source);
    }
    return source;
  }

  /** The member that a file's variant uses. Throws UnreadableSource, also if no predecessor has it. */
  member(path: string, name: string): MemberText {
    const { own, helpers, renamed } = this.#whole(this.#find(path, name));
    return { text: own.declaration.text, helpers: [...helpers.map(({ declaration }) => declaration.text), ...renamed] };
  }

  /**
   * What a member does, as text: two members are the same if and only if these texts are equal. Follows a member taken
   * from another variant (`landed.hunks.removeIsNoop`) to its definition. Throws UnreadableSource.
   */
  meaning(path: string, name: string): string {
    const key = `${path}\n${name}`;
    const known = this.#meanings.get(key) ?? this.#meaningOf(path, name);
    this.#meanings.set(key, known);
    return known;
  }

  #meaningOf(path: string, name: string): string {
    const { own, helpers, renamed } = this.#whole(this.#origin(path, name));
    const effects = [...new Set(helpers.map((helper) => helper.path))].flatMap((file) => this.read(file).effects);
    const code = helpers.map(({ declaration }) => declaration.code);
    return [meaning(own.declaration.text, code), ...effects, ...renamed].join('\n');
  }

  #whole(own: Place): { own: Place; helpers: readonly Place[]; renamed: readonly string[] } {
    const helpers = this.#helpers(own.path, own.declaration);
    const renamed = new Set([own, ...helpers].flatMap((place) => this.#renamed(place)));
    return { own, helpers, renamed: [...renamed] };
  }

  /** The file of the variant that the hunks spread; null for the first of a series. Throws UnreadableSource. */
  predecessor(path: string): string | null {
    const { spread } = this.read(path);
    if (spread === null) return null;
    const file = this.#variantNamed(path, spread);
    if (file !== null) return file;
    throw new UnreadableSource(`${basename(path)}: expected ${spread} to be imported from pmapdiff or from a file`);
  }

  #find(path: string, name: string): Place {
    const own = this.read(path).members.get(name);
    if (own !== undefined) return { path, declaration: own };
    const before = this.predecessor(path);
    if (before === null) throw new UnreadableSource(`${basename(path)}: expected a member ${name}`);
    return this.#find(before, name);
  }

  #origin(path: string, name: string): Place {
    const found = this.#find(path, name);
    const { members, declarations } = this.read(found.path);
    const { alias, taken: own } = members.get(name)!;
    const taken = own ?? (alias === null ? null : (declarations.get(alias)?.taken ?? null));
    const file = taken === null ? null : this.#variantNamed(found.path, taken.variant);
    return file === null ? found : this.#origin(file, taken!.name);
  }

  #variantNamed(path: string, local: string): string | null {
    const from = this.read(path).imports.get(local);
    if (from === undefined) return null;
    return from.from === 'pmapdiff' ? this.#builtIn.fileOf(from.name) : this.#fileAt(path, from.from);
  }

  /** The file that a relative import names; null if there is none, or the import is not relative. */
  #fileAt(path: string, specifier: string): string | null {
    if (!specifier.startsWith('.')) return null;
    const target = join(dirname(path), specifier);
    const found = [target, `${target}.ts`, target.replace(/js$/, 'ts')].find((file) => existsSync(file));
    return found ?? null;
  }

  /** The declarations in files that a member uses, directly or indirectly. */
  #helpers(path: string, { uses }: Declaration, found = new Map<string, Place>()): Place[] {
    for (const name of uses) {
      const helper = this.#helperNamed(path, name);
      const key = helper === null ? '' : `${helper.path}\n${helper.declaration.text}`;
      if (helper === null || found.has(key)) continue;
      found.set(key, helper);
      this.#helpers(helper.path, helper.declaration, found);
    }
    return [...found.values()];
  }

  /** Returns null for a name of the engine, of the language, or of a variant. */
  #helperNamed(path: string, name: string): Place | null {
    const { declarations, imports } = this.read(path);
    const local = declarations.get(name);
    if (local !== undefined) return isVariantItself(local) ? null : { path, declaration: local };
    const imported = imports.get(name);
    const file = imported === undefined ? null : this.#fileAt(path, imported.from);
    if (file === null || this.#builtIn.isFace(file)) return null;
    const declaration = this.read(file).declarations.get(imported!.name);
    return declaration === undefined || isVariantItself(declaration) ? null : { path: file, declaration };
  }

  /** Imports that give a name the meaning of a different name elsewhere, or a meaning that cannot be read. */
  #renamed({ path, declaration }: Place): string[] {
    const { declarations, imports } = this.read(path);
    return declaration.uses.flatMap((name) => {
      const imported = declarations.has(name) ? undefined : imports.get(name);
      if (imported === undefined) return [];
      const isRead = imported.from === 'pmapdiff' || this.#isFace(path, imported) || this.#isFound(path, name);
      if (isRead && imported.name === name) return [];
      return [`import { ${imported.name} as ${name} } from '${imported.from}';`];
    });
  }

  #isFace(path: string, { from }: Import): boolean {
    const file = this.#fileAt(path, from);
    return file !== null && this.#builtIn.isFace(file);
  }

  #isFound(path: string, name: string): boolean {
    return this.#helperNamed(path, name) !== null || this.#variantNamed(path, name) !== null;
  }
}

const isVariantItself = ({ uses }: Declaration): boolean => uses.includes('defineVariant');
