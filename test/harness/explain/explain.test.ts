import { describe, expect, it } from 'vitest';
import { COUNTER_NAMES, type CounterName } from '../../../core/counters.ts';
import {
  DIMENSIONS,
  type Explanation,
  type Group,
  defaultDimensions,
  explain,
} from '../../../harness/explain/explain.ts';
import { processKinds } from '../../../harness/explain/processes.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import { explainText } from '../../../harness/report/explain.ts';
import type { RunRecord } from '../../../harness/run/record.ts';
import { CATALOG } from '../../../harness/workload/catalog/index.ts';
import type { Workload } from '../../../harness/workload/ops.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { variantById } from '../../../variants/index.ts';
import { recordOf } from '../../support/ran.ts';

const text = (lines: string): Workload => parseWorkload(lines, 'test');
function profiled(workload: Workload, id: string): RunRecord {
  return recordOf(workload, variantById(id)!, { profile: true });
}
const between = (workload: Workload, a: string, b: string, counter?: string): Explanation[] =>
  explain(workload, profiled(workload, a), profiled(workload, b), {
    by: defaultDimensions(workload),
    ...(counter === undefined ? {} : { counter }),
  });
const one = (lines: string, a: string, b: string, counter: string): Explanation =>
  between(text(lines), a, b, counter)[0]!;
const stacks = ({ groups }: Explanation): Record<string, number> =>
  Object.fromEntries(groups.map(({ by, delta }) => [by.stack ?? '', delta]));
const sum = (groups: readonly Group[]): number => groups.reduce((total, { delta }) => total + delta, 0);

const SOLE_EXIT = 'sh: exec sh60\nsh: touch-shared\nsh: exit\n';
const TEARDOWN = 'exit1 > vmspace_exit > vmspace_dofree > vm_map_remove > vm_map_delete > pmap_remove';

