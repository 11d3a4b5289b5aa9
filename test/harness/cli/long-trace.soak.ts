/**
 * Long recordings through all revisions: memory and time. LONG in the environment is how often the shortest recording
 * repeats a recorded build of 181,000 events; the longest repeats it 16 times as often.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { corpusPath } from '../../../harness/input/paths.ts';
import { builtFile } from '../../support/built.ts';
import { repeated, writeRepeated } from '../../support/long-trace.ts';
import { fixtureFile } from '../../support/variant-fixtures.ts';

const SHORTEST = Number(process.env.LONG ?? 2);
const MOST_MIB = 300;
/** Bytes per op that may remain of exited processes; holding the ops and their records takes 259. */
const MOST_BYTES_PER_OP = 16;
/** Prints the process's peak memory at exit. */
const WATCH =
  'data:text/javascript,process.on("exit",()=>process.stderr.write(`\\nmaxRSS=${process.resourceUsage().maxRSS}\\n`))';

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** peak resident memory */
  readonly mib: number;
}

function pmapdiff(...args: readonly string[]): Ran {
  const argv = ['--import', WATCH, builtFile('harness/cli.js'), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  return { status, stdout, stderr, mib: Math.round(Number(/maxRSS=(\d+)/.exec(stderr)?.[1]) / 1024) };
}

/** The line about the pace of a long recording. */
const pace = ({ stderr }: Ran): string => stderr.split('\n').find((line) => line.includes(' ops/s')) ?? stderr;

const linesOf = (name: string): string[] =>
  gunzipSync(readFileSync(corpusPath(name)))
    .toString()
    .trimEnd()
    .split('\n');

let folder: string;
const long = (times: number): string => join(folder, `long${times}.jsonl.gz`);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pmapdiff-long-'));
  for (const times of [1, 4, 16]) await writeRepeated(long(times), linesOf('make12'), times * SHORTEST);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a long recording', () => {
  it('takes hardly more memory in all revisions when it is 4 or 16 times as long', () => {
    const ran = [1, 4, 16].map((times) => {
      const one = pmapdiff('compare', '--workload', long(times), '--json');
      console.log(`${pace(one)}; at most ${one.mib} MiB`);
      expect(one.status).toBe(0);
      return one;
    });
    const ops = ran.map(({ stdout }) => (JSON.parse(stdout) as { workloads: { ops: number }[] }).workloads[0]!.ops);
    const [one, , sixteen] = ran.map(({ mib }) => mib);
    expect(sixteen).toBeLessThan(MOST_MIB);
    expect(((sixteen! - one!) * 2 ** 20) / (ops[2]! - ops[0]!)).toBeLessThan(MOST_BYTES_PER_OP);
  });

  it('is replayed in less memory, and the speed is reported', () => {
    const ran = pmapdiff('replay', long(4), '--variant', 'landed', '--json');
    console.log(`${pace(ran)}; at most ${ran.mib} MiB`);
    expect(ran.status).toBe(0);
    expect(ran.mib).toBeLessThan(MOST_MIB);
    expect(JSON.parse(ran.stdout)).toMatchObject({ ended: { kind: 'done' }, balance: { alive: 0, left: [] } });
  });

  it('also runs in the process of a variant file, within limits derived from the reference', () => {
    const ran = pmapdiff(
      'compare',
      '--workload',
      long(1),
      '--variants',
      'landed',
      '--variant',
      fixtureFile('leak-root-page'),
    );
    console.log(`${pace(ran)}; at most ${ran.mib} MiB`);
    expect(ran.status).toBe(1);
    expect(ran.stdout).toContain('userPtPageCount');
  });

  it('that is cut off, or contains garbage far into it, is an error with its line, and nothing is printed', () => {
    const cut = join(folder, 'cut.jsonl.gz');
    writeFileSync(cut, readFileSync(long(1)));
    truncateSync(cut, Math.floor(readFileSync(cut).length * 0.9));
    const garbage = join(folder, 'garbage.jsonl.gz');
    const lines = [...repeated(linesOf('make12'), 2)];
    lines[300_000] = '{"t":';
    writeFileSync(garbage, gzipSync(lines.join('\n'), { level: 1 }));
    for (const [file, found] of [
      [cut, /cut\.jsonl\.gz:\d{6,}: .*gzip/],
      [garbage, /garbage\.jsonl\.gz:300001: .*JSON/],
    ] as const)
      for (const args of [
        ['compare', '--workload', file],
        ['replay', file, '--variant', 'landed'],
      ]) {
        const { status, stdout, stderr } = pmapdiff(...args);
        expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
        expect(stderr).toMatch(found);
      }
  });
});
