/**
 * The variant that a file exports, and what it says of itself. The file has been bundled with the engine that runs it, so
 * a KernelPanic that the variant throws is the KernelPanic that a run catches.
 */
import { HUNK_NAMES, type Intent, type Variant, defineVariant } from '../../core/index.ts';

/** A variant file that could not be used. The message holds no path beyond the file's own name. */
export class LoadError extends Error {}

/** What a variant says of itself, as data. */
export interface Introduced {
  readonly id: string;
  readonly after: string | null;
  readonly title: string;
  readonly intends: readonly Intent[];
  /** per member, in seam order: its text as it runs, for a reader */
  readonly compiled: readonly string[];
  /** per member: id of the first built-in variant that has this very function; null: none has */
  readonly taken: readonly (string | null)[];
}

export function introduce({ id, after, title, intends, hunks }: Variant, builtIn: readonly Variant[]): Introduced {
  return {
    id,
    after,
    title,
    intends,
    compiled: HUNK_NAMES.map((member) => Function.prototype.toString.call(hunks[member])),
    taken: HUNK_NAMES.map((member) => builtIn.find((variant) => variant.hunks[member] === hunks[member])?.id ?? null),
  };
}

/** The one variant among what a file exports: its default, or its only export that has hunks. Throws LoadError. */
export function exportedVariant(exported: Readonly<Record<string, unknown>>, file: string): Variant {
  const variant = theVariant(exported);
  if (variant === null) {
    const found = Object.keys(exported);
    throw new LoadError(
      `${file}: expected one exported variant (export default defineVariant({…})), found ${
        found.length === 0 ? 'no export' : `export ${found.join(', ')}`
      }`,
    );
  }
  try {
    return defineVariant(variant as Variant);
  } catch (error) {
    throw new LoadError(describeError(error, file), { cause: error });
  }
}

const looksRight = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && 'hunks' in value && 'id' in value;

function theVariant(exported: Readonly<Record<string, unknown>>): object | null {
  if (exported.default !== undefined) return looksRight(exported.default) ? exported.default : null;
  const found = Object.values(exported).filter(looksRight);
  return found.length === 1 ? found[0] : null;
}

/**
 * An error in one line: `mine.ts:4: TypeError: …`. file: the name of the variant's file. Names no directory, so that output
 * does not depend on the place.
 */
export function describeError(error: unknown, file: string): string {
  const said = error instanceof Error ? error : new Error(`threw ${String(error)}`);
  const text = withoutDirectories(said.message.replaceAll(/\s*\n\s*/g, ' '));
  const kind = said.name === 'Error' || text.startsWith(said.name) ? '' : `${said.name}: `;
  return `${placeIn(said.stack ?? '', file)}: ${kind}${text}`;
}

/** `mine.ts:4` of the first frame in the variant's file; the name alone without one. */
function placeIn(stack: string, file: string): string {
  const at = stack.indexOf(`${file}:`);
  const line = at < 0 ? null : /^\d+/.exec(stack.slice(at + file.length + 1));
  return line === null ? file : `${file}:${line[0]}`;
}

const withoutDirectories = (text: string): string =>
  text.replaceAll(/(?:file:\/\/)?(?:\/[^\s/:'"]+)+\/([^\s/:'"]+)/g, '$1');
