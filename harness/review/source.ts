/**
 * A variant file as it is written: the members of its hunks with their comments, and the declarations that they use.
 *
 * Read by the compiler's parser, which is loaded with the first file: Function#toString would show what a compiler has
 * made of it.
 */
import type Ts from 'typescript';

/** A declaration at the top level of a file. */
export interface Declaration {
  readonly name: string;
  readonly text: string;
  /** top-level names of the same file that it uses, imported ones too */
  readonly uses: readonly string[];
}

/** A member of the hunks. */
export interface Member extends Declaration {
  /** `landed` and `removeIsNoop` where the member is written `landed.hunks.removeIsNoop`; null otherwise */
  readonly taken: { readonly variant: string; readonly name: string } | null;
}

export interface Import {
  readonly from: string;
  /** name in that module; `default` if it has none */
  readonly name: string;
}

export interface VariantSource {
  /** the comment at the head of the file, without its frame */
  readonly message: string;
  /** what the hunks spread: `landed` of `...landed.hunks`; null for the first of a series */
  readonly spread: string | null;
  readonly members: ReadonlyMap<string, Member>;
  readonly declarations: ReadonlyMap<string, Declaration>;
  readonly imports: ReadonlyMap<string, Import>;
}

/** The hunks are not written as one spread of a predecessor and members by name: they cannot be shown as written. */
export class UnreadableSource extends Error {}

export type Compiler = typeof Ts;

export async function loadCompiler(): Promise<Compiler> {
  const { default: ts } = await import('typescript');
  return ts;
}

/** Throws UnreadableSource: file, expected, found. */
export function readVariantSource(ts: Compiler, name: string, text: string): VariantSource {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const reader = new Reader(ts, file);
  const { spread, members } = reader.hunks();
  const { imports, declarations } = reader.topLevel();
  return { message: reader.headComment(), spread, members, declarations, imports };
}

/** The tokens of a piece of source: equal for pieces that differ in blanks, line breaks, comments and trailing commas only. */
export function normalised(ts: Compiler, text: string): string {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, text);
  const tokens: string[] = [];
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    const word = scanner.getTokenText();
    if (/^[)\]}]$/.test(word) && /^[,;]$/.test(tokens.at(-1) ?? '')) tokens.pop();
    if (word !== 'export') tokens.push(word);
  }
  if (/^[,;]$/.test(tokens.at(-1) ?? '')) tokens.pop();
  return tokens.join(' ');
}

