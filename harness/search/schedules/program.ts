/**
 * A workload as a program of several processes: the ops that keep their place, then what each process does in its own
 * order, and what has to come before what. All of that holds in the order as written, which is one of the schedules.
 */
import {
  CHUNK_OPS,
  OP_EXEC,
  OP_EXEC_FAIL,
  OP_EXIT,
  OP_GO,
  OP_MMAP,
  OP_STOP,
  OP_VFORK,
  OP_WAIT,
  type Op,
  STOP_POINTS,
  type Workload,
  makesProcess,
  opAt,
} from '../../workload/ops.ts';
import { pointsOf } from '../../workload/yield-points.ts';

/** A step of another process that has to be finished; atPoint: or stopped there, an index into STOP_POINTS. */
export interface Before {
  readonly process: number;
  readonly step: number;
  readonly atPoint: number | null;
}

/** One op of a process. */
export interface Step {
  /** stops before it that the workload says itself; it stops at no others then */
  readonly stops: readonly Op[];
  readonly op: Op;
  /** number of the op in the workload */
  readonly at: number;
  /** yield points at which it can be stopped, as indexes into STOP_POINTS */
  readonly points: readonly number[];
  readonly after: readonly Before[];
}

export interface Program {
  readonly workload: Workload;
  /** ops that come first, as written */
  readonly setUp: readonly Op[];
  readonly processes: readonly {
    /** index into the workload's processes */
    readonly index: number;
    readonly name: string;
    readonly steps: readonly Step[];
  }[];
}

const PPWAIT_CLEARED = STOP_POINTS.indexOf('ppwait-cleared');

interface Draft {
  readonly stops: Op[];
  readonly op: Op;
  readonly at: number;
  readonly after: Before[];
}

/** The ops before the first of a second process, and before the first that another process can see half done. */
function setUpOf(ops: readonly Op[], processOf: (op: Op) => number, points: readonly number[]): number {
  let others = false;
  for (let i = 0; i < ops.length; i++) {
    const op = ops[i];
    if (processOf(op) !== processOf(ops[0])) return i;
    if (op.code === OP_STOP || (others && pointsOf(op, points).length > 0)) return i;
    if (makesProcess(op.code)) others = true;
  }
  return ops.length;
}

/** points: yield points at which calls are stopped, as indexes into STOP_POINTS. */
export function programOf(workload: Workload, points: readonly number[]): Program {
  const { actors, processes } = workload;
  const processOf = (op: Op): number => actors[op.who].process;
  const ops = Array.from({ length: workload.ops.length }, (_one, i) => opAt(workload.ops, i));
  const setUp = setUpOf(ops, processOf, points);
  const drafts = new Map<number, Draft[]>();
  const said = new Map<number, Op[]>();
  /** by op: where it is */
  const stepOf = new Map<number, { readonly process: number; readonly step: number }>();
  ops.slice(setUp).forEach((op, i) => {
    const process = processOf(op);
    const own = drafts.get(process) ?? [];
    drafts.set(process, own);
    if (op.code === OP_STOP) {
      said.set(process, [...(said.get(process) ?? []), op]);
      return;
    }
    stepOf.set(setUp + i, { process, step: own.length });
    own.push({ stops: said.get(process) ?? [], op, at: setUp + i, after: [] });
    said.delete(process);
  });
  const indexes = [...drafts.keys()];
  const number = (process: number): number => indexes.indexOf(process);
  /** Where the call is over that begins with a step. */
  const endOf = (process: number, step: number): number => {
    const own = drafts.get(process)!;
    let end = step;
    while (own[end].stops.length > 0 && own[end + 1]?.op.code === OP_GO) end++;
    return end;
  };
  const need = (draft: Draft, process: number, step: number, atPoint: number | null = null): void => {
    draft.after.push({ process: number(process), step: endOf(process, step), atPoint });
  };

  const maker = new Map<number, number>();
  ops.forEach((op, i) => {
    if (makesProcess(op.code)) maker.set(op.arg, i);
  });
  /** A process exists once the call that makes it is over. */
  const needExists = (draft: Draft, process: number): void => {
    const at = maker.get(process);
    const made = at === undefined ? undefined : stepOf.get(at);
    if (made !== undefined && made.process !== processOf(draft.op)) need(draft, made.process, made.step);
  };
  for (const [process, own] of drafts) {
    if (own.length > 0) needExists(own[0], process);
    for (const draft of own) {
      const { op } = draft;
      if (op.code !== OP_WAIT || op.arg === process) continue;
      const last = drafts.get(op.arg)?.findLastIndex(({ at }) => at < draft.at) ?? -1;
      if (last >= 0) need(draft, op.arg, last);
    }
  }
  const isRelease = ({ op }: Draft): boolean =>
    op.code === OP_EXEC || op.code === OP_EXIT || (op.code === OP_EXEC_FAIL && op.len === 1);
  ops.forEach((op, i) => {
    if (op.code !== OP_VFORK) return;
    const { process, thread } = actors[op.who];
    const next = drafts.get(process)?.find((draft) => draft.at > i && actors[draft.op.who].thread === thread);
    if (next === undefined) return;
    const own = drafts.get(op.arg)?.filter(({ at }) => at < next.at) ?? [];
    const release = own.findIndex(isRelease);
    if (release >= 0) need(next, op.arg, release, PPWAIT_CLEARED);
    else if (own.length > 0) need(next, op.arg, own.length - 1);
  });
  // Names of addresses mean what they mean as written.
  const steps = [...drafts].flatMap(([process, own]) => own.map((draft, step) => ({ process, step, draft })));
  steps.sort((a, b) => a.draft.at - b.draft.at);
  const resultOf = ({ op }: Draft): number => (op.code === OP_MMAP ? workload.mmaps[op.arg].result : -1);
  steps.forEach(({ process, draft }, i) => {
    for (const earlier of steps.slice(0, i)) {
      if (earlier.process === process) continue;
      const stored = resultOf(earlier.draft);
      const read = earlier.draft.op.base - 1;
      const stores = resultOf(draft);
      if ((stored >= 0 && (draft.op.base - 1 === stored || stores === stored)) || (stores >= 0 && stores === read))
        need(draft, earlier.process, earlier.step);
    }
  });

  return {
    workload,
    setUp: ops.slice(0, setUp),
    processes: indexes.map((index) => {
      const own = drafts.get(index)!;
      return {
        index,
        name: processes[index].name,
        steps: own.map(({ stops, op, at, after }) => ({
          stops,
          op,
          at,
          after,
          points: stops.length > 0 || op.code === OP_GO ? [] : pointsOf(op, points),
        })),
      };
    }),
  };
}

/** The most ops of which schedules are searched. */
export const MOST_OPS = Math.min(1000, CHUNK_OPS);
