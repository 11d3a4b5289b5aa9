/** What the architecture tests read from the syntax of one file. */
import { posix } from 'node:path';
import ts from 'typescript';

/** An import found in a file: target is the repository path of a relative import, or the package name. */
export interface ImportEdge {
  readonly from: string;
  readonly target: string;
  readonly line: number;
  /** does not exist at run time: `import type`, or a type written as import() */
  readonly isType?: boolean;
}

/** Imports of one file: import, export from, import type, dynamic import, import("…") in a type. */
export function importsOf(path: string, text: string): ImportEdge[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const edges: ImportEdge[] = [];
  const add = (specifier: ts.Node, isType = false): void => {
    if (!ts.isStringLiteralLike(specifier)) {
      edges.push({ from: path, target: '(computed)', line: lineOf(specifier) });
      return;
    }
    const name = specifier.text;
    const target = name.startsWith('.') ? posix.join(posix.dirname(path), name) : name;
    edges.push({ from: path, target, line: lineOf(specifier), isType });
  };
  const lineOf = (node: ts.Node): number => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword && node.arguments[0])
      add(node.arguments[0]);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return edges;
}

/** Module-level variables that can keep state between calls: let, var, and constants initialised with new. */
export function moduleState(path: string, text: string): string[] {
  const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  return statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList: { flags, declarations } }) =>
      declarations
        .filter(
          ({ initializer }) =>
            (flags & ts.NodeFlags.Const) === 0 || (initializer !== undefined && ts.isNewExpression(initializer)),
        )
        .map(({ name }) => name.getText()),
    );
}

const NODE_GLOBALS = new Set(['process', 'Buffer', 'require', '__dirname', '__filename', 'setImmediate', 'NodeJS']);

/** Node globals that a file uses, except as a member, a key, or a name it declares itself. */
export function nodeGlobals(path: string, text: string): { readonly name: string; readonly line: number }[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const own = new Set<string>();
  const named: ts.Identifier[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && NODE_GLOBALS.has(node.text)) {
      const { parent } = node;
      if (declares(parent, node)) own.add(node.text);
      else if (!isMember(parent, node)) named.push(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return named
    .filter(({ text: name }) => !own.has(name))
    .map((node) => ({ name: node.text, line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1 }));
}

/** `const x`, a function or a parameter x, or `{ x }` in a destructuring pattern. */
const declares = (parent: ts.Node, node: ts.Identifier): boolean =>
  (ts.isVariableDeclaration(parent) ||
    ts.isFunctionDeclaration(parent) ||
    ts.isParameter(parent) ||
    ts.isBindingElement(parent)) &&
  parent.name === node;

/** `a.x`, and x as the name of a property, a method or a type. */
const isMember = (parent: ts.Node, node: ts.Identifier): boolean =>
  (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
  (ts.isBindingElement(parent) && parent.propertyName === node) ||
  ((ts.isPropertyAssignment(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent)) &&
    parent.name === node);