/** The tokens of a member and its helpers without their types, its key unquoted. */
export function untyped(ts: Compiler, member: string, helpers: readonly string[]): string {
  const compilerOptions = { target: ts.ScriptTarget.ESNext, removeComments: true };
  const { outputText } = ts.transpileModule(`({${member}\n});\n${helpers.join('\n')}`, { compilerOptions });
  return normalised(ts, outputText).replace(/^\( \{ (['"])(\w+)\1/, '( { $2');
}

class Reader {
  readonly #ts: Compiler;
  readonly #file: Ts.SourceFile;

  constructor(ts: Compiler, file: Ts.SourceFile) {
    this.#ts = ts;
    this.#file = file;
  }

  headComment(): string {
    const text = this.#file.text;
    const [first] = this.#ts.getLeadingCommentRanges(text, text.startsWith('#!') ? text.indexOf('\n') : 0) ?? [];
    if (first === undefined) return '';
    const lines = text.slice(first.pos, first.end).split('\n');
    return lines
      .map((line) => line.replace(/^\s*\/?\*+\/?\s?|^\s*\/\/\s?/, '').replace(/\s*\*\/\s*$/, ''))
      .join('\n')
      .trim();
  }

  hunks(): { spread: string | null; members: Map<string, Member> } {
    const ts = this.#ts;
    const literal = this.#hunksLiteral();
    const members = new Map<string, Member>();
    let spread: string | null = null;
    for (const property of literal.properties) {
      if (ts.isSpreadAssignment(property)) {
        const variant = this.#variantOf(property.expression);
        if (variant === null) throw this.#unreadable(property, 'a spread of the hunks of a variant');
        if (spread !== null || members.size > 0) throw this.#unreadable(property, 'one spread, before every member');
        spread = variant;
        continue;
      }
      const { name } = property;
      if (name === undefined || !(ts.isIdentifier(name) || ts.isStringLiteral(name)) || ts.isAccessor(property))
        throw this.#unreadable(property, 'a member by its name');
      if (members.has(name.text)) throw this.#unreadable(property, 'each member once');
      members.set(name.text, {
        name: name.text,
        text: this.#textOf(property, ','),
        uses: this.#uses(property),
        taken: ts.isPropertyAssignment(property) ? this.#taken(property.initializer) : null,
      });
    }
    return { spread, members };
  }

  /** `landed` of `landed.hunks`, null for any other expression. */
  #variantOf(node: Ts.Expression): string | null {
    const ts = this.#ts;
    if (!ts.isPropertyAccessExpression(node) || node.name.text !== 'hunks') return null;
    return ts.isIdentifier(node.expression) ? node.expression.text : null;
  }

  #taken(node: Ts.Expression): Member['taken'] {
    const ts = this.#ts;
    const isElement = ts.isElementAccessExpression(node);
    if (!isElement && !ts.isPropertyAccessExpression(node)) return null;
    const variant = this.#variantOf(node.expression);
    const key = isElement ? node.argumentExpression : node.name;
    if (variant === null || (isElement && !ts.isStringLiteral(key))) return null;
    return { variant, name: (key as Ts.Identifier | Ts.StringLiteral).text };
  }

  /** The object literal named `hunks`, of which there must be one. */
  #hunksLiteral(): Ts.ObjectLiteralExpression {
    const ts = this.#ts;
    const found: Ts.PropertyAssignment[] = [];
    const visit = (node: Ts.Node): void => {
      if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && node.name.text === 'hunks') found.push(node);
      ts.forEachChild(node, visit);
    };
    visit(this.#file);
    const [first, second] = found;
    if (first === undefined || !ts.isObjectLiteralExpression(first.initializer))
      throw this.#unreadable(first ?? this.#file, 'an object literal named hunks');
    if (second !== undefined) throw this.#unreadable(second, 'one object literal named hunks');
    return first.initializer;
  }

  topLevel(): { imports: Map<string, Import>; declarations: Map<string, Declaration> } {
    const ts = this.#ts;
    const imports = new Map<string, Import>();
    const declarations = new Map<string, Declaration>();
    for (const statement of this.#file.statements) {
      if (ts.isImportDeclaration(statement)) {
        const { importClause, moduleSpecifier } = statement;
        if (importClause === undefined || !ts.isStringLiteral(moduleSpecifier)) continue;
        const { name: whole, namedBindings: bindings } = importClause;
        if (whole !== undefined) imports.set(whole.text, { from: moduleSpecifier.text, name: 'default' });
        if (bindings === undefined || !ts.isNamedImports(bindings)) continue;
        for (const { name, propertyName } of bindings.elements)
          imports.set(name.text, { from: moduleSpecifier.text, name: (propertyName ?? name).text });
        continue;
      }
      for (const name of this.#namesOf(statement))
        declarations.set(name, { name, text: this.#textOf(statement), uses: this.#uses(statement) });
    }
    return { imports, declarations };
  }

  #namesOf(statement: Ts.Statement): string[] {
    const ts = this.#ts;
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
    const isNamed =
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement);
    return isNamed && statement.name !== undefined ? [statement.name.text] : [];
  }

  /** From the first comment before a node to the last behind it on its line, less the indentation, with its separator. */
  #textOf(node: Ts.Node, separator = ''): string {
    const { text } = this.#file;
    const [before] = this.#ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
    const start = before?.pos ?? node.getStart(this.#file);
    const comma = separator === '' ? null : /^\s*,/.exec(text.slice(node.end));
    const end = node.end + (comma === null ? 0 : comma[0].length);
    const after = this.#ts.getTrailingCommentRanges(text, end)?.at(-1);
    const column = start - (text.lastIndexOf('\n', start - 1) + 1);
    const whole = text.slice(start, node.end) + separator + text.slice(end, after?.end ?? end);
    return whole
      .split('\n')
      .map((line, i) => (i > 0 && line.slice(0, column).trim() === '' ? line.slice(column) : line).trimEnd())
      .join('\n');
  }

  /** Names that a node uses from without: not those of properties, and not its own. */
  #uses(root: Ts.Node): string[] {
    const ts = this.#ts;
    const names = new Set<string>();
    const visit = (node: Ts.Node): void => {
      if (ts.isIdentifier(node)) {
        const { parent } = node;
        const isProperty =
          (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
          ((ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent)) && parent.name === node);
        if (!isProperty) names.add(node.text);
      }
      ts.forEachChild(node, visit);
    };
    visit(root);
    return [...names];
  }

  #unreadable(node: Ts.Node, expected: string): UnreadableSource {
    const { line } = this.#file.getLineAndCharacterOfPosition(node.getStart(this.#file));
    return new UnreadableSource(`${this.#file.fileName}:${line + 1}: expected ${expected}`);
  }
}
