/**
 * Checks what a process that runs a stranger's variant sends, field by field, before anything of it is used. A check
 * returns null, or the path of the first field that is not as declared.
 */
import { COUNTER_COUNT, EVENT_WORDS, HUNK_NAMES } from '../../core/index.ts';
import type { FromChild } from './protocol.ts';
import { PLACES, PMAP_FIELDS, PROCESS_KINDS } from './record.ts';
import { MAX_MESSAGE } from './shown.ts';

type Check = (value: unknown) => string | null;

/** A message with its escapes, and the note that it was cut. */
const MAX_TEXT = 6 * MAX_MESSAGE + 100;
const MAX_SOURCE = 2 ** 20;

const holds =
  (test: (value: never) => boolean): Check =>
  (value) =>
    test(value as never) ? null : '';

const number = holds((value: unknown) => typeof value === 'number');
const count = holds((value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0);
const flag = holds((value: unknown) => typeof value === 'boolean');
const textOf = (most: number): Check => holds((value: unknown) => typeof value === 'string' && value.length <= most);
const text = textOf(MAX_TEXT);
const object = holds((value: unknown) => typeof value === 'object' && value !== null);
const word = (...words: readonly string[]): Check => holds((value: string) => words.includes(value));
const array = (type: new (...args: never) => object): Check => holds((value: unknown) => value instanceof type);

const maybe =
  (check: Check): Check =>
  (value) =>
    value === null ? null : check(value);

/** Of a field that need not be there. */
const given =
  (check: Check): Check =>
  (value) =>
    value === undefined ? null : check(value);

const either =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value) === null) ? null : '';

const list =
  (check: Check, length?: number): Check =>
  (value) => {
    if (!Array.isArray(value) || (length !== undefined && value.length !== length)) return '';
    for (let i = 0; i < value.length; i++) {
      const path = check(value[i]);
      if (path !== null) return `[${i}]${path}`;
    }
    return null;
  };

const record =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) => {
    if (typeof value !== 'object' || value === null) return '';
    for (const [name, check] of Object.entries(fields)) {
      const path = check((value as Readonly<Record<string, unknown>>)[name]);
      if (path !== null) return `.${name}${path}`;
    }
    return null;
  };

const each = (names: readonly string[], check: Check): Check =>
  record(Object.fromEntries(names.map((name) => [name, check])));

const [ints, words, bytes, doubles] = [Int32Array, Uint32Array, Uint8Array, Float64Array].map(array);

/** By number, of which some may be free. A patched core may have other names, and other numbers of them. */
const names = list(given(textOf(100)));

const introduced = record({
  id: textOf(100),
  after: maybe(textOf(100)),
  title: text,
  intends: list(record({ what: text, by: text, why: text })),
  compiled: list(textOf(MAX_SOURCE), HUNK_NAMES.length),
  taken: list(maybe(text), HUNK_NAMES.length),
  names: record({
    ...Object.fromEntries(
      ['counters', 'gauges', 'events', 'extra', 'kinds', 'places', 'stops'].map((one) => [one, names]),
    ),
    eventWords: count,
  }),
});

const perOp = record({
  code: ints,
  value: doubles,
  residentCount: ints,
  wiredCount: ints,
  topPages: bytes,
  mappedPages: ints,
  excessPages: ints,
  counterList: words,
  counterFrom: words,
  counterIndex: bytes,
  counterDelta: doubles,
});

const violation = record({ name: text, op: count, process: maybe(text), expected: text, got: text });

const part = record({
  ops: count,
  perOp,
  start: doubles,
  checkpoints: list(record({ op: count, map: text, tables: text, isMidCall: flag, pmaps: ints })),
  resumed: list(record({ op: count, from: count })),
  killed: list(record({ op: count, process: text, signal: text })),
  violations: list(violation),
  events: maybe(record({ from: words, words: doubles })),
  states: given(
    list(record({ op: count, machine: object, map: text, tables: text, pmaps: ints, cpus: ints, names: object })),
  ),
});

const values: Check = (value) => {
  if (object(value) !== null) return '';
  return list(either(number, text))(Object.values(value as object));
};

const ENDED: Readonly<Record<string, Check>> = {
  done: () => null,
  panic: record({ op: count, where: text, reason: text, values }),
  failed: record({ how: word('load', 'throw', 'limit', 'memory', 'killed'), op: maybe(count), message: text }),
};

