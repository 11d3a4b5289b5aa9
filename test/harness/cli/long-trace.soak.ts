/**
 * Long recordings through all revisions: memory and time. LONG in the environment is how often the shortest recording
 * repeats a recorded build of 181,000 events; the longest repeats it 16 times as often.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
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
/** A recording of up to so many ops is decoded once, and its ops are held; of a longer one none are. */
const MOST_HELD_OPS = 4_194_304;
const HELD_BYTES_PER_OP = 37;
const heldBytes = (ops: number): number => (ops > MOST_HELD_OPS ? 0 : ops * HELD_BYTES_PER_OP);
/** Prints the process's peak memory, in KiB, and its CPU time, in us, at exit. */
const WATCH =
  'data:text/javascript,process.on("exit",()=>{const{maxRSS,userCPUTime,systemCPUTime}=process.resourceUsage();' +
  'process.stderr.write(`\\nmaxRSS=${maxRSS} cpu=${userCPUTime+systemCPUTime}\\n`)})';

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** peak resident memory */
  readonly mib: number;
  /** CPU time */
  readonly seconds: number;
}

function ran(flags: readonly string[], args: readonly string[]): Ran {
  const argv = [...flags, '--import', WATCH, builtFile('harness/cli.js'), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const [, rss, cpu] = /maxRSS=(\d+) cpu=(\d+)/.exec(stderr) ?? [];
  return { status, stdout, stderr, mib: Math.round(Number(rss) / 1024), seconds: Number(cpu) / 1e6 };
}

// Collectors in threads of their own lag behind on a loaded machine, and memory grows.
const pmapdiff = (...args: readonly string[]): Ran => ran(['--single-threaded-gc'], args);

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

const META =
  '{"ev":"meta","format":"vmtrace-1","name":"x","cmd":"x","arch":"x86_64","page":4096,"root":1,"time_unit":"us"}';

/** Writes a recording of these events, each at the next time. */
function write(name: string, events: readonly object[]): string {
  const file = join(folder, name);
  const lines = events.map((event, i) => JSON.stringify({ t: i + 1, ...event }));
  writeFileSync(file, `${[META, ...lines].join('\n')}\n`);
  return file;
}

/** An anonymous mapping of process 1, each page of which it writes. */
function* written(pages: number): Generator<object> {
  const addr = (page: number): string => `0x${(2 ** 40 + page * 4096).toString(16)}`;
  const anon = { prot: 'rw-', flags: ['PRIVATE', 'ANON'], file: null, off: 0 };
  yield { pid: 1, ev: 'mmap', addr: addr(0), len: pages * 4096, ...anon };
  for (let page = 0; page < pages; page++) yield { pid: 1, ev: 'fault', addr: addr(page), access: 'w' };
}

describe('a recording that needs more memory than the machine has by default', () => {
  const PAGES = 300_000;
  const file = (): string => write('memory.jsonl', [...written(PAGES)]);
  const compare = (...args: string[]): Ran =>
    pmapdiff('compare', '--workload', file(), '--variants', 'baseline,landed', ...args);

  it('gets it, and runs to its end', () => {
    const { status, stdout } = compare('--json');
    expect(status).toBe(0);
    const { workloads } = JSON.parse(stdout) as { workloads: { runs: { ended: object; ops: number }[] }[] };
    for (const { ended, ops } of workloads[0]!.runs) expect([ended, ops]).toEqual([{ kind: 'done' }, PAGES + 2]);
  });

  it('is no agreement where it does not get it: exit code 3, and what is needed', () => {
    const { status, stdout } = compare('--machine', 'ram=1G');
    expect(status).toBe(3);
    expect(stdout).toMatch(/may take 30\d,\d{3}: --machine ram=/);
  });
});

describe('a long recording', () => {
  it('takes hardly more memory in all revisions when it is 4 or 16 times as long', () => {
    const ran = [1, 4, 16].map((times) => {
      const one = pmapdiff('compare', '--workload', long(times), '--json');
      console.log(`${pace(one)}; at most ${one.mib} MiB`);
      expect(one.status).toBe(0);
      return one;
    });
    const ops = ran.map(({ stdout }) => (JSON.parse(stdout) as { workloads: { ops: number }[] }).workloads[0]!.ops);
    for (const [i, { mib }] of ran.entries()) {
      const held = heldBytes(ops[i]!) - heldBytes(ops[0]!);
      const left = MOST_BYTES_PER_OP * (ops[i]! - ops[0]!);
      expect(mib).toBeLessThan(MOST_MIB);
      expect((mib - ran[0]!.mib) * 2 ** 20).toBeLessThanOrEqual(Math.max(held, 0) + left);
    }
  });

  it('takes no more memory when more of them wait than may be held', () => {
    const names = Array.from({ length: 70 }, (_one, i) => join(folder, `copy${i}.jsonl.gz`));
    for (const name of names) copyFileSync(corpusPath('make12'), name);
    const ran = pmapdiff('compare', '--workload', ...names, '--variants', 'shared-page-unmap,landed', '--json');
    const { workloads } = JSON.parse(ran.stdout) as { workloads: { name: string }[] };
    expect([ran.status, workloads.length]).toEqual([0, 70]);
    const [first, last] = [workloads[0]!, workloads[69]!].map((one) => JSON.stringify({ ...one, name: '' }));
    expect(last).toBe(first);
    expect(ran.mib * 2 ** 20).toBeLessThan(MOST_MIB * 2 ** 20 + heldBytes(MOST_HELD_OPS));
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

it('10,000 workloads of five ops in one command take less than 600 MB', () => {
  const names = Array.from({ length: 10_000 }, (_one, i) => join(folder, `small-${i}.workload`));
  const uses = ['fork -> b', 'vfork -> b', 'rfork mem -> b'];
  for (const [i, name] of names.entries())
    writeFileSync(
      name,
      `a: exec ${i % 2 === 0 ? 'sh60' : 'cat'}\na: mmap anon ${1 + (i % 7)}p rw -> m\na: write m\na: ${uses[i % 3]}\nb: exit\n`,
    );
  const { status, stdout, mib, seconds } = ran([], ['compare', '--quiet', '--workload', ...names]);
  console.log(`10,000 workloads: ${mib} MiB, ${seconds.toFixed(0)} s of CPU time`);
  expect([status, stdout.includes('40000 comparisons') || stdout.includes('40,000 comparisons')]).toEqual([0, true]);
  expect(mib).toBeLessThan(600e6 / 2 ** 20);
});
