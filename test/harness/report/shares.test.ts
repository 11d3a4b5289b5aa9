import { describe, expect, it } from 'vitest';
import { loadCorpus } from '../../../harness/input/load.ts';
import { kindRows } from '../../../harness/report/kinds.ts';
import { type Shares, sharesOf, sharesText } from '../../../harness/report/shares.ts';
import type { TouchPolicy } from '../../../harness/workload/ops.ts';
import { variantById } from '../../../variants/index.ts';
import { recordOf } from '../../support/ran.ts';

async function shares(name: string, touch: TouchPolicy, id = 'baseline'): Promise<Shares> {
  return sharesOf(recordOf(await loadCorpus(name, { touch }), variantById(id)!), touch);
}

describe('the shares of early exits', () => {
  it('are shown next to the published ones, whatever their values', async () => {
    expect(sharesText([await shares('spawn_vforkfail', 'recorded')])).toMatchInlineSnapshot(`
      "spawn_vforkfail under baseline, the shared page touched as recorded (0 of 201 processes)
        pmap_remove in                       processes   touched     calls     early     share
        exit, exec'd program                         1      0.0%        20        20    100.0%
        exit, vfork child that never exec'd        200      0.0%         0         0         -
        exit                                       201      0.0%        20        20    100.0%  review: 15-20%
        exec, fork child that execs                  1      0.0%         0         0         -
        exec                                         1      0.0%         0         0         -  review: a large majority
      "
    `);
  });

  it('depend on who touches the page: each policy gives the share of processes that its name implies', async () => {
    const touched = async (touch: TouchPolicy): Promise<number[]> =>
      (await shares('forkloop_small', touch)).totals.map((total) => total.touched);
    expect(await touched('never')).toEqual([0, 0]);
    expect(await touched('recorded')).toEqual([0, 0]);
    expect(await touched('exec')).toEqual([1, 0]);
    expect(await touched('all')).toEqual([21, 0]);
  });

  it("add up to the record's calls by place", async () => {
    const record = recordOf(await loadCorpus('pipe_one'), variantById('landed')!);
    for (const { place, calls, early } of sharesOf(record, 'recorded').totals)
      expect({ calls, early }).toEqual(record.removeByPlace[place]);
  });
});

describe('rows by kind of process', () => {
  it('omit what no process did', async () => {
    const record = recordOf(await loadCorpus('forkloop_small'), variantById('baseline')!);
    expect(kindRows([record.replay!.byKind]).map(({ place, kind }) => `${kind} ${place}`)).toEqual([
      'execed exit',
      'forked exit',
      'forked exec',
    ]);
  });
});
