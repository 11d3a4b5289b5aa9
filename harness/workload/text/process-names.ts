/** Names that make the processes of a workload distinguishable in text. */
import { CHUNK_OPS, type Workload, hasTarget, makesProcess } from '../ops.ts';

/** The first and the last op that mentions each process. */
function mentions({ ops, actors, processes }: Workload): { first: Int32Array; last: Int32Array } {
  const first = new Int32Array(processes.length).fill(ops.length);
  const last = new Int32Array(processes.length).fill(-1);
  const mention = (process: number, op: number): void => {
    if (first[process] > op) first[process] = op;
    last[process] = op;
  };
  for (let i = 0; i < ops.length; i++) {
    const { code, who, arg } = ops.chunks[Math.floor(i / CHUNK_OPS)];
    const at = i % CHUNK_OPS;
    mention(actors[who[at]].process, i);
    const verb = code[at];
    if (hasTarget(verb) || makesProcess(verb)) mention(arg[at], i);
  }
  return { first, last };
}

/**
 * A name for each process, by index: its own name if no process of that name is mentioned any more, otherwise that name
 * with a number appended.
 */
export function processNames(workload: Workload): string[] {
  const { first, last } = mentions(workload);
  const busyUntil = new Map<string, number>();
  return workload.processes.map(({ name }, index) => {
    let free = name;
    for (let number = 2; (busyUntil.get(free) ?? -1) >= first[index]; number++) free = `${name}.${number}`;
    busyUntil.set(free, last[index]);
    return free;
  });
}
