/**
 * `pmapdiff trace`: the calls of two variants into the pmap layer, side by side, and where they first part.
 */
import { failureOf } from '../columns/column.ts';
import { type Two, withTwo } from '../columns/two.ts';
import { endsEarly } from '../compare/expectations.ts';
import { EXIT_FINDING, EXIT_HARNESS, EXIT_OK } from '../compare/gate.ts';
import { FORMATS } from '../report/formats.ts';
import { earlyEndText, failureText } from '../report/notes.ts';
import type { Around, Elsewhere } from '../report/trace.ts';
import { eventText } from '../run/events.ts';
import type { RunRecord } from '../run/record.ts';
import { COMPARATORS } from '../trace/comparator.ts';
import { type StatePair, statePair } from '../trace/states.ts';
import { type Divergence, TRACE_PLANES, type TraceDiff, diffTraces } from '../trace/trace.ts';
import type { Workload } from '../workload/ops.ts';
import { callPlace } from '../workload/places.ts';
import { opLines } from '../workload/text/print.ts';
import { Answer } from './answer.ts';
import { wordOf } from './errors.ts';
import { type PatchOptions, choosePair } from './patches.ts';
import { Progress } from './progress.ts';
import { chooseWorkload } from './select.ts';

export interface TraceCommandOptions extends PatchOptions {
  readonly workload: string;
  readonly comparator?: string;
  readonly plane?: string;
  readonly touch?: string;
  readonly machine?: readonly string[];
  readonly json?: boolean;
}

/** Calls that are shown before the first one that differs, and from it on. */
const BEFORE = 3;
const FROM_THERE = 6;

/** 0: no difference. 1: they differ. 3: a run failed, or both ended early alike. */
export async function traceCommand(
  a: string | undefined,
  b: string | undefined,
  options: TraceCommandOptions,
): Promise<number> {
  const comparator = wordOf('--comparator', options.comparator ?? 'exact', COMPARATORS);
  const plane = options.plane === undefined ? null : wordOf('--plane', options.plane, TRACE_PLANES);
  const answer = new Answer('trace', FORMATS.trace, options);
  const chosen = choosePair('trace', [a, b], options);
  const workload = await chooseWorkload(options);
  return withTwo(chosen, workload, { ...new Progress().hostOfTwo(workload), strict: options.strict }, async (two) => {
    const records = await two.both({ events: true });
    const failure = failureOf(records);
    if (failure !== null) {
      process.stderr.write(failureText(failure, workload));
      return EXIT_HARNESS;
    }
    const diff = diffTraces(...records, comparator, plane);
    const [reference, candidate] = two.names;
    const around = diff.first === null ? null : await lookAround(two, records, diff.first);
    const elsewhere = firstOfOthers(workload, records, diff);
    const places = diff.happened.map(({ op }) => callPlace(workload, op));
    await answer.write({ workload: workload.name, reference, candidate, diff, places, around, elsewhere });
    const isEarly = diff.first === null && endsEarly(workload, records[0]);
    if (isEarly) process.stderr.write(`${earlyEndText(records[0], workload.ops.length)}\n`);
    if (isEarly) return EXIT_HARNESS;
    return diff.first === null ? EXIT_OK : EXIT_FINDING;
  });
}

/** Planes in which the op that was found is the same, where two runs may part more seriously later. */
function firstOfOthers(workload: Workload, records: [RunRecord, RunRecord], diff: TraceDiff): Elsewhere[] {
  const { first, differing, comparator, plane: asked } = diff;
  if (first === null || asked !== null) return [];
  return TRACE_PLANES.flatMap((plane) => {
    if (first.parts.includes(plane) || differing[plane] === 0) return [];
    const { first: other } = diffTraces(...records, comparator, plane);
    return other === null ? [] : [{ plane, op: opText(workload, other.op), line: lineOf(workload, other.op) }];
  });
}

/** `op 4, cc: exit 127` */
function opText(workload: Workload, op: number): string {
  if (op >= workload.ops.length) return 'the end';
  return `op ${op}, ${opLines(workload)(op).trim()}`;
}

const lineOf = (workload: Workload, op: number): number => callPlace(workload, op)?.line ?? 0;

/** Calls number `start` .. `end` of an op, in words. */
function calls({ events, ops }: RunRecord, op: number, start: number, end: number): string[] {
  if (events === null || op >= ops) return [];
  const texts: string[] = [];
  const [from, to] = [events.from[op], events.from[op + 1]];
  for (let i = from + Math.max(start, 0); i < Math.min(from + end, to); i++) texts.push(eventText(events, i));
  return texts;
}

async function lookAround(two: Two, records: [RunRecord, RunRecord], first: Divergence): Promise<Around> {
  const { op, event } = first;
  const states: StatePair[] = [];
  for (const [when, at] of [
    ['before', op - 1],
    ['after', op],
  ] as const) {
    if (at < 0) continue;
    const [a, b] = await two.both({ stateAfter: at, until: at });
    states.push(statePair(when, a.state?.machine ?? null, b.state?.machine ?? null));
  }
  const [a, b] = records;
  const window = (record: RunRecord): string[] => (event === null ? [] : calls(record, op, event, event + FROM_THERE));
  return {
    op: opText(two.workload, op),
    line: lineOf(two.workload, op),
    before: event === null ? [] : calls(a, op, event - BEFORE, event),
    reference: window(a),
    candidate: window(b),
    states,
  };
}
