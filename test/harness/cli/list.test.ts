import { afterEach, describe, expect, it, vi } from 'vitest';
import { COUNTER_NAMES, HUNK_NAMES } from '../../../core/index.ts';
import { type ListOptions, listCommand } from '../../../harness/cli/list.ts';
import { BASES } from '../../../harness/declare/measure.ts';
import { STATISTICS } from '../../../harness/declare/planes.ts';
import { EXPLAINABLE } from '../../../harness/explain/explain.ts';
import { schemas } from '../../../harness/report/schema/index.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { landed } from '../../../variants/index.ts';

afterEach(() => vi.restoreAllMocks());

async function listed(options: ListOptions & { readonly json?: boolean }): Promise<string> {
  let out = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => (out += String(text)) !== '');
  expect(await listCommand(options)).toBe(0);
  vi.restoreAllMocks();
  return out;
}

const document = async (options: ListOptions) =>
  schemas.list.parse(JSON.parse(await listed({ ...options, json: true })));

describe('list', () => {
  it('--seam has every member in the order of the seam, one line each', async () => {
    const { members } = (await document({ seam: true })) as { members: Record<string, { decides: string }> };
    expect(Object.keys(members)).toEqual(Object.keys(landed.hunks));
    expect(Object.values(members).filter(({ decides }) => !/^(whether|how|what) [^\n]{15,110}$/.test(decides))).toEqual(
      [],
    );
    const text = await listed({ seam: true });
    expect(text.match(/^ {2}\w+ +\w+ +(whether|how|what) /gm)).toHaveLength(HUNK_NAMES.length);
    expect(text).toMatch(/^ {2}removeIsNoop +pmap_remove +whether pmap_remove returns at its first statement/m);
  });

  it('--counters has every name that a declaration or explain --counter takes', async () => {
    const { schema: _schema, ...sections } = await document({ counters: true });
    const { statistics, mapping, counters, reached } = Object.fromEntries(
      Object.entries(sections).map(([key, rows]) => [key, Object.keys(rows)]),
    );
    expect([...statistics!, ...mapping!, ...counters!].toSorted()).toEqual([...STATISTICS].toSorted());
    expect([...counters!, ...reached!].toSorted()).toEqual([...COUNTER_NAMES].toSorted());
    expect(EXPLAINABLE).toEqual(expect.arrayContaining([...statistics!, ...counters!, ...reached!]));
    expect(await listed({ counters: true })).toMatch(/^ {2}pmapLocks +PMAP_LOCK +PMAP_LOCK acquisitions$/m);
  });

  it('--bases has what a formula can count', async () => {
    const { bases } = (await document({ bases: true })) as { bases: Record<string, string> };
    expect(Object.keys(bases)).toEqual(BASES);
  });

  it('without them has what there is to run', async () => {
    const { schema, ...sections } = await document({});
    expect(schema).toBe('pmapdiff.list/1');
    expect(Object.keys(sections)).toEqual(['revisions', 'experiments', 'catalog', 'corpus', 'machine']);
  });

  it('--workload has the text of a workload of the catalog, which parses', async () => {
    const text = await listed({ workload: 'exit-touched' });
    expect(parseWorkload(text, 'listed').ops).toHaveLength(3);
    await expect(listCommand({ workload: 'exit-touchd' })).rejects.toThrow('did you mean exit-touched?');
    await expect(listCommand({ workload: 'make12' })).rejects.toThrow(
      '--workload make12: expected a workload of the catalog, got a recording, which has no text',
    );
  });

  it('has one of them at a time', async () => {
    await expect(listCommand({ seam: true, bases: true })).rejects.toThrow('list: expected one of --seam, --counters');
  });
});
