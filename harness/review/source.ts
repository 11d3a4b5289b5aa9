/**
 * A variant file as written: the members of its hunks with their comments, and the declarations they use.
 * Function#toString would show compiler output instead.
 */
import type { ESTree } from 'rolldown/utils';
import { type Comment, SyntaxFault, canonical, parse, placeOf, walk } from './syntax.ts';

/** A declaration at the top level of a file. */
export interface Declaration {
  readonly name: string;
  /** with its comments */
  readonly text: string;
  /** without comments, and without `export` */
  readonly code: string;
  /** top-level names of the same file that it uses, including imported ones */
  readonly uses: readonly string[];
  /** `landed` and `removeIsNoop` for `const name = landed.hunks.removeIsNoop`; null otherwise */
  readonly taken: Taken | null;
}

export interface Taken {
  readonly variant: string;
  readonly name: string;
}

/** A member of the hunks. */
export interface Member extends Declaration {
  /** the declaration that the member names, as in `removeIsNoop: noop`; null if it is written in place */
  readonly alias: string | null;
  /** of the file, from 1 */
  readonly line: number;
}

export interface Import {
  readonly from: string;
  /** name in that module; `default` for the default export, `*` for the whole module */
  readonly name: string;
}

export interface VariantSource {
  /** the comment at the head of the file, without its delimiters */
  readonly message: string;
  /** what the hunks spread: `landed` for `...landed.hunks`; null for the first of a series */
  readonly spread: string | null;
  readonly members: ReadonlyMap<string, Member>;
  readonly declarations: ReadonlyMap<string, Declaration>;
  readonly imports: ReadonlyMap<string, Import>;
  /** top-level statements that neither declare nor export anything: they may change the value of a declaration */
  readonly effects: readonly string[];
}

/** The hunks are not written as one spread of a predecessor and members by name, so they cannot be shown as written. */
export class UnreadableSource extends Error {}

/** Throws UnreadableSource: file, expected, found. */
export function readVariantSource(name: string, text: string): VariantSource {
  const reader = new Reader(name, text);
  const { spread, members } = reader.hunks();
  return { message: reader.headComment(), spread, members, ...reader.topLevel() };
}

/**
 * What a member does, as text: equal for two members that differ only in types, comments and layout. Throws
 * UnreadableSource if the text is not a member.
 */
