/** Composition of a workload: ops by kind, accesses by direction. */
import {
  OP_NAMES,
  OP_ORDER,
  OP_READ,
  OP_RFORK_MEM,
  OP_RFORK_THREAD,
  OP_RUN,
  OP_TOUCH,
  OP_WRITE,
  type OpList,
  isAccess,
  opAccesses,
} from './ops.ts';

export interface OpCounts {
  readonly ops: number;
  /** `access` covers read, write, run and touch-shared; `vfork` includes rfork, which also shares the address space. */
  readonly opsByKind: Readonly<Record<string, number>>;
  /** Page accesses; an op over a span counts each access; a touch of the shared page is a read. */
  readonly accessesByKind: { readonly r: number; readonly w: number; readonly x: number };
}

const KIND_OF: readonly string[] = OP_NAMES.map((name, code) => {
  if (isAccess(code) || code === OP_TOUCH) return 'access';
  return code === OP_RFORK_MEM || code === OP_RFORK_THREAD ? 'vfork' : name;
});

export function countOps(ops: OpList): OpCounts {
  const byCode = new Float64Array(OP_NAMES.length);
  const accesses = new Float64Array(OP_NAMES.length);
  for (const { code, len, arg } of ops.chunks) {
    for (let i = 0; i < code.length; i++) {
      const op = code[i];
      byCode[op]++;
      if (isAccess(op)) accesses[op] += opAccesses(len[i], arg[i]);
    }
  }
  const opsByKind: Record<string, number> = {};
  for (const op of OP_ORDER) {
    if (byCode[op] > 0) opsByKind[KIND_OF[op]] = (opsByKind[KIND_OF[op]] ?? 0) + byCode[op];
  }
  const accessesByKind = { r: accesses[OP_READ] + byCode[OP_TOUCH], w: accesses[OP_WRITE], x: accesses[OP_RUN] };
  return { ops: ops.length, opsByKind, accessesByKind };
}
