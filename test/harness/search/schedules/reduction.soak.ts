import { describe, expect, it } from 'vitest';
import { sameWithout } from './programs.ts';

describe('states that are explored once', () => {
  it('lead to the same classes as when each schedule is run, in 200 workloads of three processes', async () => {
    expect(await sameWithout(200, 7)).toBeGreaterThan(60);
  });
});
