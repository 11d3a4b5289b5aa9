import { describe, expect, it } from 'vitest';
import { Digester, type Machine, snapshot } from '../../../core/index.ts';
import { PMAP_FIELDS } from '../../../harness/run/record.ts';
import { CATALOG } from '../../../harness/workload/catalog/index.ts';
import { generateWorkload } from '../../../harness/workload/generate.ts';
import type { Workload } from '../../../harness/workload/ops.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { baseline, landed } from '../../../variants/index.ts';
import { afterEachOp, builtIn, expectCurrent } from '../../support/digests.ts';
import { recordOf } from '../../support/ran.ts';

/** Ops of a longer workload that are looked at: the soak looks at all. */
const MOST_OPS = 60;
const MACHINES = ['', 'pti=on cpus=3', 'superpages=on ram=256M', 'la57=on', 'cpus=2 pti=on superpages=on ram=16M'];

/** Each process of a chain forks the next, then all exit, the oldest first. */
function chain(processes: number): Workload {
  const forks = Array.from({ length: processes }, (_one, i) => `p${i}: fork -> p${i + 1}`);
  const exits = Array.from({ length: processes + 1 }, (_one, i) => `p${i}: exit`);
  return parseWorkload(['p0: exec sh60', ...forks, ...exits].join('\n'), 'chain');
}

describe('a run in which many processes are alive', () => {
  /** Address spaces that the looks of a chain of processes meet, by plane. */
  const spacesMet = (processes: number): { maps: number; tables: number } => {
    const { checkpoints } = recordOf(chain(processes), landed);
    // op 0 is the exec, then every op is a fork, then every op an exit
    const alive = (op: number): number => (op <= processes ? op + 1 : 2 * processes + 1 - op);
    const met = (plane: 'map' | 'tables'): number =>
      checkpoints.reduce((sum, point) => sum + (point[plane] === '' ? 0 : alive(point.op)), 0);
    const { map, tables } = checkpoints.at(-1)!;
    expect([map, tables]).not.toContain('');
    return { maps: met('map'), tables: met('tables') };
  };

  it('looks at the maps and at the page tables as often as a fixed cost a birth or exit allows', () => {
    const [some, twice] = [spacesMet(300), spacesMet(600)];
    expect(twice.maps).toBeLessThan(2.5 * some.maps);
    expect(twice.tables).toBeLessThan(2.5 * some.tables);
  });

  it('looks at the child of every fork', () => {
    const { checkpoints } = recordOf(chain(200), landed);
    expect(checkpoints.slice(0, 200).map(({ op, pmaps }) => [op, pmaps.length / PMAP_FIELDS])).toEqual(
      Array.from({ length: 200 }, (_one, fork) => [fork + 1, 1]),
    );
  });

  it('looks at the maps and the tables at every exit while few are alive', () => {
    const { checkpoints } = recordOf(chain(10), landed);
    expect(checkpoints).toHaveLength(21);
    expect(checkpoints.slice(10).filter(({ map, tables }) => map === '' || tables === '')).toEqual([]);
  });
});

describe('a digester', () => {
  it('reads again whatever changed, in the ops of the catalog', () => {
    // One process with many pages takes as long as all others together: the soak has it.
    const names = Object.keys(CATALOG).filter((name) => name !== 'resident-65536');
    const ops = names.map((name) => expectCurrent(builtIn(name), landed, MOST_OPS));
    expect(ops.reduce((a, b) => a + b, 0)).toBeGreaterThan(names.length);
  });

  it('reads again whatever changed, in random workloads', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const options = { choices: 80, machine: MACHINES[seed % MACHINES.length]! };
      expectCurrent(generateWorkload(seed, options), seed % 2 === 0 ? landed : baseline);
    }
  });

  it.each([
    ['signals that wait for a process asleep', 'c: kill a SIGUSR1\n', 'c: kill a SIGUSR2\n'],
    ['threads that are asleep', 'a/2: vfork -> d\na/3: clock\n', 'a/2: clock\na/3: vfork -> d\n'],
    ['a thread that is asleep or gone', 'b: exec bare\na: exec bare\n', 'a/2: exec bare\nb: exec bare\na: clock\n'],
  ])('tells %s apart', (_what, one, other) => {
    const after = (lines: string): string => {
      const workload = parseWorkload(`a: exec sh60\na: fork -> c\na: vfork -> b\n${lines}`, 'asleep');
      return recordOf(workload, landed).checkpoints.at(-1)!.map;
    };
    expect(after(one)).not.toBe(after(other));
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
