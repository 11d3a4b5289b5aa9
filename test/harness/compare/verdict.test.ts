import { describe, expect, it } from 'vitest';
import { comparePair } from '../../../harness/compare/pair.ts';
import { sameRecord } from '../../../harness/compare/same.ts';
import { type VariantFacts, explanations } from '../../../harness/declare/declarations.ts';
import type { Ended, RunRecord } from '../../../harness/run/record.ts';
import { type PlantedOp, facts, intent, pair, record } from '../../support/records.ts';

const quiet: PlantedOp[] = [{}, { resident: 5 }, {}];
const at = (map: string, tables: string, op = 2) => [{ op, map, tables, isMidCall: false, pmaps: new Int32Array() }];
const panicAt = (op: number, where = 'pmap_release'): Ended => ({
  kind: 'panic',
  op,
  where,
  reason: 'pmap resident count != 0',
  values: {},
});

describe('the verdict on two records is', () => {
  it('failed, when the code of one of them failed', () => {
    const ended: Ended = { kind: 'failed', how: 'throw', op: 1, message: 'no such thing' };
    const { verdict, failures } = pair(record('old', quiet), record('new', [{}], { ended }));
    expect(verdict).toBe('failed');
    expect(failures).toEqual([{ variant: 'new', failure: ended }]);
  });

  it('panic, when one panics', () => {
    const { verdict, standing, differences } = pair(record('old', quiet), record('new', [{}], { ended: panicAt(1) }));
    expect([verdict, standing, differences[0]!.op]).toEqual(['panic', 'unexpected', 1]);
  });

  it('panic, when both panic, but at another op or in another function', () => {
    const one = record('old', quiet.slice(0, 1), { ended: panicAt(1) });
    expect(pair(one, record('new', quiet.slice(0, 2), { ended: panicAt(2) })).verdict).toBe('panic');
    expect(pair(one, record('new', quiet.slice(0, 1), { ended: panicAt(1, 'pmap_pinit') })).verdict).toBe('panic');
  });

  it('incomplete, when both panic alike, whatever the ops before say', () => {
    const ended = panicAt(2);
    const same = pair(record('old', quiet.slice(0, 2), { ended }), record('new', quiet.slice(0, 2), { ended }));
    expect([same.verdict, same.bothPanic, same.standing]).toEqual(['incomplete', true, null]);
    expect(same.incomplete).toMatchObject({ op: 2, panic: { where: 'pmap_release' } });
    const other = pair(record('old', quiet.slice(0, 2), { ended }), record('new', [{}, { resident: 6 }], { ended }));
    expect([other.verdict, other.standing]).toEqual(['incomplete', 'unexpected']);
  });

  it('incomplete, when there is nothing to run', () => {
    expect(pair(record('old', []), record('new', []))).toMatchObject({
      verdict: 'incomplete',
      incomplete: { op: 0, ops: 0, panic: null },
    });
  });

  it('invariant-broken, introduced or fixed, when one of them breaks it', () => {
    const violations = [{ name: 'pm 3', op: 1, process: 'a', expected: '4', got: '5' }];
    const clean = record('old', quiet);
    const introduced = pair(clean, record('new', quiet, { violations }));
    expect([introduced.verdict, introduced.standing]).toEqual(['invariant-broken', 'unexpected']);
    expect(introduced.differences[0]).toMatchObject({ what: 'pm 3', side: 'introduced', op: 1 });
    const mended = pair(record('old', quiet, { violations }), record('new', quiet));
    expect([mended.verdict, mended.standing]).toEqual(['invariant-broken', 'intended']);
    expect(mended.differences[0]).toMatchObject({ side: 'mended' });
  });

  it('invariant-broken, when one of them leaves one page too many and the other one too few', () => {
    const left = (end: number) => ({ left: [{ what: 'userPtPageCount', start: 0, end }] });
    for (const [end, other] of [
      [1, -1],
      [-1, 1],
    ] as const) {
      const { verdict, standing } = pair(record('old', quiet, left(end)), record('new', quiet, left(other)));
      expect([verdict, standing]).toEqual(['invariant-broken', 'unexpected']);
    }
    expect(pair(record('old', quiet, left(2)), record('new', quiet, left(1))).standing).toBe('intended');
  });

  it('invariant-broken, when only one of them leaks pages', () => {
    const left = [{ what: 'userPtPageCount', start: 0, end: 2 }];
    const { verdict, differences } = pair(record('old', quiet), record('new', quiet, { left }));
    expect([verdict, differences[0]!.what]).toEqual(['invariant-broken', 'balance userPtPageCount']);
  });

  it('says nothing of what a run never came to, except that nobody knows what the other one leaks', () => {
    const left = [{ what: 'userPtPageCount', start: 0, end: 2 }];
    const violations = [{ name: 'pv', op: 1, process: 'a', expected: 'x', got: 'y' }];
    const ledger = ['old', 'new'].flatMap((variant) =>
      ['balance userPtPageCount', 'pv'].map((what) => ({
        finding: 'N1',
        variant,
        what,
        ...(variant === 'old' && { until: 'new' }),
      })),
    );
    const short = { ended: panicAt(1) };
    const whats = (a: RunRecord, b: RunRecord, known: typeof ledger = []): string[] =>
      pair(a, b, [], known).differences.map(({ what, side }) => `${what} ${side}`);
    const [leaks, breaks] = [{ left }, { violations }];
    const ofTwo = [{}, {}];
    for (const planted of [leaks, breaks]) {
      expect(whats(record('old', ofTwo, planted), record('new', [{}], short), ledger)).toEqual(['panic null']);
      expect(whats(record('old', ofTwo, planted), record('new', [{}], short))).toEqual(['panic null']);
      expect(whats(record('old', [{}], short), record('new', ofTwo, planted), ledger)).toEqual(['panic null']);
      expect(whats(record('old', [{}], short), record('new', ofTwo, planted))).toHaveLength(2);
      expect(whats(record('old', ofTwo, planted), record('new', ofTwo), ledger)).toHaveLength(1);
    }
    expect(whats(record('old', ofTwo, leaks), record('new', ofTwo, { alive: 1 }), ledger)).toEqual([]);
  });

  it('behavioural, when a return value, an errno or a signal differs', () => {
    expect(pair(record('old', quiet), record('new', [{}, { resident: 5 }, { code: 139 }])).verdict).toBe('behavioural');
    expect(pair(record('old', quiet), record('new', [{}, { resident: 5 }, { value: 1 }])).verdict).toBe('behavioural');
  });

  it('latent, when the maps differ and no process noticed', () => {
    const { verdict } = pair(
      record('old', quiet, { checkpoints: at('m', 't') }),
      record('new', quiet, { checkpoints: at('n', 't') }),
    );
    expect(verdict).toBe('latent');
  });

  it.each([
    ['resident_count', [{}, { resident: 6 }, {}]],
    ['wired_count', [{}, { resident: 5, wired: 1 }, {}]],
    ['user_pt_page_count', [{}, { resident: 5, adds: { userPtPageCount: 1 } }, {}]],
    ['pv_page_count', [{}, { resident: 5, adds: { pvPageCount: 1 } }, {}]],
  ])('stat-only, when %s differs', (_what, ops) => {
    expect(pair(record('old', quiet), record('new', ops)).verdict).toBe('stat-only');
  });

  it('cost-only, when only page tables or other counters differ', () => {
    const tables = pair(
      record('old', quiet, { checkpoints: at('m', 't') }),
      record('new', quiet, { checkpoints: at('m', 'u') }),
    );
    expect(tables.verdict).toBe('cost-only');
    expect(pair(record('old', quiet), record('new', [{}, { resident: 5 }, { adds: { ipis: 1 } }])).verdict).toBe(
      'cost-only',
    );
  });

  it('no difference of page tables, where one of the two has not looked at them', () => {
    const looked = record('old', quiet, { checkpoints: [...at('m', 't', 1), ...at('m', 't')] });
    const [later, not] = ['u', 't'].map((end) =>
      pair(looked, record('new', quiet, { checkpoints: [...at('m', '', 1), ...at('m', end)] })),
    );
    expect(later!.differences.map(({ what, op }) => [what, op])).toEqual([['tables', 2]]);
    expect(not!.differences).toEqual([]);
  });

  it('not-exercised, when all is equal and no changed member was reached', () => {
    const { verdict, unreachedMembers } = pair(record('old', quiet), record('new', quiet));
    expect([verdict, unreachedMembers]).toEqual(['not-exercised', ['removeIsNoop']]);
  });

  it('identical, when all is equal and a changed member was reached; the others are named', () => {
    const ops = [{ adds: { 'reached.removeIsNoop': 1 } }];
    const members = ['removeIsNoop', 'vmspaceClear'];
    const { verdict, unreachedMembers, standing } = pair(record('old', ops), record('new', ops), [], [], members);
    expect([verdict, unreachedMembers, standing]).toEqual(['identical', ['vmspaceClear'], null]);
  });

  it('identical, when no member differs, reached or not', () => {
    expect(pair(record('old', quiet), record('new', quiet), [], [], []).verdict).toBe('identical');
  });

  it('the most severe that applies, with the others listed too', () => {
    const { verdict, differences } = pair(
      record('old', [{ adds: { ipis: 1 } }, {}, {}], { checkpoints: at('m', 't', 2) }),
      record('new', [{}, { resident: 1 }, { code: 12 }], { checkpoints: at('n', 'u', 2) }),
    );
    expect(verdict).toBe('behavioural');
    expect(differences.map(({ plane, what, standing }) => [plane, what, standing])).toEqual([
      ['outcome', 'outcome', 'unexpected'],
      ['map', 'map', 'follows'],
      ['tables', 'tables', 'follows'],
      ['stats', 'residentCount', 'unexpected'],
      ['cost', 'ipis', 'unexpected'],
    ]);
  });
});

