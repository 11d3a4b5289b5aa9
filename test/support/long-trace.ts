/**
 * Recordings of any length: a recorded process tree repeated, each time with its own pids, under one root that forks it
 * and outlives it.
 */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const ROOT = 1;
/** Pids wrap around, as on a system that has been up for long. */
const MOST_PIDS = 99_000;

/** lines: those of a recording. Yields the lines of a recording that repeats its tree `times` times. */
export function* repeated(lines: readonly string[], times: number): Generator<string> {
  const [meta, ...events] = lines;
  const { root, ...said } = JSON.parse(meta!) as { root: number };
  yield JSON.stringify({ ...said, name: 'long', root: ROOT });
  const pids = [
    ...new Set(lines.flatMap((line) => [...line.matchAll(/"(?:pid|child)":(\d+)/g)].map(([, pid]) => pid!))),
  ];
  let next = ROOT + 1;
  let time = 0;
  for (let time0 = 0, i = 0; i < times; i++, time0 = time + 1) {
    const fresh = new Map<string, number>();
    for (const pid of [String(root), ...pids])
      if (!fresh.has(pid)) {
        fresh.set(pid, next);
        next = next < MOST_PIDS ? next + 1 : ROOT + 1;
      }
    const own = fresh.get(String(root))!;
    yield JSON.stringify({ t: time0, pid: ROOT, ev: 'fork', child: own, kind: 'fork' });
    for (const line of events) {
      yield line
        .replace(/^\{"t":(\d+)/, (_whole, t: string) => `{"t":${(time = time0 + Number(t))}`)
        .replaceAll(/"(pid|child)":(\d+)/g, (_whole, key: string, pid: string) => `"${key}":${fresh.get(pid)}`);
    }
  }
  yield JSON.stringify({ t: time + 1, pid: ROOT, ev: 'exit', code: 0 });
}

function* blocks(lines: Iterable<string>): Generator<string> {
  let block: string[] = [];
  for (const line of lines) {
    if (block.push(line) < 2000) continue;
    yield `${block.join('\n')}\n`;
    block = [];
  }
  yield `${block.join('\n')}\n`;
}

/** Writes it to a gzip file. */
export async function writeRepeated(file: string, lines: readonly string[], times: number): Promise<void> {
  await pipeline(Readable.from(blocks(repeated(lines, times))), createGzip({ level: 1 }), createWriteStream(file));
}
