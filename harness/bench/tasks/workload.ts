/**
 * fork-loop, replay: a whole workload through the interpreter, without a record of it.
 */
import { type Variant, bootMachine, resetMachine } from '../../../core/index.ts';
import { Interpreter } from '../../run/interpreter.ts';
import { CHUNK_OPS, OP_FORK, type Workload } from '../../workload/ops.ts';
import type { Prepared } from './prepared.ts';

/** Forks in a hand-written loop, recorded events in a recording. */
function operationsOf({ trace, ops }: Workload): number {
  if (trace !== null) return trace.lines - 1;
  let forks = 0;
  for (const { code } of ops.chunks) for (const op of code) if (op === OP_FORK) forks++;
  return forks;
}

/** A batch starts on a machine that was reset, and ends with the sum of its counters. */
export function prepareWorkload(variant: Variant, workload: Workload): Prepared {
  const m = bootMachine(workload.machine, variant.hunks);
  const batch = (): number => {
    resetMachine(m, workload.machine, variant.hunks);
    const interpreter = new Interpreter(m, workload, workload);
    for (const chunk of workload.ops.chunks) {
      const end = Math.min(CHUNK_OPS, chunk.code.length);
      for (let at = 0; at < end; at++) interpreter.step(chunk, at);
    }
    return m.counts().reduce((sum, counter) => sum + counter, 0);
  };
  return { ops: operationsOf(workload), batch };
}
