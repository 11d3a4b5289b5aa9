import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type ImportFormat, type ImportOptions, importRecording } from '../../../../harness/input/import/import.ts';
import type { ImportCounts, Tally } from '../../../../harness/input/import/log.ts';
import { root } from '../../../support/layers.ts';

export type TraceLine = Record<string, unknown> & { ev: string; pid: number };

export const fixture = (name: string): string => join(root, 'test/fixtures/import', name);
export const corpus = (name: string): string => join(root, 'harness/workload/corpus', `${name}.jsonl.gz`);

/** A folder that is removed along with its contents. */
export class Imports {
  readonly folder = mkdtempSync(join(tmpdir(), 'import-test-'));

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string | Buffer): string {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  get names(): string[] {
    return readdirSync(this.folder).toSorted();
  }

  /** Imports a file; returns the counts and the lines of the trace. */
  async file(format: ImportFormat, file: string, more: Partial<ImportOptions> = {}): Promise<Imported> {
    const out = this.path('out.jsonl');
    const counts = await importRecording(file, out, { format, ...more });
    return { counts, out, lines: linesOf(out) };
  }

  /** Imports these lines. */
  async lines(format: ImportFormat, lines: readonly string[], more: Partial<ImportOptions> = {}): Promise<Imported> {
    return this.file(format, this.write('in', `${lines.join('\n')}\n`), more);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true });
  }
}

export interface Imported {
  readonly counts: ImportCounts;
  readonly out: string;
  readonly lines: TraceLine[];
}

export function linesOf(file: string): TraceLine[] {
  const bytes = readFileSync(file);
  const text = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Events without their times, and without the first line. */
export const eventsOf = ({ lines }: Pick<Imported, 'lines'>): unknown[] =>
  lines.slice(1).map((event) => Object.fromEntries(Object.entries(event).filter(([key]) => key !== 't')));

export const countsOf = (tallies: ReadonlyMap<string, Tally>): Record<string, number> =>
  Object.fromEntries([...tallies].map(([kind, { count }]) => [kind, count]));
