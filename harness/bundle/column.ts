/** A column that is not built in, as one text: the process that serves it, the engine and the variant. */
import { resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { hint } from '../../core/suggest.ts';
import { packagePath } from '../input/paths.ts';
import { type ChangedFunctions, ENTERED } from '../patch/functions.ts';
import { bundle } from './bundle.mjs';
import { ForeignError, ForeignFiles } from './foreign.ts';
import { PatchedFiles, sourceName } from './patched.ts';
import type { ColumnKind, ColumnSource } from './source.ts';

/** What a variant file imports as `pmapdiff`. */
const FACE = packagePath('variants', 'index.ts');

/** How rolldown says it: name, and path from the current folder. */
const MISSING_EXPORT = /^(?:\[\w+\] )?"(.+)" is not exported by "(.+)"\.$/;

/** Names with a meaning in every module, which leads to Node or to where the program is: they have none in a column. */
const NO_HOST = { require: 'undefined', 'import.meta': '({})' };

const CLOSED = 'harness/sandbox/closed.ts';

/** What a bundle loads, in this order, and the variant after it. Behind CLOSED everything may be a stranger's. */
const SERVERS: Readonly<Record<ColumnKind, { readonly before: readonly string[]; readonly server: string }>> = {
  run: { before: [CLOSED], server: 'harness/child.ts' },
  bench: { before: ['harness/bench/timer.ts', CLOSED], server: 'harness/bench/child.ts' },
  conform: { before: [CLOSED], server: 'harness/conform/child.ts' },
  // A worker has no Node that could be reached, and the page's policy denies it the network.
  page: { before: [], server: 'harness/page/own.ts' },
};

const sourceOf = (path: string): string => JSON.stringify(packagePath(...path.split('/')));

/** The module that serves a variant. */
const entryText = (kind: ColumnKind, variant: string, isPatched: boolean): string => `
${SERVERS[kind].before.map((path) => `import ${sourceOf(path)};`).join('\n')}
${isPatched ? `import { $entered, names } from '${ENTERED}';` : ''}
import { serve } from ${sourceOf(SERVERS[kind].server)};
import * as variant from ${JSON.stringify(variant)};
serve(variant${isPatched ? ', { names, counts: $entered }' : ''});
`;

export type ColumnBundle =
  | {
      readonly kind: 'bundled';
      readonly code: string;
      readonly functions: ChangedFunctions;
      /** SHA-256 of each of the user's files in it, by path */
      readonly files: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'refused'; readonly message: string };

/** A user's variant may import only a few things: see foreign.ts. So may the files of a patch: see patched.ts. */
export async function bundleColumn(
  { file, isBuiltIn, overlay }: ColumnSource,
  kind: ColumnKind,
): Promise<ColumnBundle> {
  const foreign = isBuiltIn ? null : new ForeignFiles(file, FACE);
  const variant = foreign?.entry ?? file;
  const column = {
    name: 'column',
    resolveId: (id: string) => (id === 'column' ? '\0column' : null),
    load: (id: string) => (id === '\0column' ? entryText(kind, variant, overlay !== null) : null),
  };
  try {
    // Only a run has a use for the counts.
    const patched =
      overlay === null
        ? null
        : new PatchedFiles(overlay, isBuiltIn ? sourceName(file) : null, kind === 'run' || kind === 'page');
    const [{ code }] = await bundle(
      { column: 'column' },
      {
        plugins: [column, ...(foreign === null ? [] : [foreign.plugin]), ...(patched === null ? [] : [patched.plugin])],
        external: /^node:/,
        define: NO_HOST,
        ...(kind === 'page' ? { platform: 'browser' as const } : {}),
        output: {
          ...(kind === 'page' ? { format: 'iife' as const, sourcemap: false, minify: true } : {}),
          codeSplitting: false,
          sourcemapExcludeSources: true,
          sourcemapPathTransform: (source) => (foreign?.has(source) === true ? foreign.nameOf(source) : source),
        },
      },
    );
    return { kind: 'bundled', code, functions: patched?.functions ?? {}, files: foreign?.hashes ?? {} };
  } catch (error) {
    return { kind: 'refused', message: await reasonOf(error, variant, foreign) };
  }
}

interface BundlerError {
  readonly message: string;
  readonly id?: string;
  /** column from 0 */
  readonly loc?: { readonly line: number; readonly column: number };
  readonly cause?: unknown;
}

/** rolldown's first error in one line: file, line, column, and its first sentence without colours. */
async function reasonOf(error: unknown, file: string, foreign: ForeignFiles | null): Promise<string> {
  if (error instanceof ForeignError) return error.message;
  const { errors = [error as BundlerError] } = error as { readonly errors?: readonly BundlerError[] };
  const [first] = errors;
  for (let at: unknown = first; at instanceof Error; at = at.cause) if (at instanceof ForeignError) return at.message;
  const { message, id = file, loc } = first;
  const name = foreign?.has(id) === false ? sourceName(id) : (foreign?.nameOf(id) ?? sourceName(id));
  const place = loc === undefined ? name : `${name}:${loc.line}:${loc.column + 1}`;
  const [said] = stripVTControlCharacters(message).split('\n');
  const missing = MISSING_EXPORT.exec(said);
  if (missing !== null && resolve(missing[2]) === FACE) {
    const known = Object.keys(await import('../../variants/index.ts'));
    return `${place}: pmapdiff exports no '${missing[1]}'${hint(missing[1], known)}`;
  }
  return `${place}: ${said.replace(/^\[\w+\] /, '')}`;
}
