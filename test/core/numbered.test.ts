import { describe, expect, it } from 'vitest';
import * as counters from '../../core/counters.ts';
import { HUNK_NAMES } from '../../core/hunks.ts';
import { namesOf, numbersOf } from '../../core/numbered.ts';
import * as places from '../../core/places.ts';
import * as ops from '../../harness/workload/ops.ts';
import { baseline } from '../../variants/index.ts';

const camel = (constant: string): string =>
  constant.toLowerCase().replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());

/** Numeric constants of a module, by name, except those in `but`. */
const constants = (module: object, prefix: RegExp, but: readonly string[] = []): [string, number][] =>
  Object.entries(module).filter(
    (entry): entry is [string, number] =>
      typeof entry[1] === 'number' && prefix.test(entry[0]) && !but.includes(entry[0]),
  );

/** Ops that are not named after their constant, because another verb reads better in workload text. */
const VERBS: Readonly<Record<string, string>> = { EXEC_FAIL: 'execfail', TOUCH: 'touch-shared' };

const reached = (name: string): string =>
  name.replace(/^REACHED_(.*)$/, (_all, member: string) => `reached.${camel(member)}`);

const lists = [
  {
    what: 'counters',
    of: constants(counters, /^/, ['COUNTER_COUNT']),
    name: (constant: string) => (constant.startsWith('REACHED_') ? reached(constant) : camel(constant)),
    names: counters.COUNTER_NAMES as readonly string[],
    first: 0,
  },
  {
    what: 'events',
    of: constants(places, /^EV_/),
    name: (constant: string) => constant.slice(3).toLowerCase(),
    names: places.EVENT_KINDS as readonly string[],
    first: 0,
  },
  {
    what: 'places',
    of: constants(places, /^IN_/),
    name: (constant: string) => constant.slice(3).toLowerCase(),
    names: places.PLACE_NAMES,
    first: places.FIRST_FUNCTION,
  },
  {
    what: 'ops',
    of: constants(ops, /^OP_/),
    name: (constant: string) => VERBS[constant.slice(3)] ?? constant.slice(3).toLowerCase().replaceAll('_', '-'),
    names: ops.OP_NAMES as readonly string[],
    first: 0,
  },
];

describe.each(lists)('the numbers of $what', ({ of, name, names, first }) => {
  it('are each used once, without gaps', () => {
    const numbers = of.map(([, number]) => number).toSorted((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: names.length - first }, (_none, i) => first + i));
  });

  it('have the names of their constants', () => {
    expect(of.map(([constant, number]) => [constant, names[number]])).toEqual(
      of.map(([constant]) => [constant, name(constant)]),
    );
  });

  it('each have a name', () => {
    expect(new Set(names.slice(first)).size).toBe(names.length - first);
  });
});

describe('a table of numbers', () => {
  it('gives names by number, and numbers in table order', () => {
    const table = [
      [0, 'first'],
      [2, 'added in the middle'],
      [1, 'last'],
    ] as const;
    expect(namesOf<string>(table)).toEqual(['first', 'last', 'added in the middle']);
    expect(numbersOf(table)).toEqual([0, 2, 1]);
  });
});

describe('the table of counters', () => {
  it('states what each counts, and where in the kernel', () => {
    for (const [, name, counts, where] of counters.COUNTERS) {
      expect(counts.length, name).toBeGreaterThan(3);
      expect(where, name).toMatch(/^[A-Za-z_]\w+$/);
    }
  });

  it('has a counter for every member of the seam', () => {
    expect(HUNK_NAMES).toEqual(Object.keys(baseline.hunks));
    expect(counters.REACHED.map((counter) => counters.COUNTER_NAMES[counter])).toEqual(
      HUNK_NAMES.map((name) => `reached.${name}`),
    );
  });

  it('divides the counters into those that are compared, gauges among them, and those of members', () => {
    const all = [...counters.COMPARED, ...counters.REACHED].toSorted((a, b) => a - b);
    expect(all).toEqual(counters.COUNTER_NAMES.map((_name, number) => number));
    expect(counters.COMPARED).toEqual(expect.arrayContaining([...counters.GAUGES]));
  });
});

describe('the calls of the pmap layer', () => {
  it('are the first places, named after their functions', () => {
    expect(places.EVENT_KINDS.length).toBeLessThanOrEqual(places.FIRST_FUNCTION);
    expect(places.PLACE_NAMES.slice(0, places.EVENT_KINDS.length)).toEqual(
      places.EVENT_KINDS.map((kind) => `pmap_${kind}`),
    );
  });
});