export function meaning(member: string, helpers: readonly string[]): string {
  try {
    return canonical(`({${member}\n});\n${helpers.join('\n')}`).replace(/^\(\{"(\w+)"/, '({$1');
  } catch (error) {
    if (error instanceof SyntaxFault) throw new UnreadableSource(`expected a member, found ${error.message}`);
    throw error;
  }
}

class Reader {
  readonly #name: string;
  readonly #text: string;
  readonly #program: ESTree.Program;
  readonly #comments: readonly Comment[];

  constructor(name: string, text: string) {
    this.#name = name;
    this.#text = text;
    try {
      ({ program: this.#program, comments: this.#comments } = parse(name, text));
    } catch (error) {
      if (error instanceof SyntaxFault) throw new UnreadableSource(`${name}:${error.line}: ${error.message}`);
      throw error;
    }
  }

  headComment(): string {
    const first = this.#comments[0];
    const start = this.#program.body[0]?.start ?? this.#text.length;
    if (first === undefined || first.start > start) return '';
    return this.#text
      .slice(first.start, first.end)
      .split('\n')
      .map((line) => line.replace(/^\s*\/?\*+\/?\s?|^\s*\/\/\s?/, '').replace(/\s*\*\/\s*$/, ''))
      .join('\n')
      .trim();
  }

  hunks(): { spread: string | null; members: Map<string, Member> } {
    const members = new Map<string, Member>();
    const literal = this.#hunksLiteral();
    if (typeof literal === 'string') return { spread: literal, members };
    let spread: string | null = null;
    let before = literal.start;
    for (const property of literal.properties) {
      const from = before;
      before = property.end;
      if (property.type === 'SpreadElement') {
        const variant = variantOf(property.argument);
        if (variant === null) throw this.#unreadable(property, 'a spread of the hunks of a variant');
        if (spread !== null || members.size > 0) throw this.#unreadable(property, 'one spread, before every member');
        spread = variant;
        continue;
      }
      const name = keyOf(property);
      if (name === null || property.kind !== 'init') throw this.#unreadable(property, 'a member by its name');
      if (members.has(name)) throw this.#unreadable(property, 'each member once');
      const { value } = property;
      members.set(name, {
        name,
        text: this.#textOf(property, from, ','),
        code: this.#text.slice(property.start, property.end),
        uses: usesOf(property),
        taken: takenOf(value),
        alias: value.type === 'Identifier' ? value.name : null,
        line: placeOf(this.#text, property.start).line,
      });
    }
    return { spread, members };
  }

  /**
   * The object literal named `hunks`, of which there must be exactly one; or the variant whose hunks are taken whole.
   */
  #hunksLiteral(): ESTree.ObjectExpression | string {
    const found: ESTree.ObjectProperty[] = [];
    const variants: ESTree.ObjectExpression[] = [];
    walk(this.#program, (node) => {
      if (node.type !== 'ObjectExpression') return;
      const named = (name: string): ESTree.ObjectProperty[] =>
        node.properties.filter((one) => one.type === 'Property').filter((one) => keyOf(one) === name);
      found.push(...named('hunks'));
      if (named('id').length > 0) variants.push(node);
    });
    const [first, second] = found;
    if (second !== undefined) throw this.#unreadable(second, 'one object literal named hunks');
    if (first === undefined) {
      const taken = variants.length === 1 ? wholeOf(variants[0]) : null;
      if (taken !== null) return taken;
      throw this.#unreadable(this.#program, 'an object literal named hunks');
    }
    const value = first.value.type === 'Identifier' ? this.#constant(first.value.name) : first.value;
    const taken = value === null ? null : variantOf(value);
    if (taken !== null) return taken;
    if (value?.type === 'ObjectExpression') return value;
    throw this.#unreadable(first, 'an object literal named hunks');
  }

  /** The initial value of a top-level constant. */
  #constant(name: string): ESTree.Expression | null {
    for (const statement of this.#program.body) {
      const declaration = declarationIn(statement);
      if (declaration?.type !== 'VariableDeclaration' || declaration.kind !== 'const') continue;
      for (const { id, init } of declaration.declarations)
        if (id.type === 'Identifier' && id.name === name) return init;
    }
    return null;
  }

  topLevel(): Pick<VariantSource, 'imports' | 'declarations' | 'effects'> {
    const imports = new Map<string, Import>();
    const declarations = new Map<string, Declaration>();
    const effects: string[] = [];
    let before = 0;
    for (const statement of this.#program.body) {
      const from = before;
      before = statement.end;
      if (statement.type === 'ImportDeclaration') {
        for (const specifier of statement.specifiers) {
          const name =
            specifier.type === 'ImportSpecifier'
              ? nameOf(specifier.imported)
              : specifier.type === 'ImportDefaultSpecifier'
                ? 'default'
                : '*';
          imports.set(specifier.local.name, { from: statement.source.value, name });
        }
        continue;
      }
      const declaration = declarationIn(statement);
      const names = namesIn(declaration);
      const code = this.#text.slice((declaration ?? statement).start, statement.end);
      const text = this.#textOf(statement, from);
      const taken = this.#takenBy(declaration);
      for (const name of names) declarations.set(name, { name, text, code, uses: usesOf(statement), taken });
      if (names.length === 0 && !/^Export|^TS/.test(statement.type)) effects.push(code);
    }
    return { imports, declarations, effects };
  }

  #takenBy(declaration: ESTree.Node | null): Taken | null {
    if (declaration?.type !== 'VariableDeclaration' || declaration.declarations.length !== 1) return null;
    const [{ id, init }] = declaration.declarations;
    return id.type === 'Identifier' && init !== null ? takenOf(init) : null;
  }

  /**
   * The text from the first comment before a node to the last one after it on its line, without the indentation, with
   * its separator. before: end of what precedes the node.
   */
  #textOf(node: ESTree.Node, before: number, separator = ''): string {
    const text = this.#text;
    const start =
      this.#comments.find(
        (comment) =>
          comment.start >= before &&
          comment.end <= node.start &&
          (before === 0 || text.slice(before, comment.start).includes('\n')),
      )?.start ?? node.start;
    const comma = separator === '' ? null : /^\s*,/.exec(text.slice(node.end));
    const end = node.end + (comma === null ? 0 : comma[0].length);
    let after = end;
    for (const comment of this.#comments)
      if (comment.start >= after && text.slice(after, comment.start).trim() === '') {
        if (text.slice(after, comment.start).includes('\n')) break;
        after = comment.end;
      }
    const column = start - (text.lastIndexOf('\n', start - 1) + 1);
    const whole = text.slice(start, node.end) + separator + text.slice(end, after);
    return whole
      .split('\n')
      .map((line, i) => (i > 0 && line.slice(0, column).trim() === '' ? line.slice(column) : line).trimEnd())
      .join('\n');
  }

  #unreadable(node: ESTree.Node, expected: string): UnreadableSource {
    const { line } = placeOf(this.#text, node.start);
    return new UnreadableSource(`${this.#name}:${line}: expected ${expected}`);
  }
}

