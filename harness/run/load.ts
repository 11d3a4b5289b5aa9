/**
 * Loading a variant from a TypeScript file outside this repository.
 *
 * jiti compiles the file without a cache on disk; `pmapdiff` resolves to the very modules that the harness runs on, so
 * that a KernelPanic thrown by the variant is the KernelPanic that a run catches.
 */
import { createJiti } from 'jiti';
import { basename } from 'node:path';
import { type Variant, defineVariant } from '../../core/index.ts';
import { FACE } from './facts.ts';

/** A variant file that could not be used. The message holds no path beyond the file's own name. */
export class LoadError extends Error {}

/**
 * The one variant that `file` exports: as its default, or as its only export that has hunks. `pmapdiff`, and whatever else
 * of its imports `alike` names, is the face.
 */
export async function loadVariant(file: string, face: object, alike: readonly string[] = []): Promise<Variant> {
  const names = ['pmapdiff', ...alike];
  const options = { fsCache: false, moduleCache: false, interopDefault: false };
  const compiler = createJiti(import.meta.url, options);
  const jiti = createJiti(import.meta.url, {
    ...options,
    transform: (source) => ({ code: withFaceNamed(compiler.transform(source), names) }),
    virtualModules: Object.fromEntries(names.map((name) => [name, face])),
  });
  let exported: Record<string, unknown>;
  try {
    exported = await jiti.import<Record<string, unknown>>(file);
  } catch (error) {
    throw new LoadError(describeError(error, file), { cause: error });
  }
  const variant = theVariant(exported);
  if (variant === null) {
    const found = Object.keys(exported);
    throw new LoadError(
      `${basename(file)}: expected one exported variant (export default defineVariant({…})), found ${
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

/**
 * Compiled code in which the face has one name, whatever it is imported as: a compiled name of a module alone does not say
 * which module it is.
 */
function withFaceNamed(code: string, names: readonly string[]): string {
  let named = code;
  for (const [, variable, specifier] of code.matchAll(/\bvar (_\w+) = (?:await jitiImport|require)\("([^"]+)"\)/g))
    if (names.includes(specifier))
      named = named.replaceAll(new RegExp(`(?<![\\w$]|[^.]\\.)${variable}(?![\\w$])`, 'g'), () => FACE);
  return named;
}

const looksRight = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && 'hunks' in value && 'id' in value;

function theVariant(exported: Record<string, unknown>): object | null {
  if (exported.default !== undefined) return looksRight(exported.default) ? exported.default : null;
  const found = Object.values(exported).filter(looksRight);
  return found.length === 1 ? found[0] : null;
}

/**
 * An error in one line: `mine.ts:4: TypeError: …`, with the column too where the compiler found it (a compiled line has
 * other columns). Names no directory, so that output does not depend on the place.
 */
export function describeError(error: unknown, file: string): string {
  const name = basename(file);
  const said = error instanceof Error ? error : new Error(`threw ${String(error)}`);
  const text = said.message
    .replace(/\s*Require stack:[\s\S]*/, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll(/\(0 ?, [\w$]+\.(\w+)\)/g, '$1');
  const inMessage = placeIn(said.message, name);
  const place = inMessage ?? placeIn(said.stack ?? '', name)?.replace(/:\d+$/, '') ?? name;
  const sentence = inMessage === null ? text : text.replace(/\s*\S*[/\\][^\s:]+:\d+:\d+\s*$/, '').trim();
  const kind = said.name === 'Error' || sentence.startsWith(said.name) ? '' : `${said.name}: `;
  return `${place}: ${kind}${withoutDirectories(sentence)}`;
}

function placeIn(text: string, name: string): string | null {
  const at = text.indexOf(`${name}:`);
  const place = at < 0 ? null : /^:(\d+):(\d+)/.exec(text.slice(at + name.length));
  return place === null ? null : `${name}${place[0]}`;
}

const withoutDirectories = (text: string): string =>
  text.replaceAll(/(?:file:\/\/)?(?:\/[^\s/:'"]+)+\/([^\s/:'"]+)/g, '$1');
