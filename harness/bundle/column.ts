/** A column that is not built in, as one text: the process that serves it, the engine and the variant. */
import { resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { hint } from '../../core/suggest.ts';
import { packagePath } from '../input/paths.ts';
import { bundle } from './bundle.mjs';
import { ForeignError, ForeignFiles } from './foreign.ts';

/** What a process does with its variant: run workloads, or measure tasks. */
export type ColumnKind = 'run' | 'bench';

/** What a variant file imports as `pmapdiff`. */
const FACE = packagePath('variants', 'index.ts');

/** How rolldown says it: name, and path from the current folder. */
const MISSING_EXPORT = /^(?:\[\w+\] )?"(.+)" is not exported by "(.+)"\.$/;

const SERVERS: Readonly<Record<ColumnKind, string>> = { run: 'harness/child.ts', bench: 'harness/bench/child.ts' };

export type ColumnBundle =
  { readonly kind: 'bundled'; readonly code: string } | { readonly kind: 'refused'; readonly message: string };

/**
 * file: the variant, either the program's own or a user's. A user's variant may import only a few things: see
 * foreign.ts.
 */
export async function bundleColumn(file: string, kind: ColumnKind, isBuiltIn = false): Promise<ColumnBundle> {
  const foreign = isBuiltIn ? null : new ForeignFiles(file, FACE);
  const variant = foreign?.entry ?? file;
  const column = {
    name: 'column',
    resolveId: (id: string) => (id === 'column' ? '\0column' : null),
    load: (id: string) =>
      id === '\0column'
        ? `import { serve } from ${JSON.stringify(packagePath(...SERVERS[kind].split('/')))};\n` +
          `import * as variant from ${JSON.stringify(variant)};\nserve(variant);\n`
        : null,
  };
  try {
    const [{ code }] = await bundle(
      { column: 'column' },
      {
        plugins: foreign === null ? [column] : [column, foreign.plugin],
        external: /^node:/,
        output: {
          codeSplitting: false,
          sourcemapExcludeSources: true,
          sourcemapPathTransform: (source) => (foreign?.has(source) === true ? foreign.nameOf(source) : source),
        },
      },
    );
    return { kind: 'bundled', code };
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
  const { errors = [error as BundlerError] } = error as { readonly errors?: readonly BundlerError[] };
  const [first] = errors;
  for (let at: unknown = first; at instanceof Error; at = at.cause) if (at instanceof ForeignError) return at.message;
  const { message, id = file, loc } = first;
  const name = foreign?.nameOf(id) ?? id;
  const place = loc === undefined ? name : `${name}:${loc.line}:${loc.column + 1}`;
  const [said] = stripVTControlCharacters(message).split('\n');
  const missing = MISSING_EXPORT.exec(said);
  if (missing !== null && resolve(missing[2]) === FACE) {
    const known = Object.keys(await import('../../variants/index.ts'));
    return `${place}: pmapdiff exports no '${missing[1]}'${hint(missing[1], known)}`;
  }
  return `${place}: ${said.replace(/^\[\w+\] /, '')}`;
}
