/**
 * Which op can be stopped at which yield point, and the C line where another process can run there. The names are those
 * of STOP_POINTS.
 *
 * There is none where a process holds what others would sleep for, as nothing sleeps here: vm_map_delete() holds the lock
 * of the map from before pmap_remove()'s unlocked test until the entry is gone, and vm_fault() keeps a page busy that it
 * has read while the map was unlocked. The hook's pmap_remove() holds no lock, but stopping it would stop a member of the
 * seam in the middle.
 */
import { OP_EXEC, OP_EXEC_FAIL, OP_EXIT, OP_FORK, OP_VFORK, type Op, STOP_POINTS } from './ops.ts';

export interface YieldPoint {
  readonly name: (typeof STOP_POINTS)[number];
  /** ops that can reach it */
  readonly ops: readonly number[];
  /** file and function of the kernel, and the place in it */
  readonly c: string;
}

export const YIELD_POINTS: readonly YieldPoint[] = [
  {
    name: 'refcnt-tested',
    ops: [OP_EXIT, OP_EXEC_FAIL],
    c: 'sys/kern/kern_exit.c exit1: vm_refcnt has been tested, before vmspace_exit()',
  },
  {
    name: 'release-failed',
    ops: [OP_EXIT, OP_EXEC_FAIL],
    c: 'sys/vm/vm_map.c vmspace_exit: refcount_release_if_last() has failed and proc0 is active, before refcount_release()',
  },
  {
    name: 'pages-removed',
    ops: [OP_EXIT, OP_EXEC_FAIL],
    c: 'sys/vm/vm_map.c vmspace_exit: pmap_remove_pages() has returned, before p_vmspace = &vmspace0',
  },
  {
    name: 'vmspace0-active',
    ops: [OP_EXIT, OP_EXEC_FAIL],
    c: 'sys/vm/vm_map.c vmspace_exit: pmap_activate() of proc0 has returned, before vmspace_dofree()',
  },
  {
    name: 'ppwait-cleared',
    ops: [OP_EXEC],
    c: 'sys/kern/kern_exec.c do_execve: P_PPWAIT is cleared, before vmspace_free(oldvmspace)',
  },
  {
    name: 'fork-unlocked',
    ops: [OP_FORK],
    c: 'sys/kern/kern_fork.c fork1: vmspace_fork() has unlocked both maps, before do_fork()',
  },
];

/** Does a stop before the op hold it up, if it reaches the point? Text says so of any point. */
export const mayStop = ({ code, len }: Pick<Op, 'code' | 'len'>): boolean =>
  code === OP_VFORK || (code === OP_EXEC_FAIL ? len === 1 : YIELD_POINTS.some(({ ops }) => ops.includes(code)));

/** Those of `points`, indexes into STOP_POINTS, that the op can reach. */
export const pointsOf = (op: Pick<Op, 'code' | 'len'>, points: readonly number[]): number[] =>
  mayStop(op)
    ? points.filter((point) => YIELD_POINTS.find(({ name }) => name === STOP_POINTS[point])!.ops.includes(op.code))
    : [];
