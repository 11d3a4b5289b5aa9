/** The columns that `--patch`, `--rev` and `--series` name. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Cache } from '../bundle/cache.ts';
import { type Chosen, type ChosenPatch, type ChosenVariant, isPatch } from '../columns/chosen.ts';
import { takeRevision } from '../patch/git.ts';
import type { Patched } from '../patch/patched.ts';
import { takePatch, takeSeries } from '../patch/series.ts';
import { UsageError } from './errors.ts';
import { builtInIds, chooseVariant, chooseVariants } from './select.ts';

export interface PatchOptions {
  readonly patch?: readonly string[];
  readonly rev?: readonly string[];
  readonly series?: readonly string[];
  /** false: --no-cache */
  readonly cache?: boolean;
  readonly strict?: boolean;
}

const DEFAULT_BASE = 'landed';

/** Every column that the options name, in the order --patch, --rev, --series. Throws InputError. */
export function choosePatches({ patch = [], rev = [], series = [], cache }: PatchOptions): ChosenPatch[] {
  const how = { cache: cache === false ? null : new Cache() };
  const column = (patched: Patched, base: string): ChosenPatch => ({
    kind: patched.origin,
    patched,
    base: chooseVariant(base, `${patched.name}@${base}: `),
    how,
  });
  if (patch.filter((text) => splitBase(text).what === '-').length > 1)
    throw new UsageError('--patch: expected - once, as stdin can be read once, got it twice');
  const columns = [
    ...patch.map((text) => {
      const { what, base } = splitBase(text);
      const { patched, after } = takePatch(what);
      return column(patched, baseOf(base ?? after));
    }),
    ...rev.map((text) => {
      const { what, base } = splitBase(text);
      return column(takeRevision(what), baseOf(base));
    }),
    ...series.flatMap((text) => {
      const { what, base } = splitBase(text);
      const taken = takeSeries(what);
      return taken.map(({ patched }) => column(patched, baseOf(base ?? taken[0].after)));
    }),
  ];
  return distinct(columns);
}

/** Whatever the options name, or is in the folder of a series, and may be a file that is read. */
export const filesOfPatches = ({ patch = [], series = [] }: PatchOptions): string[] =>
  [...patch, ...series].flatMap((text) => {
    const { what } = splitBase(text);
    const folder = basename(what) === 'series' ? dirname(what) : what;
    const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
    return [what, ...(isFolder ? readdirSync(folder).map((name) => join(folder, name)) : [])];
  });

/** Id, or file, of the variant whose hunks a patch runs; null: nobody says. */
export const baseOf = (said: string | null): string => said ?? DEFAULT_BASE;

/** `WHAT@BASE`; a file of that whole name is WHAT. */
export function splitBase(text: string): { readonly what: string; readonly base: string | null } {
  const found = /^(.+)@([^@{}]+)$/.exec(text);
  return found === null || existsSync(text) ? { what: text, base: null } : { what: found[1], base: found[2] };
}

/** Ids must differ from each other and from those of built-in variants. */
function distinct(columns: readonly ChosenPatch[]): ChosenPatch[] {
  const taken = new Set(builtInIds());
  /** by the id that the step of a series had */
  const renamed = new Map<string, string>();
  return columns.map((column) => {
    const { patched } = column;
    let { id } = patched;
    for (let n = 1; taken.has(id); n++) id = `${patched.id}-patch${n === 1 ? '' : n}`;
    taken.add(id);
    const after = patched.after === null ? null : (renamed.get(patched.after) ?? patched.after);
    renamed.set(patched.id, id);
    return { ...column, patched: { ...patched, id, after } };
  });
}

/** The columns of a command that compares several: patches given alone are compared with their bases. */
export function withPatches(
  variants: string | undefined,
  files: readonly string[] = [],
  patches: readonly ChosenPatch[] = [],
): Chosen[] {
  const isAlone = patches.length > 0 && variants === undefined && files.length === 0;
  return withBases(patches, isAlone ? [] : chooseVariants(variants, files));
}

/** Adds the variants on whose hunks patches are built, then the patches. */
function withBases(patches: readonly ChosenPatch[], among: readonly Chosen[]): Chosen[] {
  const bases = patches.map(({ base }) => base).filter((base) => among.every((one) => !isSame(one, base)));
  const once = bases.filter((base, i) => bases.findIndex((other) => isSame(other, base)) === i);
  return [...among, ...once, ...patches];
}

function isSame(a: Chosen, b: ChosenVariant): boolean {
  if (isPatch(a)) return false;
  if (a.kind === 'file') return b.kind === 'file' && a.path === b.path;
  return b.kind === 'built-in' && a.variant.id === b.variant.id;
}

/** One column of a command that runs one: a variant, or a patch. Throws UsageError. */
export function chooseOne(command: string, variant: string | undefined, options: PatchOptions): Chosen {
  const patches = choosePatches(options);
  const given = [...(variant === undefined ? [] : [chooseVariant(variant)]), ...patches];
  if (given.length === 1) return given[0];
  throw new UsageError(
    `${command}: expected one --variant, --patch, --rev or --series of one patch, got ${given.length}`,
  );
}

/** As chooseOne; `otherwise` if nothing is named. */
export function chooseOneOr(
  otherwise: string,
  command: string,
  variant: string | undefined,
  options: PatchOptions,
): Chosen {
  const isNamed = [variant, options.patch, options.rev, options.series].some((one) => one !== undefined);
  return isNamed ? chooseOne(command, variant, options) : chooseVariant(otherwise);
}

/**
 * Two columns: those that the names give, variants or patches by their ids, then the patches that no name gives; a patch
 * alone is compared with what it is made of. Throws UsageError.
 */
export function choosePair(
  command: string,
  names: readonly (string | undefined)[],
  options: PatchOptions,
): readonly [Chosen, Chosen] {
  const patches = choosePatches(options);
  const patchOf = (name: string): Chosen | undefined => patches.find(({ patched }) => patched.id === name);
  const named = names.flatMap((name) => (name === undefined ? [] : [patchOf(name) ?? chooseVariant(name)]));
  const given = [...named, ...patches.filter((patch) => !named.includes(patch))];
  const [first, second] = given;
  if (given.length === 1 && isPatch(first)) return [first.base, first];
  if (given.length === 2) return [first, second];
  throw new UsageError(`${command}: expected two variants or patches, or one patch, got ${given.length}`);
}
