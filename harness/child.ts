/**
 * The composition root of a process that runs one variant: bundled with that variant into one text, which is all that the
 * process reads. It answers the requests of columns/process.ts. Nothing that the variant does here reaches the other columns.
 */
import { isDeepStrictEqual } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { type Machine, type Variant, usedFrames } from '../core/index.ts';
import { experiments, series } from '../variants/index.ts';
import { checkers } from './check/checker.ts';
import { describeError } from './run/describe.ts';
import { type Entries, EntryCounts } from './run/entries.ts';
import { exportedVariant, introduce } from './run/load.ts';
import type { FromChild, ToChild } from './run/protocol.ts';
import { emptyPart, failedEnd } from './run/record.ts';
import { firstDifference } from './run/repeat.ts';
import { RunLimit, Session } from './run/session.ts';
import { file, realm, refuse, refused } from './sandbox/closed.ts';
import * as host from './sandbox/host.ts';
import { checkedMembers } from './sandbox/members.ts';

/** A whole workload of at most this many ops runs twice: both answers must be the same. */
const REPEATED_OPS = 2000;

const say = (message: FromChild): void => host.send(message);

/** Bytes; given by the parent. */
const residentLimit = Number(host.argument(1));

/** Every op at first, so that an endless loop in a short workload can be placed; then one in 4,096, with a look at memory. */
const announce = (op: number): void => {
  if (op >= 64 && op % 4096 !== 0) return;
  say({ kind: 'at', op });
  if (host.residentBytes() > residentLimit)
    throw new RunLimit(`used more than ${residentLimit / 2 ** 20} MiB of memory`);
};

let entries: EntryCounts | null = null;

let variant: Variant | null = null;
let machine: Machine | null = null;
const checker = checkers();

/** The run that goes on. */
let session: Session | null = null;

type Part = Extract<FromChild, { kind: 'part' }>;

/** The next reset clears every page that was used, even one that a patched core takes for zeroed. */
function distrust(m: Machine): void {
  for (const [from, to] of usedFrames(m)) m.page.nonZero.fill(1, from, to);
}

function take({ begin, piece }: ToChild): Part {
  if (begin !== null) {
    const describe = (error: unknown): string => describeError(error, file);
    const watch = { announce, describe, checker, counters: Float64Array };
    entries?.clear();
    if (entries !== null && machine !== null) distrust(machine);
    session = new Session(machine, { ...begin, variant: variant!, watch }, piece);
    entries?.boot();
  }
  const running = session!;
  const part = running.take(piece);
  if (!running.isOver) return { kind: 'part', part, end: null };
  ({ machine } = running);
  session = null;
  const end = running.end();
  return { kind: 'part', part, end: entries === null ? end : { ...end, entered: entries.entered } };
}

/**
 * Runs a small workload twice. Throws an Error if the answers differ.
 *
 * What a patched core leaves in a machine need not be what a reset looks for. So that no answer depends on the workloads
 * before it, one that runs only once begins with a new machine, and so do both runs of one whose answers differ.
 */
function takeTwice(request: ToChild): Part {
  const { begin, piece } = request;
  const isPatched = entries !== null;
  const isWhole = begin !== null && begin.head.length <= REPEATED_OPS && piece.length >= begin.head.length;
  if (begin !== null && isPatched && !isWhole) machine = null;
  // The arrays of a part are reused by the next one.
  const kept = (part: Part): Part => deserialize(serialize(part)) as Part;
  const again = (): Part => host.muted(() => take(request));
  const first = take(request);
  if (!isWhole) return first;
  let before = kept(first);
  let second = again();
  if (isDeepStrictEqual(before, second)) return second;
  if (isPatched) {
    machine = null;
    before = kept(again());
    machine = null;
    second = again();
    if (isDeepStrictEqual(before, second)) return second;
  }
  const op = firstDifference(before.part, second.part);
  const where = op === null ? '' : `, first in op ${op}`;
  throw new Error(`not deterministic: a second run of the workload had another result${where}`);
}

/** Never throws: whatever goes wrong is the variant's failure. */
function answer(request: ToChild): FromChild {
  const thrown = refused();
  if (thrown !== null) return { kind: 'refused', message: thrown };
  try {
    const part = takeTwice(request);
    realm.assertUnchanged();
    return part;
  } catch (error) {
    session = null;
    machine = null;
    const { name } = request.begin?.head ?? { name: '' };
    const message = describeError(error, file);
    return {
      kind: 'part',
      part: emptyPart(),
      end: failedEnd(name, variant!.id, { kind: 'failed', how: 'throw', op: null, message }),
    };
  }
}

/** exported: what the variant's file exports. counted: absent if no patch changes anything. */
export function serve(exported: Readonly<Record<string, unknown>>, counted: Entries | null = null): void {
  entries = counted === null ? null : new EntryCounts(counted);
  entries?.boot();
  try {
    const found = exportedVariant(exported, file);
    variant = { ...found, hunks: checkedMembers(found.hunks) };
    realm.assertUnchanged();
    say({ kind: 'loaded', variant: introduce(found, [...series, ...experiments]) });
  } catch (error) {
    refuse(error);
    return;
  }
  host.receive((request: ToChild) => say(answer(request)));
}
