import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Machine } from '../../../core/index.ts';
import { loadCorpus } from '../../../harness/input/load.ts';
import { ProcessTally } from '../../../harness/run/process-tally.ts';
import { run } from '../../../harness/run/run.ts';
import {
  OP_CLOCK,
  OP_EXEC,
  OP_EXIT,
  OP_FORK,
  OP_RFORK_MEM,
  OP_TOUCH,
  OP_VFORK,
} from '../../../harness/workload/ops.ts';
import { variantById } from '../../../variants/index.ts';
import { root } from '../../support/layers.ts';
import { recordOf } from '../../support/ran.ts';

const NONE = { calls: 0, early: 0 };
type Step = readonly [code: number, process: number, arg?: number, outcome?: number];

function tallied(...steps: readonly Step[]): ProcessTally {
  const tally = new ProcessTally();
  for (const [code, process, arg = 0, outcome = 0] of steps) tally.take(code, process, arg, outcome, NONE);
  return tally;
}

describe('the kind of a process', () => {
  it('is forked until it execs, even for the first process, and execed from then on', () => {
    const { byKind } = tallied([OP_EXEC, 0], [OP_FORK, 0, 1], [OP_EXEC, 1], [OP_EXEC, 1], [OP_EXIT, 1], [OP_EXIT, 0]);
    expect(byKind.forked.exec.processes).toBe(2);
    expect(byKind.execed.exec.processes).toBe(1);
    expect(byKind.execed.exit.processes).toBe(2);
  });

  it('is vforked for any child that shares the address space, until it execs', () => {
    const { byKind } = tallied(
      [OP_EXEC, 0],
      [OP_VFORK, 0, 1],
      [OP_RFORK_MEM, 0, 2],
      [OP_EXEC, 1],
      [OP_EXIT, 1],
      [OP_EXIT, 2],
    );
    expect(byKind.vforked.exec.processes).toBe(1);
    expect(byKind.vforked.exit.processes).toBe(1);
    expect(byKind.execed.exit.processes).toBe(1);
  });

  it('does not change with a failed exec, and a failed fork creates no child', () => {
    const { byKind } = tallied([OP_EXEC, 0, 0, 12], [OP_EXIT, 0], [OP_VFORK, 0, 1, 35], [OP_EXIT, 1]);
    expect(byKind.forked.exec.processes).toBe(1);
    expect(byKind.forked.exit.processes).toBe(2);
  });

  it('is forgotten at its exit: a reused number starts afresh', () => {
    const { byKind } = tallied([OP_EXEC, 0], [OP_EXIT, 0], [OP_EXIT, 0]);
    expect([byKind.execed.exit.processes, byKind.forked.exit.processes]).toEqual([1, 1]);
  });
});

describe('whether a process has touched the shared page', () => {
  it('is true from its own read until it execs; a child starts with false', () => {
    const { byKind } = tallied(
      [OP_EXEC, 0],
      [OP_TOUCH, 0],
      [OP_FORK, 0, 1],
      [OP_EXIT, 1],
      [OP_FORK, 0, 2],
      [OP_CLOCK, 2],
      [OP_EXIT, 2],
      [OP_EXEC, 0],
      [OP_EXIT, 0],
    );
    expect(byKind.forked.exit).toMatchObject({ processes: 2, touched: 1 });
    expect(byKind.execed.exec).toMatchObject({ processes: 1, touched: 1 });
    expect(byKind.execed.exit).toMatchObject({ processes: 1, touched: 0 });
  });

  it('is not set by a read that ends in a signal', () => {
    const { byKind } = tallied([OP_EXEC, 0], [OP_TOUCH, 0, 0, 139], [OP_EXIT, 0]);
    expect(byKind.execed.exit.touched).toBe(0);
  });
});

const summaries = join(root, 'test/fixtures/vectors/replay');

describe('a recorded program', () => {
  const files = readdirSync(summaries).filter((name) => name.endsWith('.json'));
  it.each(files)('calls pmap_remove by kind as the kernel did: %s', async (file) => {
    const summary = JSON.parse(readFileSync(join(summaries, file), 'utf8'));
    const workload = await loadCorpus(summary.trace.replace(/_fa1$/, ''), { touch: summary.touch });
    let machine: Machine | null = null;
    for (const [id, { removeByKind }] of Object.entries<any>(summary.revisions)) {
      const result = run(machine, workload, variantById(id)!);
      ({ machine } = result);
      expect(result.record.replay!.byKind).toMatchObject(removeByKind);
    }
  });

  it('has no child that touches the page in forkloop_notouch, and only such children in forkloop_touch', async () => {
    for (const [name, touched] of [
      ['forkloop_notouch', 0],
      ['forkloop_touch', 300],
    ] as const) {
      const record = recordOf(await loadCorpus(name), variantById('baseline')!);
      expect(record.replay!.byKind.forked.exit).toMatchObject({ processes: 300, touched });
    }
  });
});