describe('explain', () => {
  it('attributes the early exits of F4 to the teardown, and the first of them to the hook', () => {
    expect(stacks(one(SOLE_EXIT, 'baseline', 'landed', 'removeEarlyExits'))).toEqual({
      [TEARDOWN]: 52,
      'do_execve > exec_new_vmspace > exec_free_abi_mappings > pmap_remove': 1,
    });
    expect(stacks(one(SOLE_EXIT, 'baseline', 'landed', 'removeCalls'))).toEqual({
      'do_execve > exec_new_vmspace > exec_free_abi_mappings > pmap_remove': 1,
      'exit1 > exec_free_abi_mappings > pmap_remove': 1,
    });
  });

  it('shows which call takes more or fewer locks: F8, no vm_map_remove in the hook', () => {
    const { delta, groups } = one(SOLE_EXIT, 'double-count-fix', 'shared-page-unmap', 'vmMapLocks');
    expect(delta).toBeLessThan(0);
    expect(groups.map(({ by }) => by.stack)).toContain('exit1 > exec_free_abi_mappings > vm_map_remove');
  });

  it('splits a level into what raised and lowered it, as in F1: one page counted twice at pmap creation', () => {
    const workload = text('a: exec sh60\na: clock\n');
    const [counted] = between(workload, 'baseline', 'toplevel-accounting', 'userPtPageCount');
    expect(counted).toMatchObject({ delta: 1, unexplained: 0 });
    expect(stacks(counted!)).toEqual({ 'vmspace_alloc > pmap_pinit': 1 });
    const [resident] = between(workload, 'baseline', 'landed', 'residentCount');
    expect(resident).toMatchObject({ delta: 1, unexplained: 0 });
    expect(stacks(resident!)).toEqual({ 'vmspace_alloc > pmap_pinit': 1 });
  });

  it('counts pmap_remove calls that pmap_protect makes as its own', () => {
    const lines = 'a: exec sh60\na: mmap anon 4p rw -> b\na: write b\na: mprotect b 4p none\na: exit\n';
    const { groups } = one(lines, 'baseline', 'landed', 'removeLoops');
    expect(groups.every(({ by }) => by.op === 'exit')).toBe(true);
    const workload = text(lines);
    const [calls] = explain(workload, profiled(workload, 'landed'), profiled(text('a: exec sh60\n'), 'landed'), {
      by: ['stack'],
      counter: 'removeCalls',
    });
    expect(stacks(calls!)).toMatchObject({ 'kern_mprotect > pmap_protect > pmap_remove': -1 });
  });

  it('tells kinds of processes from the ops alone', () => {
    const workload = text(
      'a: exec sh60\na: fork -> b\na: vfork -> c\nc: exec sh60\na: spawn sh60 -> d\nb: exit\nc: exit\nd: exit\na: exit\n',
    );
    expect(processKinds(workload)).toEqual([
      'first that execs',
      'fork child',
      'vfork child that execs',
      'spawn child that execs',
    ]);
    expect(defaultDimensions(workload)).toEqual(['op', 'process', 'stack']);
  });

  it('groups by any dimensions with the same sum', () => {
    const workload = text(SOLE_EXIT);
    const [a, b] = [profiled(workload, 'baseline'), profiled(workload, 'landed')];
    for (const name of DIMENSIONS)
      for (const { groups, delta, unexplained } of explain(workload, a, b, { by: [name] }))
        expect([sum(groups), unexplained]).toEqual([delta, 0]);
  });

  it('counts from the first op on, as replay does, not from boot', async () => {
    const workload = await loadWorkload('exit-touched');
    const record = profiled(workload, 'baseline');
    for (const { what, reference } of between(workload, 'baseline', 'landed')) {
      const counter = COUNTER_NAMES.indexOf(what as CounterName);
      if (counter >= 0)
        expect({ what, reference }).toEqual({ what, reference: record.totals[counter]! - record.start[counter]! });
    }
    const [locks] = between(workload, 'baseline', 'landed', 'vmObjectWriteLocks');
    expect(locks).toMatchObject({ reference: 89, candidate: 89, delta: 0, unexplained: 0 });
  });

  it('finds nothing between a variant and itself, and says so', () => {
    const workload = text(SOLE_EXIT);
    const explanations = between(workload, 'landed', 'landed');
    expect(explanations).toEqual([]);
    const ended = [{ kind: 'done' }, { kind: 'done' }] as const;
    const view = {
      workload: 'test',
      reference: 'landed',
      candidate: 'landed',
      by: ['op'] as const,
      explanations,
      ended,
      happened: [],
      places: [],
    };
    expect(explainText(view, { color: false })).toContain('nothing that is counted differs');
  });

  it('adds up when a run ends in a panic, including the op that panicked', () => {
    const broken = {
      ...variantById('landed')!,
      hunks: {
        ...variantById('landed')!.hunks,
        releaseTopPage: () => {
          throw new RangeError('stop here');
        },
      },
    };
    const workload = text(SOLE_EXIT);
    const record = recordOf(workload, broken, { profile: true });
    expect(record.ended.kind).toBe('failed');
    const explanations = explain(workload, record, profiled(workload, 'landed'), { by: ['op', 'stack'] });
    expect(explanations.length).toBeGreaterThan(0);
    for (const { what, unexplained } of explanations) expect([what, unexplained]).toEqual([what, 0]);
  });

  it.each(Object.keys(CATALOG))(
    'leaves nothing unexplained between the first and the last revision: %s',
    async (name) => {
      const workload = await loadWorkload(name);
      const [first, last] = ['baseline', 'landed'].map((id) => profiled(workload, id));
      const wrong = explain(workload, first!, last!, { by: ['op', 'kind', 'stack'] }).filter(
        ({ delta, groups, unexplained }) => unexplained !== 0 || sum(groups) !== delta,
      );
      expect(wrong).toEqual([]);
    },
  );

  it('recording a run does not change its counts', async () => {
    const workload = await loadWorkload('churn');
    const landed = variantById('landed')!;
    const { totals, checkpoints, perOp } = recordOf(workload, landed);
    expect(profiled(workload, 'landed')).toMatchObject({ totals, checkpoints, perOp });
  });
});
