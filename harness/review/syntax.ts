/** TypeScript as a syntax tree (ESTree with TypeScript's nodes), read with the builder's own parser. */
import { type ESTree, minifySync, parseSync, transformSync } from 'rolldown/utils';

/** Position of a comment, in characters of the text. */
export interface Comment {
  readonly start: number;
  readonly end: number;
}

/** The text is not valid TypeScript; one line gives the reason and the position. */
export class SyntaxFault extends Error {
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** Line and column of an offset, both from 1. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

/** Throws SyntaxFault. The extension of `name` determines whether the text has types. */
export function parse(name: string, text: string): { program: ESTree.Program; comments: readonly Comment[] } {
  const { program, comments, errors } = parseSync(name, text);
  const [first] = errors;
  if (first === undefined) return { program, comments };
  const { line, column } = placeOf(text, first.labels[0]?.start ?? 0);
  throw new SyntaxFault(first.message.replaceAll(/\s*\n\s*/g, ' '), line, column);
}

const isNode = (value: unknown): value is ESTree.Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';

/** Calls `visit` for `root` and each node below it, except for property names. */
export function walk(root: ESTree.Node, visit: (node: ESTree.Node) => void): void {
  visit(root);
  const isNamed = 'computed' in root && !root.computed;
  for (const [key, value] of Object.entries(root)) {
    if (isNamed && (key === 'key' || key === 'property')) continue;
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit);
  }
}

/** The text without types, comments and layout. Throws SyntaxFault. */
export function canonical(text: string): string {
  const { code, errors } = transformSync('text.ts', text);
  if (errors.length > 0) throw new SyntaxFault(errors[0].message, 0, 0);
  return minifySync('text.js', code, { compress: false, mangle: false }).code;
}
