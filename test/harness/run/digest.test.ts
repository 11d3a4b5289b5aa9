import { describe, expect, it } from 'vitest';
import {
  Digester,
  KernelPanic,
  type Machine,
  MappedSpan,
  type Variant,
  machineFor,
  snapshot,
} from '../../../core/index.ts';
import { Interpreter } from '../../../harness/run/interpreter.ts';
import { PMAP_FIELDS } from '../../../harness/run/record.ts';
import { run } from '../../../harness/run/run.ts';
import { CATALOG, catalogText } from '../../../harness/workload/catalog/index.ts';
import { generateWorkload } from '../../../harness/workload/generate.ts';
import type { Workload } from '../../../harness/workload/ops.ts';
import { headOf, pieceOf } from '../../../harness/workload/pieces.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { baseline, landed } from '../../../variants/index.ts';

let machine: Machine | null = null;

/** Ops of a longer workload that are looked at: what follows in the catalog repeats them. */
const MOST_OPS = 300;

/** Runs a workload; calls `each` after every op, until a panic or MOST_OPS. */
function afterEachOp(workload: Workload, variant: Variant, each: (m: Machine, op: number) => void): void {
  const [head, piece] = [headOf(workload), pieceOf(workload)];
  const m = machineFor(machine, head.machine, variant.hunks);
  machine = m;
  const interpreter = new Interpreter(m, { ...head, ...piece });
  let op = 0;
  try {
    for (const chunk of piece.chunks)
      for (let at = 0; at < chunk.code.length && op < MOST_OPS; at++) {
        interpreter.step(chunk, at);
        each(m, op++);
      }
  } catch (error) {
    if (!(error instanceof KernelPanic)) throw error;
  }
}

/** Digests, and what each address space maps. */
function seen(digester: Digester): unknown {
  const mapped = new MappedSpan();
  const counted: number[] = [];
  const digests = digester.take(mapped, () => counted.push(mapped.pages, mapped.excess));
  return { ...digests, counted };
}

/** What a digester that has followed the run says after each op is what a new one says, and what a walk counts. */
function expectCurrent(workload: Workload, variant: Variant): number {
  let kept: Digester | null = null;
  let ops = 0;
  afterEachOp(workload, variant, (m, op) => {
    kept ??= new Digester(m);
    const now = seen(kept);
    const walked = m.vmspaces.flatMap((vm) => {
      const mapped = new MappedSpan();
      mapped.take(m, vm, 0, Infinity);
      return [mapped.pages, mapped.excess];
    });
    const where = `${workload.name}, op ${op}`;
    expect(now, where).toEqual(seen(new Digester(m)));
    expect(now, where).toMatchObject({ counted: walked });
    ops++;
  });
  return ops;
}

const builtIn = (name: string): Workload => parseWorkload(catalogText(name), `${name}.workload`, name);
const MACHINES = ['', 'pti=on cpus=3', 'superpages=on ram=256M', 'la57=on', 'cpus=2 pti=on superpages=on ram=16M'];

/** Each process of a chain forks the next, then all exit, the oldest first. */
function chain(processes: number): Workload {
  const forks = Array.from({ length: processes }, (_one, i) => `p${i}: fork -> p${i + 1}`);
  const exits = Array.from({ length: processes + 1 }, (_one, i) => `p${i}: exit`);
  return parseWorkload(['p0: exec sh60', ...forks, ...exits].join('\n'), 'chain');
}

describe('a run in which many processes are alive', () => {
  const spacesRead = (processes: number): { maps: number; tables: number } => {
    const { checkpoints } = run(null, chain(processes), landed).record;
    const exits = checkpoints.slice(processes);
    const sizes = exits.map(({ tables, pmaps }) => (tables === '' ? 0 : pmaps.length / PMAP_FIELDS));
    expect(exits.every(({ map }) => map !== '')).toBe(true);
    expect(exits.at(-1)!.tables).not.toBe('');
    return { maps: exits.length, tables: sizes.reduce((a, b) => a + b, 0) };
  };

  it('looks at the maps at every exit, at the page tables as often as a fixed cost an exit allows', () => {
    const [some, twice] = [spacesRead(150), spacesRead(300)];
    expect([some.maps, twice.maps]).toEqual([151, 301]);
    expect(twice.tables).toBeLessThan(2.2 * some.tables);
  });

  it('looks at the tables at every exit while few are alive', () => {
    const { checkpoints } = run(null, chain(10), landed).record;
    expect(checkpoints.slice(10).filter(({ tables }) => tables === '')).toEqual([]);
  });
});

describe('a digester', () => {
  it('reads again whatever changed, in the ops of the catalog', () => {
    // One process with many pages takes as long as all others together, and adds nothing to them.
    const names = Object.keys(CATALOG).filter((name) => name !== 'resident-65536');
    const ops = names.map((name) => expectCurrent(builtIn(name), landed));
    expect(ops.reduce((a, b) => a + b, 0)).toBeGreaterThan(names.length);
  });

  it('reads again whatever changed, in random workloads', () => {
    for (let seed = 1; seed <= 25; seed++) {
      const options = { choices: 80, machine: MACHINES[seed % MACHINES.length]! };
      expectCurrent(generateWorkload(seed, options), seed % 2 === 0 ? landed : baseline);
    }
  });

  it('tells the same states apart as their rows do', () => {
    const planes = ['map', 'tables'] as const;
    const byRows = planes.map(() => new Map<string, string>());
    const byDigest = planes.map(() => new Map<string, string>());
    const look = (m: Machine): void => {
      const rows = snapshot(m);
      const digests = new Digester(m).take(null, null);
      planes.forEach((plane, i) => {
        const [text, digest] = [JSON.stringify(rows[plane]), digests[plane]];
        expect(byRows[i]!.get(text) ?? digest).toBe(digest);
        expect(byDigest[i]!.get(digest) ?? text).toBe(text);
        byRows[i]!.set(text, digest);
        byDigest[i]!.set(digest, text);
      });
    };
    for (const variant of [baseline, landed])
      for (const name of Object.keys(CATALOG).slice(0, 10)) afterEachOp(builtIn(name), variant, look);
    for (let seed = 1; seed <= 10; seed++) afterEachOp(generateWorkload(seed), landed, look);
    expect(byRows[0]!.size).toBeGreaterThan(100);
    expect(byRows[1]!.size).toBeGreaterThan(100);
  });
});
