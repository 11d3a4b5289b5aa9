import { join } from 'node:path';
import { expect, it } from 'vitest';
import { savedLines } from '../../../harness/report/compare/saved.ts';
import { schemas } from '../../../harness/report/schema/index.ts';
import { pmapdiff } from '../../support/command.ts';
import { root } from '../../support/layers.ts';

it('every revision counts on every workload what was accepted last: `npm run accept` renews it', () => {
  const { stdout } = pmapdiff('compare', '--json', '--baseline', join(root, 'test/fixtures/built-in-series.json.gz'));
  const { baseline } = schemas.compare.parse(JSON.parse(stdout));
  expect(baseline!.cells.length).toBeGreaterThan(200);
  expect(savedLines(baseline!).map(({ kind, text }) => `${kind}: ${text}`)).toEqual([]);
});
