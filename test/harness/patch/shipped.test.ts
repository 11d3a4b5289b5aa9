/** The two patches that the README shows: each does what its authors say of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledger } from '../../../harness/findings/index.ts';
import { runFindings } from '../../../harness/findings/runner.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import type { RunRecord } from '../../../harness/run/record.ts';
import { CATALOG } from '../../../harness/workload/catalog/index.ts';
import { builtFile } from '../../support/built.ts';
import { root } from '../../support/layers.ts';
import { builtIn, patched, plain, recordsOf } from '../../support/patched.ts';

const shipped = (name: string): string => join(root, 'test/fixtures/patches', name);
let folder: string;

beforeAll(() => {
  builtFile('harness/bundler.js');
  folder = mkdtempSync(join(tmpdir(), 'pmapdiff-shipped-'));
  process.env.XDG_CACHE_HOME = folder;
});
afterAll(() => {
  delete process.env.XDG_CACHE_HOME;
  rmSync(folder, { recursive: true });
});

describe('D33276 as a diff of core', () => {
  // The others are in columns.soak.ts.
  it('has the records of experiments/d33276, byte for byte, where there are superpages', async () => {
    const names = Object.keys(CATALOG).filter((name) => name.includes('superpage'));
    const workloads = await Promise.all(names.map((name) => loadWorkload(name, { touch: 'recorded' })));
    const theirs = await recordsOf(builtIn('d33276'), workloads);
    await patched(shipped('d33276.diff'), async (column) => {
      const mine = await recordsOf(column, workloads);
      mine.forEach((record, i) => expect([names[i], plain(record)]).toEqual([names[i], plain(theirs[i]!)]));
      expect(mine.some(({ entered }) => entered!.calls['core/pmap/leaf.ts: freeReserved']! > 0)).toBe(true);
      const [intent] = column.facts.intends;
      expect(intent).toEqual({ what: 'userPtPageCount', by: '-1 per reserved page freed', why: 'the page is gone' });
    });
    // The records can tell: landed has others.
    expect((await recordsOf(builtIn('landed'), workloads)).map(plain)).not.toEqual(theirs.map(plain));
  });
});

describe('the fix of FreeBSD-SA-22:11.vm', () => {
  it('mends N12', async () => {
    const finding = ledger.filter(({ id }) => id === 'N12');
    await patched(shipped('sa-22-11.diff'), async (column) => {
      const [{ cases }] = await runFindings(finding, { asked: [column], cellsOf: ['landed'] });
      expect(cases.map(({ cells, answers }) => [cells[0]!.status, answers[0]!.status])).toEqual([
        ['reproduced', 'absent'],
        ['reproduced', 'absent'],
        ['absent', 'absent'],
      ]);
    });
  });

  // FreeBSD: tests/sys/vm/shared_shadow_inval_test.c, eager_cow.
  it("lets p2 see the page that p3 writes, as FreeBSD's test of it demands", async () => {
    const workload = await loadWorkload(shipped('sa-22-11.workload'), { touch: 'recorded' });
    const seen = ({ ended, violations }: RunRecord): unknown => [
      ended.kind === 'panic' ? ended.reason : ended.kind,
      [...new Set(violations.map(({ name, process }) => `${name} ${process}`))],
    ];
    const [before] = await recordsOf(builtIn('landed'), [workload], { check: true });
    expect(seen(before!)).toEqual(['freeing mapped page', ['leaf-stale p2']]);
    await patched(shipped('sa-22-11.diff'), async (column) => {
      const [after] = await recordsOf(column, [workload], { check: true });
      expect(seen(after!)).toEqual(['done', []]);
    });
  });
});
