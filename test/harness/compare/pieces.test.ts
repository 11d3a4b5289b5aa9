import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadWorkload } from '../../../harness/input/load.ts';
import { corpusPath } from '../../../harness/input/paths.ts';
import { cut, headOf } from '../../../harness/workload/pieces.ts';
import { TraceReader } from '../../../harness/workload/trace/read.ts';
import { PieceComparison } from '../../support/pieces.ts';
import * as program from '../../support/program.ts';
import { workloads } from '../workload/arbitrary.ts';

let compare: PieceComparison;
beforeAll(async () => {
  compare = new PieceComparison(program);
});

/** `npm run soak` covers the whole catalog, recordings and many more random workloads. */
describe('a comparison in pieces gives the same result as one in one piece', () => {
  it.each(['sharers-exit-together', 'subshells', 'superpage-exit'])('of %s', async (name) => {
    const workload = await loadWorkload(name);
    const expected = compare.whole(workload);
    expect(compare.inPieces(workload, 7)).toEqual(expected);
    expect(compare.inPieces(workload, 64)).toEqual(expected);
  });

  it('of random workloads, with calls that stop and resume, panics, failures and broken invariants', () => {
    fc.assert(
      fc.property(workloads({ choices: 30, machine: 'cpus=2' }), fc.constantFrom(1, 7), ({ workload }, size) => {
        expect(compare.inPieces(workload, size, true)).toEqual(compare.whole(workload, true));
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });

  it('of a recording as it is read', async () => {
    const workload = { ...(await loadWorkload('forkloop_small')), name: 't' };
    const lines = gunzipSync(readFileSync(corpusPath('forkloop_small')))
      .toString()
      .trimEnd()
      .split('\n');
    expect(compare.asRead(lines, 64, headOf(workload))).toEqual(compare.whole(workload));
  });
});

describe('a run', () => {
  const parts = async (size: number) => {
    const workload = await loadWorkload('subshells');
    const [head, pieces] = [headOf(workload), [...cut(workload, size)]];
    const session = new program.Session(
      null,
      { head, variant: program.face.landed, options: {}, watch: {} },
      pieces[0]!,
    );
    const taken = pieces.map((piece) => session.take(piece).perOp);
    return { taken, machine: session.machine, again: workload };
  };

  it('takes no new memory for each of its pieces', async () => {
    const { taken } = await parts(20);
    expect(taken.length).toBeGreaterThan(2);
    for (const array of Object.keys(taken[0]!) as (keyof (typeof taken)[0])[])
      expect(taken.at(-1)![array].buffer).toBe(taken.at(-2)![array].buffer);
  });

  it('in one piece has results that the next run of its machine leaves alone', async () => {
    const { taken, machine, again } = await parts(Infinity);
    const before = structuredClone(taken);
    program.run(machine, again, program.face.baseline);
    expect(taken).toEqual(before);
  });
});

describe('a recording as it is read', () => {
  it('carries running processes into the next piece, and forgets the others', () => {
    const reader = new TraceReader('t');
    const say = (...events: object[]): void => events.forEach((event) => reader.block(JSON.stringify(event)));
    say({ ev: 'meta', format: 'vmtrace-1', name: 'x', page: 4096, root: 10 });
    say({ t: 1, pid: 10, ev: 'fork', child: 11, kind: 'fork' }, { t: 2, pid: 10, ev: 'fork', child: 12, kind: 'fork' });
    say({ t: 3, pid: 11, ev: 'exit' });
    const first = reader.take();
    expect(first.processes.map(({ name }) => name)).toEqual(['p10', 'p11', 'p12']);
    say({ t: 4, pid: 12, ev: 'fork', child: 11, kind: 'fork' }, { t: 5, pid: 11, ev: 'touch' });
    reader.end('x');
    const second = reader.take();
    expect(second.processes.map(({ name }) => name)).toEqual(['p10', 'p12', 'p11']);
    expect([...second.carried!]).toEqual([0, 2, -1]);
    expect([...second.chunks[0]!.who]).toEqual([1, 2, 0, 2, 1]);
    expect({ from: second.from, length: second.length }).toEqual({ from: 3, length: 5 });
  });
});
