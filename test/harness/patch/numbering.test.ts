import { describe, expect, it } from 'vitest';
import {
  COUNTER_COUNT,
  COUNTER_NAMES,
  EVENT_KINDS,
  PMAP_LOCKS,
  REMOVE_CALLS,
  USER_PT_PAGE_COUNT,
} from '../../../core/index.ts';
import { Numbering } from '../../../harness/columns/numbering.ts';
import { compareApart } from '../../../harness/compare/apart.ts';
import { comparePair } from '../../../harness/compare/pair.ts';
import { sameRecord } from '../../../harness/compare/same.ts';
import { explanations } from '../../../harness/declare/declarations.ts';
import { eventText } from '../../../harness/run/events.ts';
import { type CoreNames, coreNames } from '../../../harness/run/load.ts';
import type { RunRecord } from '../../../harness/run/record.ts';
import { facts, intent, record } from '../../support/records.ts';

const own = coreNames();
/** The same record as a core writes it that numbers as `names` say. */
function inNumbersOf(names: CoreNames, of: RunRecord): RunRecord {
  const number = (counter: number): number => names.counters.indexOf(COUNTER_NAMES[counter]!);
  const spread = (values: Float64Array): Float64Array => {
    const theirs = new Float64Array(names.counters.length);
    values.forEach((value, counter) => {
      if (number(counter) >= 0) theirs[number(counter)] = value;
    });
    return theirs;
  };
  const { perOp } = of;
  return {
    ...of,
    start: spread(of.start),
    totals: spread(of.totals),
    perOp: { ...perOp, counterIndex: perOp.counterIndex.map(number) },
  };
}

const inserted = (name: string, at: number): CoreNames => ({
  ...own,
  counters: own.counters.toSpliced(at, 0, name),
  events: [...own.events, name].toSorted(),
});
const here = record(
  'old',
  [{ adds: { userPtPageCount: 2, pmapLocks: 3, removeCalls: 1 } }, { adds: { removeCalls: 4 } }],
  {
    start: { pmapLocks: 7 },
  },
);
const renumbered = (names: CoreNames, of: RunRecord): RunRecord => {
  const numbering = new Numbering(names);
  const { perOp, start } = numbering.part(of);
  return { ...of, ...numbering.end(of), perOp, start };
};

describe('a core that numbers as this program does', () => {
  it('needs no numbering', () => {
    expect(Numbering.of(coreNames())).toBeNull();
    expect(Numbering.refusal(coreNames())).toBeNull();
  });
});

describe('a counter in the middle of the table', () => {
  const names = inserted('myCounter', PMAP_LOCKS);
  const theirs = inNumbersOf(names, here);

  it('shifts the numbers of the others in the record', () => {
    expect(theirs.totals[REMOVE_CALLS + 1]).toBe(5);
    expect([...theirs.perOp.counterIndex]).toEqual([
      USER_PT_PAGE_COUNT,
      PMAP_LOCKS + 1,
      REMOVE_CALLS + 1,
      REMOVE_CALLS + 1,
    ]);
  });

  it('leaves every other number what it is', () => {
    const { apart, ...others } = renumbered(names, theirs);
    expect(others).toEqual(here);
    expect(apart).toEqual({ counters: { myCounter: 0 }, missing: [] });
  });

  it('is new, whatever it counts, so that the runs are not the same', () => {
    theirs.totals[PMAP_LOCKS] = 9;
    const mine = renumbered(names, theirs);
    expect(mine.apart?.counters).toEqual({ myCounter: 9 });
    expect(compareApart(here, mine, [])).toEqual([
      { what: 'myCounter', presence: 'new', reference: 0, candidate: 9, steps: [] },
    ]);
    expect(sameRecord(here, mine)).toBe(false);
    const [reference, candidate] = [facts('old'), { ...facts('new', 'old'), counters: ['myCounter'] }];
    const pair = (intends: ReturnType<typeof intent>[]): ReturnType<typeof comparePair> =>
      comparePair(
        here,
        { ...mine, variant: 'new' },
        explanations('old', 'new', [reference, { ...candidate, intends }], []),
        { reference, candidate },
      );
    expect(pair([])).toMatchObject({
      verdict: 'cost-only',
      standing: 'unexpected',
      differences: [{ what: 'myCounter', presence: 'new' }],
    });
    expect(pair([intent('myCounter', 'more')])).toMatchObject({ verdict: 'cost-only', standing: 'intended' });
  });
});

