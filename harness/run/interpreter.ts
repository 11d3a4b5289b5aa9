/**
 * From ops to the simulated kernel: one call per op, one outcome code back.
 *
 * Rules: step() runs one op of the acting process on its CPU and leaves the op's value in `value`. An op of a process that
 * is not there is not run. Hot: no allocation per op.
 */
import {
  ESTOPPED,
  type Machine,
  PRS_NORMAL,
  type Proc,
  VM_PROT_EXECUTE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  access,
  clockRead,
  postSignal,
  procCreate,
  resume,
  runOn,
  setHandler,
  sysBrk,
  sysExec,
  sysExecFail,
  sysExit,
  sysFork,
  sysMadvise,
  sysMinherit,
  sysMlock,
  sysMmap,
  sysMprotect,
  sysMsync,
  sysMunlock,
  sysMunmap,
  sysRfork,
  sysSpawn,
  sysVfork,
  sysWait,
  trapSignal,
  vmspaceUnshare,
} from '../../core/index.ts';
