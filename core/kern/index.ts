/** Processes: the operations that workloads may use. */
export { access, peek, physWord, poke } from './access.ts';
export { pageDaemonLook, vmDaemonVisit } from './daemons.ts';
export * from './errno.ts';
export { execCleanup } from './exec-cleanup.ts';
export { execMapStack, execNewVmspace, mapSharedPage, sysExec, sysExecFail } from './exec.ts';
export { isWaitingForVfork, sysFork, sysRfork, sysVfork } from './fork.ts';
export { kmemFree, kmemTake } from './kmem.ts';
export { resume } from './resume.ts';
export { idleOtherCpus, procCreate, runOn } from './run.ts';
export {
  TIMEKEEP_OFFSET,
  TIMEKEEP_VALUE,
  clockRead,
  postSignal,
  setHandler,
  sysExit,
  takePending,
  trapSignal,
} from './signal.ts';
export { sysSpawn } from './spawn.ts';
export { stopBit } from './stop.ts';
export * from './syscalls.ts';
export { sysWait } from './wait.ts';
