import { afterAll, describe, expect, it } from 'vitest';
import { loadWorkload } from '../../../../harness/input/load.ts';
import { baseline, landed } from '../../../../variants/index.ts';
import { recordOf } from '../../../support/ran.ts';
import { Imports, type Node, corpus, countsOf, eventsOf, fixture, linesOf, treeOf } from './support.ts';

const imports = new Imports();
afterAll(() => imports.dispose());

/** Nodes where two trees differ, and the number of nodes compared. */
function difference(a: readonly Node[], b: readonly Node[], path = ''): { nodes: number; differ: string[] } {
  const differ: string[] = [];
  let nodes = 0;
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a[i], b[i]];
    nodes++;
    if (typeof x === 'object' && typeof y === 'object') {
      if (x.kind !== y.kind) differ.push(`${path}${i}: ${x.kind}, ${y.kind}`);
      const below = difference(x.child, y.child, `${path}${i}/`);
      nodes += below.nodes;
      differ.push(...below.differ);
    } else if (x !== y) {
      differ.push(`${path}${i}: ${JSON.stringify(x)}, ${JSON.stringify(y)}`);
    }
  }
  return { nodes, differ };
}

describe('strace samples compared with recordings of the same programs', () => {
  it('failed vfork + exec: 20 rounds are the first 20 of the recorded 200', async () => {
    const { counts, lines } = await imports.file('strace', fixture('vforkfail.strace.txt.gz'), { strict: true });
    const recorded = treeOf(linesOf(corpus('spawn_vforkfail')));
    const imported = treeOf(lines);
    expect(imported).toHaveLength(35);
    const same = difference(imported, [...recorded.slice(0, 34), recorded.at(-1)!]);
    expect(same).toEqual({ nodes: 75, differ: [] });
    expect(countsOf(counts.repairs)).toEqual({});
  });

  it('a shell script of pipelines: the first of two rounds, all processes with all their operands', async () => {
    const { counts, lines } = await imports.file('strace', fixture('pipes.strace.txt.gz'), { strict: true });
    const recorded = treeOf(linesOf(fixture('pipes_small.calls.jsonl.gz')));
    const { nodes, differ } = difference(treeOf(lines).slice(0, 37), recorded.slice(0, 37));
    expect(nodes).toBeGreaterThan(800);
    // This sort was still writing to a `head` that had exited; in the recording it ended before it freed its memory.
    expect(differ).toEqual(['19/30: "munmap mapping 21 + 0 389120 ", "exit 0"', '19/31: "exit 0", undefined']);
    expect(countsOf(counts.repairs)).toEqual({});
    expect(lines.filter(({ ev }) => ev === 'exit')).toHaveLength(32);
  });

  it('every event of the import replays: no op fails', async () => {
    for (const name of ['pipes', 'vforkfail']) {
      const { out } = await imports.file('strace', fixture(`${name}.strace.txt.gz`));
      const record = recordOf(await loadWorkload(out), landed);
      expect([record.ended.kind, record.replay?.failedOps]).toEqual(['done', 0]);
    }
  });
});

describe('kdump samples compared with the traces they were made from', () => {
  const TRACES = [
    ['forkloop_small.kdump.txt.gz', corpus('forkloop_small')],
    ['pipe_one.kdump.txt.gz', corpus('pipe_one')],
    ['spawn_vforkpath.kdump.txt.gz', fixture('spawn_vforkpath.jsonl.gz')],
  ] as const;

  it.each(TRACES)('%s: every line understood, the same pmap_remove calls and early exits', async (sample, trace) => {
    const { counts, out } = await imports.file('kdump', fixture(sample), { strict: true });
    expect([counts.unknown.size, counts.repairs.size]).toEqual([0, 0]);
    for (const variant of [baseline, landed]) {
      const imported = recordOf(await loadWorkload(out), variant);
      const recorded = recordOf(await loadWorkload(trace), variant);
      expect(imported.removeByPlace).toEqual(recorded.removeByPlace);
      expect([imported.ended.kind, imported.replay?.failedOps, imported.replay?.signals]).toEqual(['done', 0, 0]);
    }
  });

  it('with and without -H, -T the events are the same', async () => {
    const events = async (name: string): Promise<unknown[]> =>
      eventsOf(await imports.file('kdump', fixture(name), { strict: true }));
    expect(await events('pipe_one.kdump_T.txt.gz')).toEqual(await events('pipe_one.kdump.txt.gz'));
  });
});
