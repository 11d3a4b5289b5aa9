/** posix_spawn. FreeBSD: lib/libc/gen/posix_spawn.c */
import type { Machine } from '../hunks.ts';
import { PRS_NORMAL, type Image, type Proc } from '../state/proc.ts';
import { sysExec } from './exec.ts';
import { rforkSpawn } from './fork.ts';
import { runOn } from './run.ts';
import { sysExit } from './signal.ts';
import { sysWait } from './wait.ts';

/**
 * Creates a child in p's vmspace that execs at once while p sleeps; p then runs again with the child's pid in m.retval.
 * If image is null, the exec fails with `errno`: the child exits, p reaps it and the call returns that error.
 * FreeBSD: none (posix_spawn is in the C library)
 */
export function sysSpawn(m: Machine, p: Proc, image: Image | null, errno: number): number {
  const { curcpu } = m;
  const thread = m.runningThread[curcpu];
  const child = rforkSpawn(m, p);
  runOn(m, child, curcpu);
  if (image === null) {
    sysExit(m, child, 127);
    if (p.state !== PRS_NORMAL) return errno;
    runOn(m, p, curcpu, thread);
    sysWait(m, p, child.pid);
    return errno;
  }
  sysExec(m, child, image);
  if (p.state === PRS_NORMAL) runOn(m, p, curcpu, thread);
  m.retval = child.pid;
  return 0;
}
