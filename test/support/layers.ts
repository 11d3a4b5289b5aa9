/**
 * The house rules of the layers as data: which file may import which. Types count as imports.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** An import as found in a file: target is the repository path of a relative import, or the package name. */
export interface ImportEdge {
  readonly from: string;
  readonly target: string;
  readonly line: number;
}

/** Core files from the bottom up. Files on one line may not import each other, except within vm and kern, in their order. */
const CORE_ORDER: readonly (readonly string[])[] = [
  ['core/units.ts', 'core/panic.ts'],
  ['core/numbered.ts'],
  ['core/counters.ts', 'core/places.ts'],
  ['core/calls.ts'],
  ['core/events.ts'],
  ['core/state/page-index.ts', 'core/state/names.ts'],
  ['core/state/pmap.ts'],
  ['core/state/cpu.ts'],
  ['core/state/vm.ts'],
  ['core/state/page.ts'],
  ['core/state/proc.ts'],
  ['core/state/machine.ts'],
  ['core/hunks.ts'],
  ['core/variant.ts'],
  ['core/hw/'],
  ['core/page/'],
  ['core/pmap/'],
  ['core/vm/'],
  ['core/kern/'],
  ['core/machine.ts', 'core/snapshot.ts'],
  ['core/inspect.ts', 'core/index.ts'],
];

const matches = (path: string, pattern: string): boolean =>
  pattern.endsWith('/') ? path.startsWith(pattern) : path === pattern;

const coreRank = (path: string): number => CORE_ORDER.findIndex((row) => row.some((pattern) => matches(path, pattern)));

/** Outside core: first rule whose `of` matches decides; targets must match one of `may`. */
const RULES: readonly { readonly of: string; readonly may: readonly string[] }[] = [
  { of: 'variants/index.ts', may: ['variants/', 'core/index.ts'] },
  { of: 'variants/', may: ['core/index.ts', 'variants/'] },
  { of: 'harness/workload/', may: ['harness/workload/', 'core/units.ts', 'core/numbered.ts'] },
  { of: 'harness/cost/', may: ['harness/cost/', 'core/units.ts', 'core/counters.ts'] },
  { of: 'harness/check/', may: ['harness/check/', 'core/inspect.ts', 'core/counters.ts'] },
  { of: 'harness/run/', may: ['harness/run/', 'harness/workload/', 'core/index.ts'] },
  {
    of: 'harness/compare/',
    may: ['harness/compare/', 'harness/run/record.ts', 'harness/workload/', 'core/units.ts', 'core/counters.ts'],
  },
  {
    of: 'harness/search/',
    may: ['harness/search/', 'harness/compare/', 'harness/run/record.ts', 'harness/workload/'],
  },
  {
    of: 'harness/report/',
    may: [
      'harness/report/',
      'harness/review/',
      'harness/compare/',
      'harness/run/record.ts',
      'harness/workload/',
      'harness/findings/finding.ts',
      'core/units.ts',
      'core/counters.ts',
    ],
  },
  { of: 'harness/findings/runner.ts', may: ['harness/', 'core/', 'variants/'] },
  {
    of: 'harness/findings/',
    may: ['harness/findings/', 'harness/compare/', 'harness/workload/', 'harness/run/record.ts', 'core/counters.ts'],
  },
  ...['replay.ts', 'replay-run.ts', 'replay-vectors.ts'].map((name) => ({
    of: `harness/conform/${name}`,
    may: ['harness/conform/', 'harness/run/', 'harness/workload/', 'core/'],
  })),
  { of: 'harness/conform/', may: ['harness/conform/', 'core/'] },
  {
    of: 'harness/bench/',
    may: ['harness/bench/', 'harness/run/', 'harness/workload/', 'core/index.ts', 'core/inspect.ts', 'core/hw/'],
  },
  {
    of: 'harness/review/',
    may: [
      'harness/review/',
      'harness/compare/declarations.ts',
      'harness/compare/planes.ts',
      'harness/findings/finding.ts',
    ],
  },
  {
    of: 'harness/explain/',
    may: [
      'harness/explain/',
      'harness/run/record.ts',
      'harness/workload/',
      'core/calls.ts',
      'core/counters.ts',
      'core/places.ts',
    ],
  },
  {
    of: 'harness/probe/',
    may: ['harness/probe/', 'harness/explain/', 'harness/run/record.ts', 'core/calls.ts', 'core/counters.ts'],
  },
  {
    of: 'harness/trace/',
    may: [
      'harness/trace/',
      'harness/compare/',
      'harness/report/',
      'harness/run/record.ts',
      'core/counters.ts',
      'core/events.ts',
      'core/places.ts',
    ],
  },
  { of: 'harness/', may: ['harness/', 'core/', 'variants/'] },
];

/** Every .ts file of the source tree, as repository paths. */
export function sourceFiles(): string[] {
  return ['core', 'variants', 'harness'].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
      .map((name) => posix.join(top, name.replaceAll('\\', '/')))
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts')),
  );
}

/** Imports of one file: import, export from, import type, dynamic import, import("…") in a type. */
export function importsOf(path: string, text: string): ImportEdge[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const edges: ImportEdge[] = [];
  const add = (specifier: ts.Node): void => {
    if (!ts.isStringLiteralLike(specifier)) {
      edges.push({ from: path, target: '(computed)', line: lineOf(specifier) });
      return;
    }
    const name = specifier.text;
    const target = name.startsWith('.') ? posix.join(posix.dirname(path), name) : name;
    edges.push({ from: path, target, line: lineOf(specifier) });
  };
  const lineOf = (node: ts.Node): number => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier)
      add(node.moduleSpecifier);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword && node.arguments[0])
      add(node.arguments[0]);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return edges;
}

/**
 * Variables at module level that can hold something from one call to the next: let, var, and constants that are objects
 * made with new.
 */
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

export const readSource = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Why an import is not allowed, or null. Packages: core takes none, variants none. */
export function violation({ from, target }: ImportEdge): string | null {
  const local = /^(core|variants|harness|test)\//.test(target);
  if (from.startsWith('core/')) {
    if (!local) return 'core imports no package';
    if (!target.startsWith('core/')) return 'core knows no variant and no harness';
    const [mine, theirs] = [coreRank(from), coreRank(target)];
    if (mine < 0 || theirs < 0) return 'file has no place in the order of core';
    const sameFolder = posix.dirname(from) === posix.dirname(target) && CORE_ORDER[mine]!.some((p) => p.endsWith('/'));
    if (theirs > mine || (theirs === mine && !sameFolder)) return 'core imports from below only';
    return null;
  }
  const rule = RULES.find(({ of }) => matches(from, of));
  if (rule === undefined) return 'file belongs to no layer';
  if (!local) return from.startsWith('variants/') ? 'a variant imports the core face and its predecessor only' : null;
  return rule.may.some((pattern) => matches(target, pattern)) ? null : `${rule.of} may not import it`;
}

/** The first import cycle found, as a list of files, or null. */
export function findCycle(edges: readonly ImportEdge[]): string[] | null {
  const next = new Map<string, string[]>();
  for (const { from, target } of edges) next.set(from, [...(next.get(from) ?? []), target]);
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (file: string): string[] | null => {
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    if (done.has(file)) return null;
    path.push(file);
    for (const target of next.get(file) ?? []) {
      const cycle = walk(target);
      if (cycle !== null) return cycle;
    }
    path.pop();
    done.add(file);
    return null;
  };
  for (const file of next.keys()) {
    const cycle = walk(file);
    if (cycle !== null) return cycle;
  }
  return null;
}
