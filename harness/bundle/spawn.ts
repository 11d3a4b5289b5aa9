/** Bundles a column in a process of its own. */
import { basename } from 'node:path';
import { packagePath } from '../input/paths.ts';
import { type ProgramEnd, runProgram } from '../process/program.ts';
import { turns } from '../process/turns.ts';
import { shown } from '../run/shown.ts';
import type { ColumnBundle, ColumnKind } from './column.ts';

/** file: the variant. limitMs: wall time of the bundler. Never rejects: if it dies, the file is refused. */
export async function bundledColumn(
  file: string,
  kind: ColumnKind,
  { isBuiltIn = false, limitMs = 120_000 } = {},
): Promise<ColumnBundle> {
  const args = [packagePath('dist', 'harness', 'bundler.js'), file, kind, isBuiltIn ? 'built-in' : 'foreign'];
  const end = await turns.take(() => runProgram(process.execPath, args, { limitMs }));
  if (end.failure === null) return JSON.parse(end.stdout) as ColumnBundle;
  return { kind: 'refused', message: shown(`${basename(file)}: ${reasonOf(end, limitMs)}`) };
}

function reasonOf({ failure, stderr }: ProgramEnd, limitMs: number): string {
  if (failure?.kind === 'late') return `took longer than ${limitMs / 1000} s to bundle`;
  if (failure?.kind === 'signal') return `ended the bundler with ${failure.signal}`;
  return stderr.split('\n').find((text) => /Error/.test(text)) ?? 'the bundler could not be run';
}
