/** Classifies each process of a workload from its ops: how it was created and whether it execs. */
import {
  CHUNK_OPS,
  OP_EXEC,
  OP_FORK,
  OP_RFORK_MEM,
  OP_RFORK_THREAD,
  OP_SPAWN,
  OP_VFORK,
  type Workload,
} from '../workload/ops.ts';

const BORN: Readonly<Record<number, string>> = {
  [OP_FORK]: 'fork child',
  [OP_VFORK]: 'vfork child',
  [OP_SPAWN]: 'spawn child',
  [OP_RFORK_MEM]: 'rfork child',
  [OP_RFORK_THREAD]: 'rfork-thread child',
};

/** Per process of the workload: `first`, or `fork child`, `vfork child that execs` and the like. */
export function processKinds({ processes, actors, ops }: Workload): string[] {
  const kinds = processes.map(() => 'first');
  const execs = new Uint8Array(processes.length);
  for (const { code, who, arg, len } of ops.chunks) {
    const end = Math.min(CHUNK_OPS, code.length);
    for (let i = 0; i < end; i++) {
      const op = code[i];
      if (op === OP_EXEC) execs[actors[who[i]].process] = 1;
      const born = BORN[op];
      if (born === undefined || processes[arg[i]] === undefined) continue;
      kinds[arg[i]] = born;
      if (op === OP_SPAWN && len[i] >= 0) execs[arg[i]] = 1;
    }
  }
  return kinds.map((kind, i) => (execs[i] === 1 ? `${kind} that execs` : kind));
}
