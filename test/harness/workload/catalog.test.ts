import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadWorkload } from '../../../harness/input/load.ts';
import { corpusPath, packagePath } from '../../../harness/input/paths.ts';
import { CATALOG } from '../../../harness/workload/catalog/index.ts';
import { CORPUS } from '../../../harness/workload/corpus/index.ts';

describe('the catalog', () => {
  it('lists exactly the files that are there', () => {
    const files = readdirSync(packagePath('harness', 'workload', 'catalog'))
      .filter((name) => name.endsWith('.workload'))
      .map((name) => name.replaceAll(/^\d+-|\.workload$/g, ''));
    expect(Object.keys(CATALOG).toSorted()).toEqual(files.toSorted());
  });

  it.each(Object.entries(CATALOG))('%s: %s', async (name, title) => {
    const workload = await loadWorkload(name);
    expect(workload.title).toBe(title);
    expect(workload.ops.length).toBeGreaterThan(0);
  });

  it('has no name in common with the corpus', () => {
    expect(Object.keys(CATALOG).filter((name) => name in CORPUS)).toEqual([]);
  });
});

describe('the corpus', () => {
  it('lists exactly the recordings that are there', () => {
    const files = readdirSync(dirname(corpusPath('x')))
      .filter((name) => name.endsWith('.jsonl.gz'))
      .map((name) => name.replace('.jsonl.gz', ''));
    expect(Object.keys(CORPUS).toSorted()).toEqual(files.toSorted());
  });
});
