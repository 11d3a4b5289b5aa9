import { describe, expect, it } from 'vitest';
import { checkedMutants } from './mutants/invariants.ts';
import { mmuMutants } from './mutants/mmu.ts';
import { type Mutant, mutate } from './mutants/mutant.ts';
import { pmapMutants } from './mutants/pmap.ts';
import { vmMutants } from './mutants/vm.ts';

describe.each([
  { kind: 'mmu', mutants: mmuMutants, atLeast: 10 },
  { kind: 'pmap', mutants: pmapMutants, atLeast: 20 },
  { kind: 'vm', mutants: vmMutants, atLeast: 20 },
  { kind: 'core, for the invariants', mutants: checkedMutants, atLeast: 4 },
])('the faults planted in the $kind (caught one by one in the soak)', ({ mutants, atLeast }) => {
  it('are numerous enough, and all distinct', () => {
    expect(new Set(mutants.map(({ file, find, replace }) => `${file}${find}${replace}`)).size).toBeGreaterThanOrEqual(
      atLeast,
    );
  });

  it.each(mutants)('$fault: the text occurs in the source once', (mutant: Mutant) => {
    expect(() => mutate(mutant)).not.toThrow();
  });
});

describe('a planted fault', () => {
  it('fails when its text is no longer in the source file', () => {
    const stale = { file: 'core/units.ts', find: 'no such text', replace: '', fault: 'stale' };
    expect(() => mutate(stale)).toThrow('expected its text once, found it 0 times');
  });
});
