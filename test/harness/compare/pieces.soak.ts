/**
 * Compares the whole catalog, recordings and random workloads in pieces, through the compiled program. SOAK=0.1 in the
 * environment runs a tenth of the random ones.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { corpusPath } from '../../../harness/input/paths.ts';
import { CATALOG } from '../../../harness/workload/catalog/index.ts';
import { builtProgram } from '../../support/built.ts';
import { type Modules, PieceComparison } from '../../support/pieces.ts';

const RANDOM = Math.ceil(1000 * Number(process.env.SOAK ?? 1));
const SIZES = [7, 64, 65_536];
const MACHINES = ['', 'pti=on', 'cpus=3', 'superpages=on ram=256M', 'cpus=2 pti=on pcid=off', 'la57=on'];

let program: Modules;
let compare: PieceComparison;
beforeAll(async () => {
  program = await builtProgram();
  compare = new PieceComparison(program);
});

describe('a comparison in pieces gives the same result as one in one piece', () => {
  it.each(Object.keys(CATALOG))('of %s', async (name) => {
    const workload = await program.loadWorkload(name);
    const expected = compare.whole(workload);
    for (const size of SIZES) expect(compare.inPieces(workload, size)).toEqual(expected);
  });

  it.each(['cc_tiny', 'forkloop_touch', 'pipe_one', 'spawn_vforkfail'])('of the recording %s', async (name) => {
    const workload = { ...(await program.loadWorkload(name)), name: 't' };
    const expected = compare.whole(workload);
    for (const size of SIZES) expect(compare.inPieces(workload, size)).toEqual(expected);
    const lines = gunzipSync(readFileSync(corpusPath(name)))
      .toString()
      .trimEnd()
      .split('\n');
    for (const size of SIZES) expect(compare.asRead(lines, size, program.headOf(workload))).toEqual(expected);
  });

  it(`of ${RANDOM} random workloads`, () => {
    for (let seed = 1; seed <= RANDOM; seed++) {
      const machine = MACHINES[seed % MACHINES.length]!;
      const workload = program.generateWorkload(seed, { machine, choices: 60 });
      const isChecked = seed % 4 === 0;
      const expected = compare.whole(workload, isChecked);
      for (const size of [1, 7])
        expect({ seed, ...compare.inPieces(workload, size, isChecked) }).toEqual({ seed, ...expected });
    }
  });
});
