import { describe, expect, it } from 'vitest';
import { EVENT_FRAME, EVENT_WORDS, EV_COPY_PAGE, EV_ENTER, EV_REMOVE } from '../../../core/index.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import { traceText } from '../../../harness/report/trace.ts';
import type { RunRecord } from '../../../harness/run/record.ts';
import { COMPARATORS } from '../../../harness/trace/comparator.ts';
import { statePair } from '../../../harness/trace/states.ts';
import { diffTraces } from '../../../harness/trace/trace.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { series, variantById } from '../../../variants/index.ts';
import { recordOf } from '../../support/ran.ts';
import { record } from '../../support/records.ts';

const LINES = 'sh: exec sh60\nsh: touch-shared\nsh: exit\n';
function traced(id: string, lines = LINES): RunRecord {
  return recordOf(parseWorkload(lines, 'test'), variantById(id)!, { events: true });
}

/** A record with modified words in its stream. */
function changed(of: RunRecord, change: (words: Float64Array, at: number) => void): RunRecord {
  const words = of.events!.words.slice();
  for (let at = 0; at < words.length; at += EVENT_WORDS) change(words, at);
  return { ...of, events: { from: of.events!.from, words } };
}

/** Runs of one op each, whose calls are pmap_enter with [pmap, va, object, index, frame]. */
function entering(calls: readonly (readonly [number, number, number, number, number])[]): RunRecord {
  const words = calls.flatMap(([pmap, va, object, index, frame]) => [
    EV_ENTER,
    pmap,
    va,
    3,
    2,
    object,
    index,
    0,
    frame,
  ]);
  const events = { from: Uint32Array.of(0, calls.length), words: Float64Array.from(words) };
  return { ...record('planted', [{}]), events };
}

const same = (a: RunRecord, b: RunRecord, comparator: (typeof COMPARATORS)[number]): boolean =>
  diffTraces(a, b, comparator).first === null;