const ended: Check = (value) => {
  const { kind } = (value ?? {}) as { readonly kind?: unknown };
  return typeof kind === 'string' && Object.hasOwn(ENDED, kind) ? ENDED[kind](value) : '.kind';
};

/** A variant's code can turn counts into other numbers; the run then fails, and says so. */
const calls = { calls: number, early: number };
const replay = record({
  ...Object.fromEntries(
    ['accesses', 'hits', 'faulted', 'signals', 'recordedFaults', 'recordedFaultsPresent', 'mappedAlready']
      .concat('extraFaults', 'failedOps')
      .map((name) => [name, number]),
  ),
  byKind: each(PROCESS_KINDS, each(['exit', 'exec'], record({ ...calls, processes: number, touched: number }))),
});

const counted: Check = (value) => {
  if (object(value) !== null) return '';
  return list(count)(Object.values(value as object));
};

/** [instance, count] each. */
const byInstance = list(list(number, 2));

const end = record({
  workload: text,
  variant: text,
  ended,
  ops: count,
  start: doubles,
  totals: doubles,
  removeByPlace: each(PLACES, record(calls)),
  balance: record({ alive: count, left: list(record({ what: text, start: number, end: number })) }),
  replay: maybe(replay),
  violations: list(violation),
  state: maybe(record({ op: count, machine: object })),
  entered: given(record({ calls: counted, atBoot: list(text) })),
  profile: maybe(
    record({
      parent: ints,
      site: bytes,
      sites: names,
      from: words,
      node: array(Uint16Array),
      what: bytes,
      delta: doubles,
      residentCount: number,
      wiredCount: number,
      instances: given(
        record({
          pvLocks: byInstance,
          pvPages: byInstance,
          references: byInstance,
          neighboursCopied: number,
          neighboursRemoved: number,
          sharers: number,
        }),
      ),
    }),
  ),
});

type Kind = FromChild['kind'];
type Part = Extract<FromChild, { kind: 'part' }>;

const MESSAGES: Readonly<Record<Kind, Check>> = {
  started: () => null,
  loaded: record({ variant: introduced }),
  refused: record({ message: text }),
  at: record({ op: count }),
  part: record({ part, end: maybe(end) }),
};

/** A list that indexes another one does not leave it. */
function inconsistent({ part: { ops, perOp: lists, checkpoints, events } }: Part, counters: number): string | null {
  const { code, value, residentCount, wiredCount, topPages, mappedPages, excessPages } = lists;
  const { counterList, counterFrom, counterIndex, counterDelta } = lists;
  const columns = [code, value, residentCount, wiredCount, topPages, mappedPages, excessPages, counterList];
  if (columns.some(({ length }) => length < ops)) return '.part.perOp';
  const last = counterFrom.length - 1;
  if (!isOrdered(counterFrom, last, Math.min(counterIndex.length, counterDelta.length)))
    return '.part.perOp.counterFrom';
  for (let op = 0; op < ops; op++) if (counterList[op] >= last) return '.part.perOp.counterList';
  for (let k = 0; k < counterFrom[last]; k++) if (counterIndex[k] >= counters) return '.part.perOp.counterIndex';
  if (checkpoints.some(({ pmaps }) => pmaps.length % PMAP_FIELDS !== 0)) return '.part.checkpoints';
  if (events !== null && !isOrdered(events.from, ops, events.words.length / EVENT_WORDS)) return '.part.events.from';
  return null;
}

/** from[0 .. last] rises from 0 to at most `most`. */
function isOrdered(from: Uint32Array, last: number, most: number): boolean {
  if (from.length <= last || from[0] !== 0 || from[last] > most) return false;
  for (let i = 0; i < last; i++) if (from[i] > from[i + 1]) return false;
  return true;
}

/** The message, or what is wrong with it. counters: of the core that the process has, which may be a patched one. */
export function readMessage(
  value: unknown,
  counters = COUNTER_COUNT,
): FromChild | { readonly kind: 'invalid'; readonly where: string } {
  const kind: unknown = typeof value === 'object' && value !== null ? (value as { kind?: unknown }).kind : undefined;
  if (typeof kind !== 'string' || !Object.hasOwn(MESSAGES, kind)) return { kind: 'invalid', where: 'kind' };
  const path = MESSAGES[kind as Kind](value) ?? (kind === 'part' ? inconsistent(value as Part, counters) : null);
  return path === null ? (value as FromChild) : { kind: 'invalid', where: path.replace(/^\./, '') || kind };
}
