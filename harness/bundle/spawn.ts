/** Bundles a column, and checks its types, in processes of their own. */
import { basename } from 'node:path';
import { packagePath } from '../input/paths.ts';
import type { TypeErrors } from '../patch/types.ts';
import { type ProgramEnd, runProgram } from '../process/program.ts';
import { turns } from '../process/turns.ts';
import { shown } from '../run/shown.ts';
import { type Cache, cacheKey } from './cache.ts';
import type { ColumnBundle } from './column.ts';
import { recently } from './recent.ts';
import type { ColumnKind, ColumnSource } from './source.ts';

export interface BundlerRequest {
  readonly task: ColumnKind | 'types';
  /** one of them unless types are checked. overlay: paths and texts */
  readonly sources: readonly (Omit<ColumnSource, 'overlay'> & {
    readonly overlay: readonly (readonly [string, string | null])[] | null;
  })[];
}

/** Wall time, in ms. */
const LIMIT_MS = 120_000;

/**
 * Never rejects: if the bundler dies, the file is refused. cache: where the bundles of patched built-in variants are kept;
 * a user's variant is held by this process alone (recent.ts).
 */
export function bundledColumn(
  source: ColumnSource,
  kind: ColumnKind,
  { limitMs = LIMIT_MS, cache = null }: { readonly limitMs?: number; readonly cache?: Cache | null } = {},
): Promise<ColumnBundle> {
  const made = (): Promise<ColumnBundle> => bundled(source, kind, limitMs, cache);
  if (source.overlay !== null) return once(source.overlay, source, kind, made);
  return source.isBuiltIn ? made() : recently(kind, source.file, made);
}

async function bundled(
  source: ColumnSource,
  kind: ColumnKind,
  limitMs: number,
  cache: Cache | null,
): Promise<ColumnBundle> {
  const key = source.overlay === null || !source.isBuiltIn || cache === null ? null : cacheKey(kind, source);
  const kept = key === null ? null : cache!.get<ColumnBundle>(key);
  if (kept !== null) return kept;
  const answer = await ask<ColumnBundle>(kind, [source], limitMs);
  if (typeof answer === 'string') return { kind: 'refused', message: shown(`${basename(source.file)}: ${answer}`) };
  if (key !== null && answer.kind === 'bundled') cache!.put(key, answer);
  return answer;
}

/** Type errors of each source; a reason in words where they cannot be looked for. One process checks them all. */
export async function typeErrorsIn(sources: readonly ColumnSource[]): Promise<readonly TypeErrors[]> {
  if (sources.length === 0) return [];
  const answer = await ask<readonly TypeErrors[]>('types', sources, LIMIT_MS);
  return typeof answer === 'string' ? sources.map(() => ({ kind: 'unchecked', why: answer })) : answer;
}

/** Type errors in what a patch changes and in the variant that it runs. */
export function typeErrorsOf(source: ColumnSource, cache: Cache | null): Promise<TypeErrors> {
  const checked = (): Promise<TypeErrors> => typesChecked(source, cache);
  return source.overlay === null ? checked() : once(source.overlay, source, 'types', checked);
}

/** What this process has asked for: by overlay, which does not change, then by task and file. */
const asked = new WeakMap<object, Map<string, Promise<unknown>>>();

/** A patch is bundled once in a process, kept or not. */
function once<T>(overlay: object, { file }: ColumnSource, task: string, answerer: () => Promise<T>): Promise<T> {
  const before = asked.get(overlay) ?? new Map<string, Promise<unknown>>();
  asked.set(overlay, before);
  const key = `${task} ${file}`;
  const answer = (before.get(key) as Promise<T> | undefined) ?? answerer();
  before.set(key, answer);
  return answer;
}

async function typesChecked(source: ColumnSource, cache: Cache | null): Promise<TypeErrors> {
  const key = cache === null || !source.isBuiltIn ? null : cacheKey('types', source);
  const kept = key === null ? null : cache!.get<TypeErrors>(key);
  if (kept !== null) return kept;
  const [answer] = await typeErrorsIn([source]);
  if (key !== null && answer.kind === 'checked') cache!.put(key, answer);
  return answer;
}

/** The bundler's answer; a reason in words if there is none. */
async function ask<Answer extends object>(
  task: BundlerRequest['task'],
  sources: readonly ColumnSource[],
  limitMs: number,
): Promise<Answer | string> {
  const request: BundlerRequest = {
    task,
    sources: sources.map(({ overlay, ...source }) => ({ ...source, overlay: overlay === null ? null : [...overlay] })),
  };
  const input = JSON.stringify(request);
  const args = [packagePath('dist', 'harness', 'bundler.js')];
  const end = await turns.take(() => runProgram(process.execPath, args, { limitMs, input }));
  return end.failure === null ? (JSON.parse(end.stdout) as Answer) : reasonOf(end, limitMs);
}

function reasonOf({ failure, stderr }: ProgramEnd, limitMs: number): string {
  if (failure?.kind === 'late') return `took longer than ${limitMs / 1000} s to bundle`;
  if (failure?.kind === 'signal') return `ended the bundler with ${failure.signal}`;
  return stderr.split('\n').find((text) => /Error/.test(text)) ?? 'the bundler could not be run';
}