describe('what follows from an earlier difference', () => {
  it('is listed, and does not decide', () => {
    const a = record('old', [{}, {}, { adds: { removeCalls: 3 } }], { checkpoints: at('m', 't', 1) });
    const b = record('new', [{}, {}, { adds: { removeCalls: 2 } }], { checkpoints: at('n', 't', 1) });
    const known = { finding: 'F6', variant: 'new', what: 'map' };
    const { verdict, standing, differences } = pair(a, b, [], [known]);
    expect([verdict, standing]).toEqual(['latent', 'known']);
    expect(differences.find(({ what }) => what === 'removeCalls')).toMatchObject({ standing: 'follows', op: 2 });
  });

  it('excuses nothing that came before', () => {
    const a = record('old', [{ adds: { removeCalls: 3 } }, {}], { checkpoints: at('m', 't', 1) });
    const b = record('new', [{ adds: { removeCalls: 2 } }, {}], { checkpoints: at('n', 't', 1) });
    const { standing, differences } = pair(a, b, [], [{ finding: 'F6', variant: 'new', what: 'map' }]);
    expect(standing).toBe('unexpected');
    expect(differences.find(({ what }) => what === 'removeCalls')).toMatchObject({ standing: 'unexpected', op: 0 });
  });
});

describe('a declared difference', () => {
  const exits = (n: number): PlantedOp[] =>
    Array.from({ length: 3 }, () => ({ adds: { 'reached.exitBeforeVmspaceExit': 1, vmMapLocks: n } }));

  it('that matches at every op is intended', () => {
    const { verdict, standing } = pair(record('old', exits(4)), record('new', exits(5)), [
      intent('vmMapLocks', '+1 per exit'),
    ]);
    expect([verdict, standing]).toEqual(['cost-only', 'intended']);
  });

  it('that matches in sum but not at every op is unexpected', () => {
    const late = [...exits(4).slice(0, 2), { adds: { 'reached.exitBeforeVmspaceExit': 1, vmMapLocks: 7 } }];
    const { standing, differences } = pair(record('old', exits(4)), record('new', late), [
      intent('vmMapLocks', '+1 per exit'),
    ]);
    expect(standing).toBe('unexpected');
    expect(differences[0]).toMatchObject({ what: 'vmMapLocks', op: 0, amount: { total: 3 } });
  });

  it('that does not occur at all is unexpected', () => {
    const { standing, differences } = pair(record('old', exits(4)), record('new', exits(4)), [
      intent('vmMapLocks', '+1 per exit'),
    ]);
    expect(standing).toBe('unexpected');
    expect(differences[0]).toMatchObject({ what: 'vmMapLocks', op: 0, count: 0 });
  });

  it('covers no other statistic', () => {
    const { standing } = pair(record('old', exits(4)), record('new', exits(5)), [intent('pmapLocks', 'more')]);
    expect(standing).toBe('unexpected');
  });

  it('of a level holds while the level lasts', () => {
    const alive = (n: number): PlantedOp[] => [
      { adds: { 'reached.pinitTopPage': 1, userPtPageCount: n } },
      {},
      { adds: { 'reached.releaseTopPage': 1, userPtPageCount: -n } },
    ];
    const declared = [intent('userPtPageCount', '+1 per live top-level page')];
    expect(pair(record('old', alive(1)), record('new', alive(2)), declared).standing).toBe('intended');
    const leak = [...alive(2).slice(0, 2), { adds: { 'reached.releaseTopPage': 1, userPtPageCount: -1 } }];
    expect(pair(record('old', alive(1)), record('new', leak), declared).standing).toBe('unexpected');
  });

  it('of a level counts what booting added', () => {
    const start = { 'reached.pinitTopPage': 1, userPtPageCount: 1 };
    const a = record('old', quiet, { start });
    const b = record('new', quiet, { start: { ...start, userPtPageCount: 2 } });
    expect(pair(a, b, [intent('userPtPageCount', '+1 per live top-level page')]).standing).toBe('intended');
    expect(pair(a, b).standing).toBe('unexpected');
  });

  it('of resident_count is compared with the top-level pages of the acting process', () => {
    const declared = [intent('residentCount', '+1 per live top-level page')];
    const ops = (n: number): PlantedOp[] => [
      { resident: 3 + n, top: 1 },
      { resident: 3 + 2 * n, top: 2 },
      { resident: 0, top: 0 },
    ];
    expect(pair(record('old', ops(0)), record('new', ops(1)), declared).standing).toBe('intended');
    const gone = [...ops(1).slice(0, 2), { resident: 1, top: 0 }];
    expect(pair(record('old', ops(0)), record('new', gone), declared).standing).toBe('unexpected');
  });

  it('of the last user counts no exit that only drops a reference', () => {
    const exit = (n: number, last: number): PlantedOp => ({
      adds: { 'reached.exitBeforeVmspaceExit': 1, soleExits: last, removeCalls: n },
    });
    const declared = [intent('removeCalls', '+1 per exit of the last user')];
    const a = record('old', [exit(0, 0), exit(52, 1)]);
    expect(pair(a, record('new', [exit(0, 0), exit(53, 1)]), declared).standing).toBe('intended');
    expect(pair(a, record('new', [exit(1, 0), exit(53, 1)]), declared).standing).toBe('unexpected');
  });

  it('is rejected for an unknown statistic, and for a pmap statistic per event', () => {
    expect(() => pair(record('old', quiet), record('new', quiet), [intent('everything', 'more')])).toThrow(
      'new, intends everything: expected the name of a statistic or counter',
    );
    expect(() => pair(record('old', quiet), record('new', quiet), [intent('residentCount', '+1 per exit')])).toThrow(
      'expected terms per live top-level page only',
    );
  });
});

