/** On how many CPUs an address space of a workload is in use at once. */
import {
  CHUNK_OPS,
  OP_EXEC,
  OP_FORK,
  OP_RFORK_MEM,
  OP_RFORK_THREAD,
  OP_SPAWN,
  OP_UNSHARE,
  OP_VFORK,
  type Workload,
} from '../workload/ops.ts';

/**
 * The most CPUs on which the sharers of one address space run: 1 if every one has a sole owner. The parent of a vfork
 * sleeps while its child shares its address space, so the two count as one.
 */
export function mostSharers({ processes, actors, ops }: Workload): number {
  const spaceOf = processes.map((_process, i) => i);
  let spaces = processes.length;
  /** by space, the CPU of each actor that shares it */
  const cpus = new Map<number, Map<number, number>>();
  let most = 1;
  for (const { code, who, arg } of ops.chunks) {
    const end = Math.min(CHUNK_OPS, code.length);
    for (let i = 0; i < end; i++) {
      const actor = actors[who[i]];
      const { process } = actor;
      const op = code[i];
      if (op === OP_EXEC || op === OP_UNSHARE) spaceOf[process] = spaces++;
      else if (op === OP_RFORK_MEM || op === OP_RFORK_THREAD) spaceOf[arg[i]] = spaceOf[process];
      else if (op === OP_FORK || op === OP_VFORK || op === OP_SPAWN) spaceOf[arg[i]] = spaces++;
      const space = spaceOf[process];
      const here = cpus.get(space) ?? new Map<number, number>();
      cpus.set(space, here);
      here.set(who[i], actor.cpu);
      most = Math.max(most, concurrent(here, actors));
    }
  }
  return most;
}

/** CPUs of distinct threads; one thread that moves from CPU to CPU is on one at a time. */
function concurrent(here: ReadonlyMap<number, number>, actors: Workload['actors']): number {
  const threads = new Set([...here.keys()].map((who) => `${actors[who].process}/${actors[who].thread}`));
  return Math.min(threads.size, new Set(here.values()).size);
}