const nameOf = (node: { readonly type: string; readonly name?: string; readonly value?: unknown }): string =>
  node.name ?? String(node.value);

/** The key of a property, quoted or not; null if it is computed. */
function keyOf({ key, computed }: ESTree.ObjectProperty): string | null {
  if (computed) return null;
  if (key.type === 'Identifier') return key.name;
  return key.type === 'Literal' && typeof key.value === 'string' ? key.value : null;
}

/** `landed` for `landed.hunks`, null for any other expression. */
function variantOf(node: ESTree.Expression): string | null {
  if (node.type !== 'MemberExpression' || node.computed || node.property.name !== 'hunks') return null;
  return node.object.type === 'Identifier' ? node.object.name : null;
}

/** `landed` for `{ ...landed, id: 'mine' }`, which includes the hunks. */
function wholeOf({ properties }: ESTree.ObjectExpression): string | null {
  const spreads = properties.filter((property) => property.type === 'SpreadElement');
  const [only] = spreads;
  return spreads.length === 1 && only.argument.type === 'Identifier' ? only.argument.name : null;
}

function takenOf(node: ESTree.Expression): Taken | null {
  if (node.type !== 'MemberExpression') return null;
  const variant = variantOf(node.object);
  if (variant === null) return null;
  const { property } = node;
  if (!node.computed) return { variant, name: (property as ESTree.IdentifierName).name };
  return property.type === 'Literal' && typeof property.value === 'string' ? { variant, name: property.value } : null;
}

/** The declaration in a statement, exported or not. */
const declarationIn = (statement: ESTree.Statement): ESTree.Statement | null =>
  statement.type === 'ExportNamedDeclaration' ? (statement.declaration ?? null) : statement;

/** Every name that a declaration introduces. */
function namesIn(declaration: ESTree.Statement | null): string[] {
  if (declaration === null) return [];
  if (declaration.type === 'VariableDeclaration') return declaration.declarations.flatMap(({ id }) => bound(id));
  const { id } = declaration as { readonly id?: { readonly name?: string } | null };
  return id?.name === undefined ? [] : [id.name];
}

/** Names that a pattern binds. */
function bound(pattern: ESTree.Node): string[] {
  const names: string[] = [];
  walk(pattern, (node) => {
    if (node.type === 'Identifier') names.push(node.name);
  });
  return names;
}

/** Free names of a node, without property names. */
function usesOf(root: ESTree.Node): string[] {
  const names = new Set<string>();
  walk(root, (node) => {
    if (node.type === 'Identifier') names.add(node.name);
  });
  return [...names];
}