describe('the statistics of pmaps that do not act', () => {
  /** kernel_pmap, pmap0, and a third pmap with this many resident pages, one of them top-level. */
  const points = (kernel: number, resident: number, isMidCall = false, wired = 0) => ({
    checkpoints: [
      {
        op: 2,
        map: 'm',
        tables: 't',
        isMidCall,
        pmaps: Int32Array.of(kernel, 0, 0, 0, 0, 4, 0, 0, 0, 0, resident, wired, 1, 0, 0),
      },
    ],
  });
  const declared = [intent('residentCount', '+1 per live top-level page')];
  const standing = (a: object, b: object, intends = declared): string | null =>
    pair(
      record('old', [{ resident: 3 }, { resident: 5 }, {}], a),
      record('new', [{ resident: 4 }, { resident: 6 }, { resident: 1 }], b),
      intends,
    ).standing;

  it('are compared with the declarations at checkpoints', () => {
    expect(standing(points(300, 8), points(300, 9))).toBe('intended');
    expect(standing(points(300, 8), points(300, 8))).toBe('unexpected');
    expect(standing(points(300, 8), points(301, 9))).toBe('unexpected');
    expect(standing(points(300, 8), points(300, 9, false, 1))).toBe('unexpected');
  });

  it('are not compared while a call is stopped', () => {
    expect(standing(points(300, 8, true), points(300, 8, true))).toBe('intended');
  });

  it('distinguish two runs that are otherwise equal', () => {
    const [a, b] = [points(300, 8), points(301, 8)].map((planted) => record('old', quiet, planted));
    expect(sameRecord(a!, a!)).toBe(true);
    expect(sameRecord(a!, b!)).toBe(false);
  });
});

