import { describe, expect, it } from 'vitest';
import { mutantTree } from './caught.ts';
import { checkedMutants } from './invariants.ts';

describe('the invariants', () => {
  const tree = mutantTree();

  it.each(checkedMutants)('catch it when $fault: $invariant', async ({ invariant, workload, ...mutant }) => {
    expect(await tree().run([], 'check', [workload])).toBeNull();
    expect(await tree().run(mutant, 'check', [workload])).toMatch(new RegExp(`^${invariant} `));
  });
});
