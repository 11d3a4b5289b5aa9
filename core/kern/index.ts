/**
 * Processes: what workloads may ask of them.
 */
export * from './errno.ts';
export { STOP_POINTS, type StopPoint } from './stop.ts';
export { idleOtherCpus, procCreate, runOn } from './run.ts';
export { access, peek, physWord, poke } from './access.ts';
export { TIMEKEEP_OFFSET, TIMEKEEP_VALUE, clockRead, postSignal, setHandler, sysExit, trapSignal } from './signal.ts';
export { isWaitingForVfork, sysFork, sysRfork, sysVfork } from './fork.ts';
export * from './syscalls.ts';
export { execCleanup, execMapStack, execNewVmspace, mapSharedPage, sysExec, sysExecFail } from './exec.ts';
export { sysSpawn } from './spawn.ts';
export { kmemFree } from './kmem.ts';
export { sysWait } from './wait.ts';
export { resume } from './resume.ts';
