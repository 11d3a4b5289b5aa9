import { describe, expect, it } from 'vitest';
import { comparePair } from '../../../harness/compare/pair.ts';
import { sameRecord } from '../../../harness/compare/same.ts';
import { explanations, pathBetween } from '../../../harness/declare/declarations.ts';
import { type PlantedOp, facts, intent, record } from '../../support/records.ts';

const first = facts('first');
const second = facts('second', 'first', [intent('residentCount', '+1 per live top-level page')], ['pinitTopPage']);
const third = facts('third', 'second', [intent('userPtPageCount', '-1 per live top-level page')], ['pinitTopPage']);
const fourth = facts('fourth', 'third', [], ['removeIsNoop']);
const aside = facts('aside', 'third', [intent('removeCalls', 'fewer')], ['execBeforeTeardown']);
const all = [first, second, third, fourth, aside];
const ledger = [{ finding: 'F1', variant: 'second', what: 'userPtPageCount', by: '+1 per live top-level page' }];

/** One process is created and lives: what the revision counts for its top-level page. */
const life = (resident: number, counted: number): PlantedOp[] => [
  { resident, adds: { 'reached.pinitTopPage': 1, userPtPageCount: counted } },
  { resident, adds: {} },
];
const records = {
  first: record('first', life(3, 1)),
  second: record('second', life(4, 2)),
  third: record('third', life(4, 1)),
  fourth: record('fourth', life(4, 1)),
  aside: record('aside', life(4, 1)),
};
type Id = keyof typeof records;
const compare = (a: Id, b: Id) => {
  const of = (id: Id) => all.find((variant) => variant.id === id)!;
  return comparePair(records[a], records[b], explanations(a, b, all, ledger), { reference: of(a), candidate: of(b) });
};

describe('declarations along a series', () => {
  it('lead through the nearest common ancestor', () => {
    expect(pathBetween('first', 'third', all)).toEqual({ undone: [], taken: ['second', 'third'] });
    expect(pathBetween('fourth', 'aside', all)).toEqual({ undone: ['fourth'], taken: ['aside'] });
    expect(pathBetween('third', 'first', all)).toEqual({ undone: ['second', 'third'], taken: [] });
    expect(pathBetween('first', 'first', all)).toEqual({ undone: [], taken: [] });
  });

  it('add up: a fault fixed by a later revision is no difference across both', () => {
    expect(compare('first', 'second')).toMatchObject({ verdict: 'stat-only', standing: 'known' });
    expect(compare('second', 'third')).toMatchObject({ verdict: 'stat-only', standing: 'intended' });
    const over = compare('first', 'third');
    expect(over).toMatchObject({ verdict: 'stat-only', standing: 'intended' });
    expect(over.differences.map(({ what }) => what)).toEqual(['residentCount']);
  });

  it('are negated when the reference is the later one', () => {
    expect(compare('second', 'first').standing).toBe('known');
    expect(compare('third', 'first').standing).toBe('intended');
    expect(compare('third', 'second').standing).toBe('intended');
  });

  it('mark each needed one as seen', () => {
    expect(compare('first', 'third').seen.map(({ variant, what }) => [variant, what])).toEqual([
      ['second', 'residentCount'],
      ['third', 'userPtPageCount'],
      ['second', 'userPtPageCount'],
    ]);
    expect(compare('third', 'aside').seen).toEqual([]);
  });

  it('end a series where the predecessor is unknown, or a variant follows itself', () => {
    const odd = [facts('lost', 'nowhere'), facts('loop', 'loop')];
    expect(pathBetween('lost', 'loop', odd)).toEqual({ undone: ['nowhere', 'lost'], taken: ['loop'] });
  });
});

describe('records agree', () => {
  it('when every plane agrees, whatever the variants are called', () => {
    expect(sameRecord(records.third, records.fourth)).toBe(true);
    expect(sameRecord(records.second, records.third)).toBe(false);
  });

  it('although members of the seam were reached at other times', () => {
    const ops: PlantedOp[] = [{ adds: { 'reached.removeLoopDone': 2, removeCalls: 1 } }];
    const other: PlantedOp[] = [{ adds: { removeCalls: 1 } }];
    expect(sameRecord(record('a', ops), record('b', other))).toBe(true);
  });

  it('never when one failed', () => {
    const failed = record('a', [], { ended: { kind: 'failed', how: 'limit', op: null, message: '10 s' } });
    expect(sameRecord(failed, failed)).toBe(false);
  });
});
