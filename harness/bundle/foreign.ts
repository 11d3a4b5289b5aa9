/**
 * Decides which files of a user's variant may be bundled. Only `pmapdiff` and TypeScript or JavaScript files in or
 * below the variant's own folder may be imported; none of them has run at that point.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, extname, relative, resolve, sep } from 'node:path';
import type { Plugin } from 'rolldown';
import type { ESTree } from 'rolldown/utils';
import { sha256 } from '../input/sha256.ts';
import { SyntaxFault, parse, placeOf, walk } from '../review/syntax.ts';

/** The variant cannot be bundled; one line gives its file, line and column. */
export class ForeignError extends Error {}

const KINDS: Readonly<Record<string, 'ts' | 'tsx' | 'js'>> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.tsx': 'tsx',
  '.js': 'js',
  '.mjs': 'js',
};
/** Maximum number of characters in one file. */
const MAX_FILE = 2 ** 20;
const MAX_FILES = 200;
const ALLOWED = "'pmapdiff' or a TypeScript or JavaScript file in or below the variant's folder";

export interface Specifier {
  /** null if it is computed */
  readonly name: string | null;
  readonly at: number;
}

export class ForeignFiles {
  readonly #folder: string;
  readonly #face: string;
  readonly #files = new Set<string>();
  /** SHA-256 of each file that was read, by path */
  readonly hashes: Record<string, string> = {};

  /** entry: the variant's file. face: the file that `pmapdiff` resolves to. */
  constructor(entry: string, face: string) {
    const file = realpathSync(entry);
    this.#folder = dirname(file);
    this.#face = face;
    this.#files.add(file);
    this.entry = file;
  }

  readonly entry: string;

  readonly plugin: Plugin = {
    name: 'foreign-files',
    resolveId: (specifier, importer) => {
      if (importer === undefined || !this.#files.has(importer)) return null;
      return specifier === 'pmapdiff' ? this.#face : this.#fileOf(specifier, importer);
    },
    load: (id) => (this.#files.has(id) ? { code: this.#read(id), moduleType: KINDS[extname(id)] } : null),
  };

  /** Display name of a file below the folder, with slashes. */
  nameOf(path: string): string {
    return relative(this.#folder, path).split(sep).join('/');
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  /** Reads a file and checks that all of its imports are allowed. Throws ForeignError. */
  #read(path: string): string {
    const bytes = readFileSync(path);
    this.hashes[path] = sha256(bytes);
    const text = bytes.toString().replace(/^\uFEFF/, '');
    const fail = (line: number, column: number, what: string): never => {
      throw new ForeignError(`${this.nameOf(path)}:${line}:${column}: ${what}`);
    };
    if (text.length > MAX_FILE) fail(1, 1, `expected at most ${MAX_FILE} characters, got ${text.length}`);
    if (this.#files.size > MAX_FILES) fail(1, 1, `expected at most ${MAX_FILES} files, got more`);
    let program: ESTree.Program;
    try {
      ({ program } = parse(path, text));
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error;
      return fail(error.line, error.column, `syntax error: ${error.message}`);
    }
    for (const { name, at } of specifiersOf(program)) {
      if (name === 'pmapdiff') continue;
      const file = name === null ? null : this.#fileOf(name, path);
      const { line, column } = placeOf(text, at);
      if (file === null)
        fail(line, column, `expected an import of ${ALLOWED}, got ${name === null ? 'a computed name' : `'${name}'`}`);
      else this.#files.add(file);
    }
    return text;
  }

  /** Returns null if the file may not be imported. */
  #fileOf(specifier: string, importer: string): string | null {
    if (!specifier.startsWith('.')) return null;
    const target = resolve(dirname(importer), specifier);
    const candidates = [target, `${target}.ts`, `${target}.js`, target.replace(/(?<=\.m?)js$/, 'ts')];
    for (const candidate of candidates) {
      if (statSync(candidate, { throwIfNoEntry: false })?.isFile() !== true) continue;
      const file = realpathSync(candidate);
      if (file.startsWith(`${this.#folder}${sep}`) && extname(file) in KINDS) return file;
    }
    return null;
  }
}

/** What a file imports, except imports of types only. */
export function specifiersOf(program: ESTree.Program): Specifier[] {
  const found: Specifier[] = [];
  const add = (node: ESTree.Node): void => {
    const isText = node.type === 'Literal' && typeof node.value === 'string';
    found.push({ name: isText ? (node.value as string) : null, at: node.start });
  };
  walk(program, (node) => {
    if (node.type === 'ImportDeclaration' && node.importKind !== 'type') add(node.source);
    else if (node.type === 'ExportAllDeclaration' && node.exportKind !== 'type') add(node.source);
    else if (node.type === 'ExportNamedDeclaration' && node.source !== null && node.exportKind !== 'type')
      add(node.source);
    else if (node.type === 'ImportExpression') add(node.source);
    else if (node.type === 'TSImportEqualsDeclaration' && node.moduleReference.type === 'TSExternalModuleReference')
      found.push({ name: `require(${JSON.stringify(node.moduleReference.expression.value)})`, at: node.start });
    else if (node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === 'require')
      found.push({ name: 'require(…)', at: node.start });
  });
  return found;
}
