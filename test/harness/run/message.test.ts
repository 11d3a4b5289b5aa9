import { beforeAll, describe, expect, it } from 'vitest';
import { checkers } from '../../../harness/check/checker.ts';
import { introduce } from '../../../harness/run/load.ts';
import { readMessage } from '../../../harness/run/message.ts';
import type { RunRecord } from '../../../harness/run/record.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { landed, series } from '../../../variants/index.ts';
import { recordOf } from '../../support/ran.ts';

type Path = readonly string[];
type Tree = Record<string, unknown>;

const at = (tree: unknown, path: Path): unknown => path.reduce((value, key) => (value as Tree)[key], tree);

/** Paths of all fields, those of objects included; not into typed arrays, numbers by name and the machine's state. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [path];
  if (path.at(-1) === 'machine') return [path];
  return [path, ...Object.entries(value).flatMap(([key, field]) => pathsOf(field, [...path, key]))];
}

/** The message with one field replaced. */
function changed(message: object, path: Path, value: unknown): unknown {
  const copy = structuredClone(message);
  (at(copy, path.slice(0, -1)) as Tree)[path.at(-1)!] = value;
  return copy;
}

const messages: Record<string, Tree> = {};

beforeAll(() => {
  const workload = parseWorkload('a: exec sh60\na: fork -> b\na: kill b SIGKILL\na: clock\na: exit\n', 'small');
  const options = { events: true, profile: true, stateAfter: 1, check: true };
  const whole: RunRecord = recordOf(workload, landed, options, { checker: checkers() });
  const { perOp, checkpoints, resumed, killed, events, ...rest } = whole;
  const { ops, start, violations } = rest;
  const part = { ops, perOp, start, checkpoints, resumed, killed, violations, events };
  messages.part = { kind: 'part', part, end: rest };
  messages.loaded = { kind: 'loaded', variant: introduce(landed, series) };
});

describe('a message of a variant', () => {
  it.each(['part', 'loaded'])('is taken if a run sends it: %s', (kind) => {
    const message = structuredClone(messages[kind]);
    expect(readMessage(message)).toBe(message);
  });

  it.each(['part', 'loaded'])('is refused if any field of a %s is of another kind', (kind) => {
    const message = messages[kind]!;
    const paths = pathsOf(message).filter((path) => path.length > 1);
    expect(paths.length).toBeGreaterThan(10);
    const taken = paths
      .filter((path) => readMessage(changed(message, path, Symbol.iterator.toString())) !== null)
      .filter((path) => typeof at(message, path) !== 'string')
      .filter((path) => readMessage(changed(message, path, '*')).kind !== 'invalid');
    expect(taken.map((path) => path.join('.'))).toEqual([]);
    const texts = paths.filter((path) => typeof at(message, path) === 'string');
    const numbered = texts.filter((path) => readMessage(changed(message, path, 1)).kind !== 'invalid');
    expect(numbered.map((path) => path.join('.'))).toEqual([]);
  });

  it.each<[string, Path, () => unknown, string]>([
    ['has fewer results than ops', ['part', 'perOp', 'code'], () => new Int32Array(1), 'part.perOp'],
    [
      'leaves a list of counters',
      ['part', 'perOp', 'counterFrom'],
      () => Uint32Array.of(0, 1, 2, 3, 4, 1e6),
      'part.perOp.counterFrom',
    ],
    [
      'names a list of counters that there is not',
      ['part', 'perOp', 'counterList'],
      () => new Uint32Array(4096).fill(4096),
      'part.perOp.counterList',
    ],
    [
      'counts what there is not',
      ['part', 'perOp', 'counterIndex'],
      () => new Uint8Array(4096).fill(255),
      'part.perOp.counterIndex',
    ],
    [
      'has text without an end',
      ['end', 'ended'],
      () => ({ kind: 'failed', how: 'throw', op: 1, message: 'A'.repeat(1e5) }),
      'end.ended.message',
    ],
    ['ends in a way that there is not', ['end', 'ended'], () => ({ kind: 'constructor' }), 'end.ended.kind'],
  ])('is refused if it %s', (_what, path, value, where) => {
    expect(readMessage(changed(messages.part!, path, value()))).toEqual({ kind: 'invalid', where });
  });

  it.each([null, undefined, 1, 'part', [], {}, { kind: 'nonsense' }, { kind: 'toString' }, { kind: {} }])(
    'is refused if it is none: %j',
    (message) => {
      expect(readMessage(message)).toEqual({ kind: 'invalid', where: 'kind' });
    },
  );
});
