import { describe, expect, it } from 'vitest';
import {
  CONSTANTS,
  type Constant,
  type ConstantName,
  MACHINES,
  constantsHash,
  valuesOf,
} from '../../../harness/cost/constants.ts';
import { readSource, sourceFiles } from '../../support/layers.ts';

const names = Object.keys(CONSTANTS) as ConstantName[];

/** Of the rows as they were before the first comparison. A row that changes is a new model, and needs a reason. */
const FROZEN = 'ac8418578f8844b342e4d4548cc755f8f1c3a916b371bf29964abf48fe8620df';

describe('the constants of the cost model', () => {
  it('are those that were frozen before any comparison', async () => {
    expect(await constantsHash()).toBe(FROZEN);
  });

  it.each(names)('%s is a range with a source', (name) => {
    const { low, typical, high, source, on = {} }: Constant = CONSTANTS[name];
    expect(low).toBeGreaterThan(0);
    expect(typical).toBeGreaterThanOrEqual(low);
    expect(high).toBeGreaterThanOrEqual(typical);
    expect(source.length).toBeGreaterThan(10);
    for (const value of Object.values(on)) expect(value).toBeGreaterThan(0);
  });

  it('make a full pmap_remove cost 227, 462 or 865 cycles, as the table of its parts adds up', () => {
    const sum = ([0, 1, 2] as const).map((end) => {
      const cycles = (name: ConstantName): number => valuesOf(name, 'default')[end];
      return (
        5 * cycles('lock8') +
        4 * cycles('lock16') +
        2 * cycles('pushPopFlags') +
        2 * cycles('disableInterrupts') +
        cycles('priorityRound') +
        cycles('removeRest')
      );
    });
    expect(sum).toEqual([227, 462, 865]);
  });

  it('give a machine that is known one value instead of the range', () => {
    expect(MACHINES.map((machine) => valuesOf('lock8', machine)[1])).toEqual([20, 6.5, 18.1, 20]);
    expect(valuesOf('lock16', 'skx')).toEqual([15, 22, 40]);
  });

  it('are the only numbers with a fraction, or above 100, in the model', () => {
    const model = sourceFiles().filter((path) => path.startsWith('harness/cost/') && !path.endsWith('constants.ts'));
    const code = (path: string): string =>
      readSource(path).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*'|`[^`]*`/g, '');
    const found = model.flatMap((path) => code(path).match(/\b\d+\.\d+\b|\b\d{3,}\b|\b\d+_\d+\b/g) ?? []);
    expect(found).toEqual([]);
  });
});
