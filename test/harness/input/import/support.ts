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

export type Node = string | { readonly kind: string; readonly child: readonly Node[] };

const LINKS: Readonly<Record<string, string>> = { sh: 'dash', awk: 'mawk' };

interface Space {
  maps: [number, number][];
  readonly nodes: Node[];
}

/**
 * What strace can show of a recording, as a tree of processes in fork order: forks with their kind, execs that
 * succeeded (by name) and that failed (by path), mmap with length, protection, flags, file and offset, munmap, mprotect
 * mremap and brk with their lengths, exit codes. Addresses are randomised, so they are given as places: the number of the
 * program's own mapping that contains them, and the offset in it; or the program as loaded.
 */
export function treeOf(lines: readonly TraceLine[]): readonly Node[] {
  const spaces = new Map<number, Space>();
  const rootPid = Number(lines[0].root);
  spaces.set(rootPid, { maps: [], nodes: [] });
  for (const event of lines.slice(1)) visit(event, spaces);
  return spaces.get(rootPid)!.nodes;
}

function visit(event: TraceLine, spaces: Map<number, Space>): void {
  const space = spaces.get(event.pid)!;
  const { nodes, maps } = space;
  const addr = Number(event.addr);
  const len = Number(event.len);
  const at = maps.findLastIndex(([start, end]) => addr >= start && addr < end);
  const place = at < 0 ? 'program' : `mapping ${at} + ${addr - maps[at][0]}`;
  switch (event.ev) {
    case 'exec': {
      const name = String(event.path).replace(/.*\//, '');
      space.maps = [];
      nodes.push(`exec ${LINKS[name] ?? name}`);
      break;
    }
    case 'execfail':
      nodes.push(`execfail ${event.path}`);
      break;
    case 'mmap': {
      const flags = event.flags as string[];
      nodes.push(
        `mmap ${flags.includes('FIXED') ? place : 'anywhere'} ${len} ${event.prot} ${flags} ${event.file} ${event.off ?? 0}`,
      );
      maps.push([addr, addr + Math.ceil(len / 4096) * 4096]);
      break;
    }
    case 'munmap':
    case 'mprotect':
      nodes.push(`${event.ev} ${place} ${len} ${event.prot ?? ''}`);
      break;
    case 'mremap':
      nodes.push(`mremap ${place} ${len} to ${event.newlen}`);
      maps.push([Number(event.new), Number(event.new) + Number(event.newlen)]);
      break;
    case 'brk':
      nodes.push(event.old === undefined ? 'brk first' : `brk by ${addr - Number(event.old)}`);
      break;
    case 'fork': {
      const child: Space = { maps: event.kind === 'vfork' ? maps : [...maps], nodes: [] };
      spaces.set(Number(event.child), child);
      nodes.push({ kind: String(event.kind), child: child.nodes });
      break;
    }
    case 'exit':
      nodes.push(`exit ${event.code}`);
      break;
    default:
  }
}

/** Calls with which a recording begins. */
export const EXEC = 'execve("/bin/t", ["t"], 0x7ffd00000000 /* 3 vars */) = 0';
export const MMAP = 'mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000001000';

/** Events without the maps of execs. */
export const plain = (imported: Parameters<typeof eventsOf>[0]): unknown[] =>
  eventsOf(imported).map((event) => {
    const { maps: _maps, argv: _argv, ...rest } = event as Record<string, unknown>;
    return rest;
  });