describe('a counter that a core has not', () => {
  const names: CoreNames = {
    ...own,
    counters: own.counters.filter((name) => name !== 'pmapLocks'),
    events: own.events.filter((name) => name !== 'pmapLocks'),
  };
  const mine = renumbered(
    names,
    inNumbersOf(names, record('new', [{ adds: { userPtPageCount: 2, removeCalls: 1 } }, { adds: { removeCalls: 4 } }])),
  );

  it('is gone, and nothing else differs', () => {
    expect(mine.apart).toEqual({ counters: {}, missing: ['pmapLocks'] });
    const [reference, candidate] = [facts('old'), facts('new', 'old')];
    const { differences } = comparePair(here, mine, explanations('old', 'new', [reference, candidate], []), {
      reference,
      candidate,
    });
    expect(differences.map(({ what, presence }) => [what, presence])).toEqual([['pmapLocks', 'gone']]);
  });
});

describe('a counter that has become a level', () => {
  it('is another counter', () => {
    const names: CoreNames = {
      ...own,
      gauges: [...own.gauges, 'pmapLocks'].toSorted(),
      events: own.events.filter((name) => name !== 'pmapLocks'),
    };
    expect(renumbered(names, here).apart).toEqual({ counters: { pmapLocks: 3 }, missing: ['pmapLocks'] });
  });
});

describe('what else has numbers', () => {
  it('are kinds of calls, which keep their names', () => {
    const kinds = ['invented', ...own.kinds.toReversed()];
    const words = new Float64Array(3 * 9);
    [0, 1, kinds.indexOf('release')].forEach((kind, i) => words.set([kind, 5, 16], i * 9));
    const { events } = new Numbering({ ...own, kinds }).part({
      ...here,
      events: { from: Uint32Array.of(0, 3), words },
    });
    expect([0, 1, 2].map((i) => eventText(events!, i).split(' ')[0])).toEqual([
      'invented',
      own.kinds.at(-1),
      'release',
    ]);
    expect(events!.words[2 * 9]).toBe(EVENT_KINDS.indexOf('release'));
  });

  it('are quantities of a profile', () => {
    const names = inserted('myCounter', 0);
    const profile = {
      parent: Int32Array.of(0, 0),
      site: Uint8Array.of(0, 1),
      sites: ['-', 'pmap_invented'],
      from: Uint32Array.of(0, 3, 3, 3),
      node: Uint16Array.of(0, 1, 1),
      what: Uint8Array.of(0, PMAP_LOCKS + 1, names.counters.length + 1),
      delta: Float64Array.of(5, 6, 7),
      residentCount: 0,
      wiredCount: 0,
    };
    const { profile: mine } = new Numbering(names).end({ ...inNumbersOf(names, here), profile });
    expect({ from: [...mine!.from], node: [...mine!.node], what: [...mine!.what], delta: [...mine!.delta] }).toEqual({
      from: [0, 2, 2, 2],
      node: [1, 1],
      what: [PMAP_LOCKS, COUNTER_COUNT + 1],
      delta: [6, 7],
    });
  });

  it('are refused where an event has another length', () => {
    expect(Numbering.refusal({ ...own, eventWords: 10 })).toContain('expected records with events of 9 words');
  });

  it('are yield points, of which those that differ are named', () => {
    const stops = [...own.stops.slice(1), 'elsewhere'];
    expect(new Numbering({ ...own, stops }).notes).toEqual([
      `yield point ${own.stops[0]} is gone`,
      'yield point elsewhere is new',
    ]);
  });
});
