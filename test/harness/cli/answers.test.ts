import { afterEach, describe, expect, it, vi } from 'vitest';
import { conformCommand } from '../../../harness/cli/conform.ts';
import { explainCommand } from '../../../harness/cli/explain.ts';
import { probeCommand } from '../../../harness/cli/probe.ts';
import { traceCommand } from '../../../harness/cli/trace.ts';
import { packagePath } from '../../../harness/input/paths.ts';
import { said } from '../../support/said.ts';

afterEach(() => vi.restoreAllMocks());

const workload = 'exit-touched';

describe('explain on the command line', () => {
  it('prints the groups of a counter, with nothing unexplained', async () => {
    const options = { workload, counter: 'removeEarlyExits' };
    const { code, out } = await said(() => explainCommand('baseline', 'landed', options));
    expect(code).toBe(0);
    expect(out).toMatch(/removeEarlyExits: 0 -> 53, \+53\n\s+\+52 {2}exit {2}sh {2}exit1 > /);
    expect(out).toContain('unexplained 0');
  });

  it('takes an op to stop at, so that a level can be explained', async () => {
    const options = { workload, counter: 'residentCount', until: '1', by: 'call', json: true };
    const { out } = await said(() => explainCommand('baseline', 'landed', options));
    expect(JSON.parse(out)).toMatchObject({
      schema: 'pmapdiff.explain/1',
      explanations: [{ what: 'residentCount', delta: 1, groups: [{ by: { call: 'pmap_pinit' }, delta: 1 }] }],
    });
  });

  it.each([
    [{ workload, counter: 'removeCals' }, /unknown counter "removeCals": did you mean removeCalls\?/],
    [{ workload, by: 'stak' }, /--by: expected some of op, process, kind, place, stack, call, got "stak"/],
    [{ workload, until: '99' }, /--until: expected an op from 0 to \d+, got "99"/],
  ])('refuses %o', async (options, message) => {
    await expect(explainCommand('baseline', 'landed', options)).rejects.toThrow(message);
  });
});

describe('trace on the command line', () => {
  it('is empty for a variant compared with itself', async () => {
    const { code, out } = await said(() => traceCommand('landed', 'landed', { workload }));
    expect([code, out.includes('no difference in 3 ops')]).toEqual([0, true]);
  });

  it('shows the first difference with the calls before it and both machines', async () => {
    const { code, out } = await said(() => traceCommand('double-count-fix', 'landed', { workload }));
    expect(code).toBe(1);
    expect(out).toContain('    + remove pmap 1 0x7ffffffff000..0x800000000000 early\n');
    expect(out).toContain('both machines after it: the same maps and tables');
  });

  it('gives both machines as data', async () => {
    const { out } = await said(() =>
      traceCommand('baseline', 'landed', { workload, comparator: 'no-cost', json: true }),
    );
    const { schema, diff, around } = JSON.parse(out);
    expect(schema).toBe('pmapdiff.trace/1');
    expect(diff.first.parts).toContain('statistics');
    expect(around.states.at(-1)).toMatchObject({ when: 'after', reference: [{ vmspace: 1, entries: 60 }] });
  });

  it('knows three comparators', async () => {
    await expect(traceCommand('baseline', 'landed', { workload, comparator: 'loose' })).rejects.toThrow(
      /--comparator: expected exact, no-cost, isomorphic, got "loose"/,
    );
  });
});

describe('probe on the command line', () => {
  it('prints an aggregation per workload', async () => {
    const options = { workload: [workload, 'exit-untouched'], by: 'empty', json: true };
    const { code, out } = await said(() => probeCommand('pmap_remove:entry', options));
    expect(code).toBe(0);
    expect(JSON.parse(out).results).toMatchObject([
      { workload, variant: 'baseline', calls: 52, empty: 0 },
      { workload: 'exit-untouched', calls: 52, empty: 52, early: 52 },
    ]);
  });

  it('knows one place and three keys', async () => {
    await expect(probeCommand('pmap_enter:entry', {})).rejects.toThrow(/expected pmap_remove:entry/);
    await expect(probeCommand('pmap_remove:entry', { by: 'pid' })).rejects.toThrow(/expected some of stack, empty/);
  });
});

describe('conform on the command line', () => {
  const small = [packagePath('test', 'fixtures', 'vectors', 'vm', 'scen-freeing-mapped.json')];
  const replay = [packagePath('test', 'fixtures', 'vectors', 'replay')];

  it('tries the named revisions, or all recorded ones if none is named', async () => {
    const tried = async (variants?: string): Promise<unknown> => {
      const { code, out } = await said(() =>
        conformCommand('vm', small, { json: true, ...(variants && { variants }) }),
      );
      const { checked, revisions } = JSON.parse(out);
      return [code, checked, revisions.map(({ variant }: { variant: string }) => variant).join()];
    };
    expect(await tried('landed, baseline')).toEqual([0, 26, 'landed,baseline']);
    expect(await tried()).toEqual([
      0,
      65,
      'baseline,toplevel-accounting,double-count-fix,shared-page-unmap,landed,d33276',
    ]);
  });

  it.each([
    ['vm', small],
    ['replay', replay],
  ])('of %s has checked nothing where nothing is recorded of a revision', async (kind, paths) => {
    const { code, out } = await said(() => conformCommand(kind, paths, { json: true, variants: 'd33276' }));
    expect([code, JSON.parse(out).checked]).toEqual([3, 0]);
  });

  it.each([
    ['vm', 'landded', /unknown variant "landded": did you mean landed\?/],
    ['pmap', 'no-early-exit', /--variants: nothing is recorded for no-early-exit: expected some of baseline, /],
    ['mmu', 'landed', /expected --variants with pmap, vm or replay, got it with mmu/],
  ])('%s refuses --variants %s', async (kind, variants, message) => {
    await expect(conformCommand(kind, [], { variants })).rejects.toThrow(message);
  });
});
