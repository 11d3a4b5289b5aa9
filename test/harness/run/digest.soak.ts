import { expect, it } from 'vitest';
import { CATALOG } from '../../../harness/workload/catalog/index.ts';
import { generateWorkload } from '../../../harness/workload/generate.ts';
import { experiments, series } from '../../../variants/index.ts';
import { builtIn, expectCurrent } from '../../support/digests.ts';

it.each(Object.keys(CATALOG))('a digester reads again whatever changed in every op of %s', (name) => {
  const workload = builtIn(name);
  for (const variant of series) expect(expectCurrent(workload, variant)).toBeGreaterThan(0);
});

it('a digester reads again whatever changed in 1,000 random workloads', () => {
  const variants = [...series, ...experiments];
  for (let seed = 1; seed <= 1000; seed++)
    expectCurrent(generateWorkload(seed, { choices: 80 }), variants[seed % variants.length]!);
});