describe('trace', () => {
  it.each(series.map(({ id }) => id))('is empty between %s and itself', (id) => {
    for (const comparator of COMPARATORS)
      expect(diffTraces(traced(id), traced(id), comparator)).toMatchObject({
        first: null,
        kinds: [],
        differing: { calls: 0, outcome: 0, statistics: 0, counters: 0, end: 0 },
      });
  });

  it('is empty between revisions that differ only in spelling (F13)', async () => {
    const workload = await loadWorkload('churn');
    const [a, b] = ['shared-page-unmap', 'landed'].map((id) => recordOf(workload, variantById(id)!, { events: true }));
    expect(diffTraces(a!, b!, 'exact').first).toBeNull();
  });

  it('finds the first call that one of them makes and the other does not', () => {
    const { first, kinds, events } = diffTraces(traced('double-count-fix'), traced('landed'), 'exact');
    expect(first).toMatchObject({ op: 0, event: 2, parts: ['calls', 'counters'] });
    expect(kinds).toEqual([{ kind: 'remove', reference: 52, candidate: 54, onlyReference: 0, onlyCandidate: 2 }]);
    expect(events[1] - events[0]).toBe(2);
  });

  it('ignores mere cost on request: the early exits of the baseline without the touch', () => {
    const lines = 'sh: exec sh60\nsh: exit\n';
    const [a, b] = [traced('baseline', lines), traced('toplevel-accounting', lines)];
    expect(diffTraces(a, b, 'exact').kinds).toMatchObject([{ kind: 'remove', onlyReference: 52, onlyCandidate: 52 }]);
    const free = diffTraces(a, b, 'no-cost');
    expect(free.kinds).toEqual([]);
    expect(free.first).toMatchObject({ op: 0, parts: ['statistics'], event: null });
    expect(free.first!.numbers.map(({ what }) => what)).toContain('residentCount');
  });

  it('renames frames, objects and pmaps one to one', () => {
    const a = traced('landed');
    const b = changed(a, (words, at) => {
      for (const word of [EVENT_FRAME, ...(words[at] === EV_COPY_PAGE ? [6] : [])])
        if (words[at + word] !== 0) words[at + word]! += 1000;
      if (words[at] === EV_ENTER) words[at + 5]! += 1;
    });
    const unlike = changed(a, (words, at) => {
      if (words[at] === EV_REMOVE) words[at + 2]! += 4096;
    });
    expect([same(a, b, 'exact'), same(a, unlike, 'isomorphic')]).toEqual([false, false]);
    const frames = changed(a, (words, at) => {
      if (words[at + EVENT_FRAME] !== 0) words[at + EVENT_FRAME]! += 1000;
      if (words[at] === EV_COPY_PAGE) words[at + 6]! += 1000;
    });
    expect([same(a, frames, 'exact'), same(a, frames, 'isomorphic')]).toEqual([false, true]);
  });

  it('does not give one object two names, nor two objects one', () => {
    const a = entering([
      [1, 0x1000, 5, 0, 10],
      [1, 0x2000, 6, 0, 11],
      [1, 0x1000, 5, 0, 10],
    ]);
    const renamed = entering([
      [2, 0x1000, 7, 0, 20],
      [2, 0x2000, 8, 0, 21],
      [2, 0x1000, 7, 0, 20],
    ]);
    const twoNames = entering([
      [2, 0x1000, 7, 0, 20],
      [2, 0x2000, 8, 0, 21],
      [2, 0x1000, 9, 0, 20],
    ]);
    const oneName = entering([
      [2, 0x1000, 7, 0, 20],
      [2, 0x2000, 7, 0, 21],
      [2, 0x1000, 7, 0, 20],
    ]);
    expect([renamed, twoNames, oneName].map((b) => same(a, b, 'isomorphic'))).toEqual([true, false, false]);
    expect(diffTraces(a, twoNames, 'isomorphic').first).toMatchObject({ event: 2 });
  });

  it('lets a frame have another name only once it holds another page', () => {
    const a = entering([
      [1, 0x1000, 5, 0, 10],
      [1, 0x2000, 5, 1, 10],
    ]);
    const reused = entering([
      [1, 0x1000, 5, 0, 20],
      [1, 0x2000, 5, 1, 21],
    ]);
    expect(same(a, reused, 'isomorphic')).toBe(true);
    const stays = entering([
      [1, 0x1000, 5, 0, 10],
      [1, 0x1000, 5, 0, 10],
    ]);
    const moves = entering([
      [1, 0x1000, 5, 0, 20],
      [1, 0x1000, 5, 0, 21],
    ]);
    expect([same(stays, moves, 'isomorphic'), same(moves, stays, 'isomorphic')]).toEqual([false, false]);
  });

  it('does not let two pages that stay in their frames take turns in one frame, in either run', () => {
    const apart = entering([
      [1, 0x1000, 5, 0, 10],
      [1, 0x2000, 5, 1, 11],
      [1, 0x1000, 5, 0, 10],
    ]);
    const inTurns = entering([
      [1, 0x1000, 5, 0, 20],
      [1, 0x2000, 5, 1, 20],
      [1, 0x1000, 5, 0, 20],
    ]);
    for (const [a, b] of [
      [apart, inTurns],
      [inTurns, apart],
    ] as const)
      expect(diffTraces(a, b, 'isomorphic').first).toMatchObject({ event: 2, parts: ['calls'] });
  });

  it('lets a page that moved in both runs come back to its first frame in one of them', () => {
    const returns = entering([
      [1, 0x1000, 5, 0, 10],
      [1, 0x1000, 5, 0, 11],
      [1, 0x1000, 5, 0, 10],
    ]);
    const goesOn = entering([
      [1, 0x1000, 5, 0, 20],
      [1, 0x1000, 5, 0, 21],
      [1, 0x1000, 5, 0, 22],
    ]);
    expect([same(returns, goesOn, 'isomorphic'), same(goesOn, returns, 'isomorphic')]).toEqual([true, true]);
  });

  it('compares how the runs ended, and the ops that both ran', () => {
    const a = traced('landed');
    const b = { ...a, ops: 2 };
    expect(diffTraces(a, b, 'exact').first).toMatchObject({ op: 2, parts: ['end'] });
  });

  it('shows both machines: the entry of F6 that only one of them still has', () => {
    const lines = 'sh: exec sh60\nsh: touch-shared\nsh: vfork -> cc\ncc: execfail ENOENT\ncc: exit\n';
    const workload = parseWorkload(lines, 'test');
    const state = (id: string): Parameters<typeof statePair>[1] =>
      recordOf(workload, variantById(id)!, { stateAfter: 4, until: 4 }).state!.machine;
    const pair = statePair('after', state('double-count-fix'), state('landed'));
    expect(pair.reference![0]!.entries + 1).toBe(pair.candidate![0]!.entries);
    expect(pair.changes.map(({ kind, change }) => [kind, change])).toContainEqual(['entry', 'new']);
  });

  it('shows only the machine of the run that finished the op when the other panicked in it', () => {
    const reached = recordOf(parseWorkload(LINES, 'test'), variantById('landed')!, { stateAfter: 2 }).state!;
    const pair = statePair('after', reached.machine, null);
    expect(pair).toMatchObject({ candidate: null, rows: null, changes: [] });
    expect(pair.reference).toHaveLength(reached.machine.map.filter(({ kind }) => kind === 'vmspace').length);
    const ended = { kind: 'panic', op: 2, where: 'f', reason: 'r', values: {} } as const;
    const a = traced('landed');
    const diff = diffTraces(a, { ...a, ops: 2, ended }, 'exact');
    const text = (states: (typeof pair)[]): string => {
      const around = { op: 'op 2', line: 0, before: [], reference: [], candidate: [], states };
      const view = {
        workload: 'test',
        reference: 'one',
        candidate: 'other',
        diff,
        places: [null],
        around,
        elsewhere: [],
      };
      return traceText(view, { color: false });
    };
    expect(text([pair])).toContain('\n  one after it; other did not get there\n');
    expect(text([statePair('after', null, reached.machine)])).toContain('\n  other after it; one did not get there\n');
    expect(text([statePair('after', null, null)])).not.toContain('after it');
  });

  it('shows a call that one run has in addition, and the same calls around it', () => {
    const [a, b] = [traced('baseline'), traced('landed')];
    const around = { op: 'op 0', line: 2, before: ['pinit'], states: [] };
    const view = { workload: 'test', reference: 'one', candidate: 'other', places: [], elsewhere: [] };
    const text = traceText(
      {
        ...view,
        diff: diffTraces(a, b, 'exact'),
        around: { ...around, reference: ['x', 'y', 'z'], candidate: ['new', 'x', 'y'] },
      },
      { color: false },
    );
    expect(text).toContain('    = pinit\n    + new\n    = x\n    = y\n');
    expect(text).not.toContain('- z');
  });

  it('compares 200,000 events', () => {
    const calls = Array.from({ length: 200_000 }, (_none, i) => [1, i * 4096, 5, i, i + 1] as const);
    const a = entering(calls);
    expect(same(a, entering(calls), 'isomorphic')).toBe(true);
  });
});
