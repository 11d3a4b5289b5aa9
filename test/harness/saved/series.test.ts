import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { savedLines } from '../../../harness/report/compare/saved.ts';
import { schemas } from '../../../harness/report/schema/index.ts';
import { pmapdiff } from '../../support/command.ts';
import { root } from '../../support/layers.ts';

it('every revision counts on every workload what was accepted last, and README says of how many: `npm run accept` renews it', () => {
  const { stdout } = pmapdiff('compare', '--json', '--baseline', join(root, 'test/fixtures/built-in-series.json.gz'));
  const { baseline, workloads, revisions } = schemas.compare.parse(JSON.parse(stdout));
  expect(baseline!.cells.length).toBeGreaterThan(200);
  expect(savedLines(baseline!).map(({ kind, text }) => `${kind}: ${text}`)).toEqual([]);
  const ops = workloads.reduce((sum, one) => sum + one.ops, 0).toLocaleString('en');
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  expect(readme).toContain(`\n${workloads.length} workloads (${ops} ops) × ${revisions.length} revisions, `);
});
