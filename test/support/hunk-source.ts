/** The `hunks` object literal of a variant file, as written. */
import ts from 'typescript';

export interface HunkSource {
  /** Names spread into the literal, in order, e.g. `baseline.hunks`. */
  readonly spreads: readonly string[];
  /** Restated members in source order, with their text without white space. */
  readonly members: readonly { readonly name: string; readonly text: string }[];
  /** Properties whose name is computed. */
  readonly computed: number;
  /** Does every spread precede every member? */
  readonly spreadFirst: boolean;
  readonly after: string | null;
}

export function hunkSource(path: string, text: string): HunkSource {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  let literal: ts.ObjectLiteralExpression | undefined;
  let after: string | null = null;
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name)) {
      if (node.name.text === 'hunks' && ts.isObjectLiteralExpression(node.initializer)) literal = node.initializer;
      if (node.name.text === 'after' && ts.isStringLiteral(node.initializer)) after = node.initializer.text;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  if (literal === undefined) throw new Error(`${path}: expected an object literal named hunks`);
  const spreads: string[] = [];
  const members: { name: string; text: string }[] = [];
  let computed = 0;
  let spreadFirst = true;
  for (const property of literal.properties) {
    if (ts.isSpreadAssignment(property)) {
      if (members.length > 0) spreadFirst = false;
      spreads.push(property.expression.getText(source));
    } else if (property.name === undefined || ts.isComputedPropertyName(property.name)) computed++;
    else members.push({ name: property.name.getText(source), text: property.getText(source).replaceAll(/\s+/g, '') });
  }
  return { spreads, members, computed, spreadFirst, after };
}
