/** A machine of 64 GiB: the pages of its processes lie above 4 GiB, and nothing that anybody can observe depends on it. */
import { describe, expect, it } from 'vitest';
import { checkers } from '../../../harness/check/checker.ts';
import { run } from '../../../harness/run/run.ts';
import { CATALOG } from '../../../harness/workload/catalog/index.ts';
import { generateWorkload } from '../../../harness/workload/generate.ts';
import type { Workload } from '../../../harness/workload/ops.ts';
import { landed } from '../../../variants/index.ts';
import { builtIn } from '../../support/digests.ts';
import { recordOf } from '../../support/ran.ts';

const LARGE = 2 ** 36;
/** Memory runs out in the one that is named for its 16M. */
const NAMES = Object.keys(CATALOG).filter((name) => name !== 'memory-16M');
const MACHINES = [
  '',
  'pti=on cpus=3',
  'superpages=on',
  'la57=on superpages=on',
  'cpus=2 pti=on superpages=on frames=aged:4',
  'frames=aged:32',
];
const checker = checkers();

const onLarge = (workload: Workload): Workload => ({ ...workload, machine: { ...workload.machine, ram: LARGE } });
const random = (seed: number): Workload =>
  generateWorkload(seed, { choices: 80, machine: MACHINES[seed % MACHINES.length]! });

describe('on a machine of 64 GiB', () => {
  it('the pages of objects lie above 4 GiB, page tables and pv chunks below', () => {
    const { machine } = run(null, onLarge(builtIn('superpage')), landed);
    const { page, pmap0 } = machine!;
    expect(page.first).toBeGreaterThan(2 ** 20);
    expect(page.next).toBeGreaterThan(page.first);
    expect(page.runLow).toBeLessThan(2 ** 24);
    expect(page.tableNext).toBeGreaterThan(pmap0.top + 16);
    expect(page.tableEnd).toBe(2 ** 20);
  });

  it.each(NAMES)('%s counts, answers and maps what it does on its own machine', (name) => {
    const workload = builtIn(name);
    expect(recordOf(onLarge(workload), landed)).toEqual(recordOf(workload, landed));
  });

  it('so do random workloads, and no invariant is broken that is not broken there', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const workload = random(seed);
      const checked = (some: Workload) => recordOf(some, landed, { check: true }, { checker });
      expect(checked(onLarge(workload)), `seed ${seed}`).toEqual(checked(workload));
    }
  });
});
