/** The engine with a counter at the entry of some of its functions: which of them a workload calls, and how often. */
import { readFileSync } from 'node:fs';
import { packagePath } from '../input/paths.ts';
import { ENTERED, enteredModule, functionNames, withCounts } from '../patch/functions.ts';
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

const ENTRY = 'pmapdiff:counted';

/** Bundles the engine anew, with the counters, and loads it into this process. Throws if a source has no such function. */
export async function countedEngine(functions: readonly CountedFunction[]): Promise<CountedEngine> {
  const names = functions.map(({ file, name }) => `${file}: ${name}`);
  const numbers = new Map(names.map((name, number) => [name, number]));
  const sources = new Map<string, string>();
  for (const file of new Set(functions.map((one) => one.file))) {
    const path = packagePath(...file.split('/'));
    const text = readFileSync(path, 'utf8');
    const there = functionNames(file, text);
    const missing = functions.find((one) => one.file === file && !there.includes(one.name));
    if (missing !== undefined) throw new Error(`${file}: expected a function ${missing.name} at the top level`);
    sources.set(path, withCounts(file, text, numbers));
  }
  const virtual = {
    name: 'counted',
    resolveId: (id: string) => (id === ENTERED || id === ENTRY ? `\0${id}` : null),
    load: (id: string) =>
      id === `\0${ENTERED}`
        ? enteredModule(names)
        : id === `\0${ENTRY}`
          ? `export { $entered as calls } from '${ENTERED}';\n` +
            `export * as columns from ${JSON.stringify(packagePath('harness', 'columns', 'built-in.ts'))};\n`
          : null,
  };
  const [{ code }] = await bundle(
    { counted: ENTRY },
    { plugins: [virtual], sources, output: { codeSplitting: false, sourcemap: false } },
  );
  return import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
}
