/** The engine with a counter at the entry of some of its functions: which of them a workload calls, and how often. */
import { readFileSync } from 'node:fs';
import { type ESTree, parseSync } from 'rolldown/utils';
import { packagePath } from '../input/paths.ts';
import { bundle } from './bundle.mjs';

/** A function at the top level of a source file. */
export interface CountedFunction {
  /** from the top of the sources: `core/pmap/protect.ts` */
  readonly file: string;
  readonly name: string;
}

export interface CountedEngine {
  readonly columns: typeof import('../columns/built-in.ts');
  /** calls so far, in the order of the functions */
  readonly calls: Float64Array;
}

const COUNTERS = '\0counters';
const ENTRY = '\0counted';

/** Bundles the engine anew, with the counters, and loads it into this process. Throws if a source has no such function. */
export async function countedEngine(functions: readonly CountedFunction[]): Promise<CountedEngine> {
  const files = new Set(functions.map(({ file }) => file));
  const sources = new Map(
    [...files].map((file) => {
      const path = packagePath(...file.split('/'));
      const counted = new Map(functions.flatMap((one, i) => (one.file === file ? [[one.name, i] as const] : [])));
      return [path, withCounters(file, readFileSync(path, 'utf8'), counted)];
    }),
  );
  const virtual = {
    name: 'counted',
    resolveId: (id: string) => (id === COUNTERS || id === ENTRY ? id : null),
    load: (id: string) =>
      id === COUNTERS
        ? `export const $calls = new Float64Array(${functions.length});`
        : id === ENTRY
          ? `export { $calls as calls } from ${JSON.stringify(COUNTERS)};\n` +
            `export * as columns from ${JSON.stringify(packagePath('harness', 'columns', 'built-in.ts'))};\n`
          : null,
  };
  const [{ code }] = await bundle(
    { counted: ENTRY },
    { plugins: [virtual], sources, output: { codeSplitting: false, sourcemap: false } },
  );
  return import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
}

/** counted: the counter of each function, by name. */
function withCounters(file: string, text: string, counted: ReadonlyMap<string, number>): string {
  const edits: (readonly [at: number, text: string])[] = [];
  const left = new Set(counted.keys());
  const count = (name: string, body: ESTree.Node | null): void => {
    const index = counted.get(name);
    if (index === undefined || body === null) return;
    left.delete(name);
    if (body.type === 'BlockStatement') edits.push([body.start + 1, ` $calls[${index}]++;`]);
    else edits.push([body.start, `($calls[${index}]++, `], [body.end, ')']);
  };
  for (const statement of parseSync(file, text).program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type === 'FunctionDeclaration' && declaration.id !== null)
      count(declaration.id.name, declaration.body);
    if (declaration?.type === 'VariableDeclaration')
      for (const { id, init } of declaration.declarations)
        if (
          id.type === 'Identifier' &&
          (init?.type === 'ArrowFunctionExpression' || init?.type === 'FunctionExpression')
        )
          count(id.name, init.body);
  }
  const [missing] = left;
  if (missing !== undefined) throw new Error(`${file}: expected a function ${missing} at the top level`);
  let after = text;
  for (const [at, insert] of edits.toSorted(([a], [b]) => b - a)) after = after.slice(0, at) + insert + after.slice(at);
  return `import { $calls } from ${JSON.stringify(COUNTERS)}; ${after}`;
}