describe('a finding of the ledger', () => {
  const early = (n: number): PlantedOp[] => [{ adds: { removeEarlyExits: n } }];

  it('explains a difference in the variant that it names', () => {
    const known = [{ finding: 'F2', variant: 'new', what: 'removeEarlyExits', by: 'fewer' }];
    const { standing, differences } = pair(record('old', early(52)), record('new', early(0)), [], known);
    expect([standing, differences[0]!.steps[0]!.finding]).toEqual(['known', 'F2']);
  });

  it('does not explain the other sign, another statistic, or another variant', () => {
    const other = (known: object) =>
      pair(
        record('old', early(52)),
        record('new', early(0)),
        [],
        [{ finding: 'F2', variant: 'new', what: 'removeEarlyExits', by: 'fewer', ...known }],
      ).standing;
    expect(other({ by: 'more' })).toBe('unexpected');
    expect(other({ what: 'removeCalls' })).toBe('unexpected');
    expect(other({ variant: 'third' })).toBe('unexpected');
  });

  it('is negated when the reference has the fault and the candidate fixes it', () => {
    const known = [{ finding: 'F2', variant: 'old', what: 'removeEarlyExits', by: 'fewer', until: 'new' }];
    expect(pair(record('old', early(0)), record('new', early(52)), [], known).standing).toBe('known');
    expect(pair(record('old', early(52)), record('new', early(0)), [], known).standing).toBe('unexpected');
  });

  it('applies to successors of the variant that it names, and excuses nothing between variants that have it', () => {
    const [before, itself, mine] = [facts('old'), facts('new', 'old'), facts('mine', 'new')];
    const known = [{ finding: 'F2', variant: 'new', what: 'removeEarlyExits', by: 'fewer' }];
    const standing = (reference: VariantFacts, n: number, candidate: VariantFacts, more: number): string | null => {
      const explained = explanations(reference.id, candidate.id, [before, itself, mine], known);
      const [a, b] = [record(reference.id, early(n)), record(candidate.id, early(more))];
      return comparePair(a, b, explained, { reference, candidate }).standing;
    };
    expect(standing(before, 52, mine, 0)).toBe('known');
    expect(standing(mine, 0, before, 52)).toBe('known');
    expect(standing(itself, 52, mine, 0)).toBe('unexpected');
    expect(standing(itself, 0, mine, 52)).toBe('unexpected');
  });

  it('never turns an intended difference into a known one', () => {
    const known = [{ finding: 'F2', variant: 'new', what: 'removeEarlyExits' }];
    const declared = [intent('removeEarlyExits', 'fewer')];
    expect(pair(record('old', early(52)), record('new', early(0)), declared, known).standing).toBe('intended');
  });

  it('about an outcome explains the outcome in the run with the fault, and nothing else', () => {
    const known = (variant: string, until?: string) => [
      { finding: 'F6', variant, what: 'outcome', outcomes: ['SIGSEGV'], ...(until === undefined ? {} : { until }) },
    ];
    const ops = (code: number): PlantedOp[] => [{}, { resident: 5 }, { code }];
    const [ok, dies, fails] = [0, 139, 12].map(ops);
    expect(pair(record('old', ok!), record('new', dies!), [], known('new')).standing).toBe('known');
    expect(pair(record('old', ok!), record('new', fails!), [], known('new')).standing).toBe('unexpected');
    expect(pair(record('old', dies!), record('new', ok!), [], known('old', 'new')).standing).toBe('known');
    expect(pair(record('old', ok!), record('new', dies!), [], known('old', 'new')).standing).toBe('unexpected');
  });

  it('can name an outcome, a map, a panic or an invariant', () => {
    const known = (what: string) => [{ finding: 'N7', variant: 'new', what }];
    const b = record('new', [{}], { ended: panicAt(1) });
    expect(pair(record('old', quiet), b, [], known('panic')).standing).toBe('known');
    expect(
      pair(record('old', quiet), record('new', [{}, { resident: 5 }, { code: 139 }]), [], known('outcome')),
    ).toMatchObject({ verdict: 'behavioural', standing: 'known' });
    const left = [{ what: 'userPtPageCount', start: 0, end: 1 }];
    expect(
      pair(record('old', quiet), record('new', quiet, { left }), [], known('balance userPtPageCount')).standing,
    ).toBe('known');
  });
});
