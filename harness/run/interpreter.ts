/**
 * Runs ops on the simulated kernel: one call per op, which returns one outcome code.
 *
 * Rules: step() runs one op of the acting process on its CPU; `value`, `acting` and `faults` describe that op until the
 * next. An op of a process that does not exist is not run. Hot: no allocation per op.
 */
import {
  ESTOPPED,
  type Image,
  type Machine,
  PAGE_SIZE,
  PRS_NORMAL,
  type Pmap,
  type Proc,
  type Sysent,
  VM_PROT_EXECUTE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  access,
  clockRead,
  isWaitingForVfork,
  kmemFree,
  kmemTake,
  procCreate,
  resume,
  runOn,
  setHandler,
  stopBit,
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
  sysUnshare,
  sysVfork,
  sysWait,
  takePending,
  trapSignal,
} from '../../core/index.ts';
import { ASLEEP, OUTCOME_NOT_RUN, OUTCOME_OK, OUTCOME_SIGNAL, OUTCOME_STOPPED } from '../workload/names.ts';
import {
  OP_BRK,
  OP_CLOCK,
  OP_EXEC,
  OP_EXEC_FAIL,
  OP_EXIT,
  OP_FORK,
  OP_GO,
  OP_HANDLER,
  OP_KILL,
  OP_KMEM_FREE,
  OP_KMEM_TAKE,
  OP_MADVISE,
  OP_MINHERIT,
  OP_MLOCK,
  OP_MMAP,
  OP_MPROTECT,
  OP_MSYNC,
  OP_MUNLOCK,
  OP_MUNMAP,
  OP_READ,
  OP_RFORK_MEM,
  OP_RFORK_THREAD,
  OP_RUN,
  OP_SNAPSHOT,
  OP_SPAWN,
  OP_STOP,
  OP_SWAPOUT,
  OP_TOUCH,
  OP_UNREF,
  OP_UNSHARE,
  OP_VFORK,
  OP_WAIT,
  OP_WRITE,
  type OpChunk,
  STOP_POINTS,
} from '../workload/ops.ts';
import type { Piece, Tables, WorkloadHead } from '../workload/pieces.ts';
import { createFiles, imagesOf } from './files.ts';
import { mmapFlags } from './mmap-flags.ts';
import { OpSpan } from './op-span.ts';
import { kill, visit } from './others.ts';
import { sysentOf } from './sysent.ts';
import { Unborn } from './unborn.ts';

export class Interpreter {
  readonly #m: Machine;
  #tables: Tables;
  readonly #sysent: Sysent;
  readonly #kills: boolean;
  readonly #files: readonly number[];
  readonly #images: readonly Image[];
  readonly #pti: boolean;
  /** Recordings contain no wait: a child is reaped when it exits, since there could be millions of zombies. */
  readonly #reaps: boolean;
  #mmapFlags = new Int32Array();
  #threads = new Int32Array(); // number of each actor's thread, 0 the main one
  readonly #threadNames = [''];
  /** by index into the tables' processes; null if not created yet */
  #procs: (Proc | null)[] = [];
  /** per process, the yield points at which its next op stops, as in m.stopAt */
  #stops = new Int32Array();
  readonly #unborn = new Unborn();
  /** addresses stored by mmap, NaN before */
  readonly #results: Float64Array;

  /** What the last op returned or read; not run: the signal that its process died of, or ASLEEP; stopped: the yield point. */
  value = 0;
  /** The process that ran it, or that a daemon visited in it; null if it no longer exists, or is stopped meanwhile. */
  acting: Proc | null = null;
  /** Page accesses it made, faults they took, and the number of accesses that faulted at least once. */
  accesses = 0;
  faults = 0;
  faulted = 0;
  readonly span = new OpSpan();

  /** Expects a freshly reset machine; creates the workload's files. The tables are those of the first ops. */
  constructor(m: Machine, workload: Omit<WorkloadHead, 'length'>, tables: Tables) {
    this.#m = m;
    this.#tables = tables;
    this.#pti = workload.machine.pti;
    this.#reaps = workload.trace !== null;
    this.#sysent = sysentOf(workload.machine);
    this.#kills = workload.signals === 'kill';
    const files = createFiles(m, workload.files);
    this.#images = imagesOf(workload, files);
    this.#files = files;
    this.#results = new Float64Array(workload.results.length).fill(Number.NaN);
    const { processes, actors, mmaps } = tables;
    this.enter({ processes, actors, mmaps, carried: new Int32Array(processes.length).fill(-1) });
  }

  /** From here on, ops index these tables. carried: as in Piece. */
  enter({ processes, actors, mmaps, carried }: Tables & Pick<Piece, 'carried'>): void {
    const before = this.#tables;
    this.#tables = { processes, actors, mmaps };
    if (mmaps !== before.mmaps || this.#mmapFlags.length !== mmaps.length)
      this.#mmapFlags = Int32Array.from(mmaps, mmapFlags);
    if (carried === null) return;
    this.#threads = new Int32Array(actors.length);
    for (let i = 0; i < actors.length; i++) this.#threads[i] = this.#threadNumber(actors[i].thread);
    const [procs, stops] = [this.#procs, this.#stops];
    this.#procs = processes.map((_process, i) => (carried[i] < 0 ? null : procs[carried[i]]));
    this.#stops = new Int32Array(processes.length);
    for (let i = 0; i < carried.length; i++) if (carried[i] >= 0) this.#stops[i] = stops[carried[i]];
    this.#unborn.renumber(carried);
  }

  #threadNumber(name: string): number {
    const number = this.#threadNames.indexOf(name);
    return number < 0 ? this.#threadNames.push(name) - 1 : number;
  }

  /** Pmap of the acting process of the last op; null if it no longer has its own address space. */
  pmap(): Pmap | null {
    const p = this.acting;
    return p === null || p.vmspace === this.#m.vmspace0 ? null : p.vmspace.pmap;
  }

  /** Processes that have not exited. */
  alive(): number {
    let count = 0;
    for (const p of this.#procs) if (p !== null && p.state === PRS_NORMAL) count++;
    return count;
  }

  /** The workload's name for a process. */
  nameOf(p: Proc): string {
    const process = this.#procs.indexOf(p);
    return process < 0 ? `pid ${p.pid}` : this.#tables.processes[process].name;
  }

  /** The process that runs entry `at` of a chunk, made now if it is a child of init; null if it does not exist. */
  processOf(chunk: OpChunk, at: number): Proc | null {
    const { process } = this.#tables.actors[chunk.who[at]];
    return this.#procs[process] ?? this.#firstSeen(process);
  }

  /** Runs entry `at` of a chunk and returns its outcome code. Throws KernelPanic. */
  step(chunk: OpChunk, at: number): number {
    const m = this.#m;
    this.value = 0;
    this.accesses = 0;
    this.faults = 0;
    this.faulted = 0;
    this.span.clear();
    const { process, cpu } = this.#tables.actors[chunk.who[at]];
    const p = this.#procs[process] ?? this.#firstSeen(process);
    this.acting = p;
    if (p === null) return OUTCOME_NOT_RUN;
    if (p.state !== PRS_NORMAL) {
      this.value = p.exitSignal;
      return OUTCOME_NOT_RUN;
    }
    const verb = chunk.code[at];
    if (verb === OP_STOP) {
      // It is about the process's next op: it does not run now.
      if (p.stoppedAt !== 0) this.acting = null; // what it has half done is not looked at
      this.#stops[process] |= stopBit(STOP_POINTS[chunk.arg[at]]);
      return OUTCOME_OK;
    }
    if (p.stoppedAt !== 0 && verb !== OP_GO) return OUTCOME_NOT_RUN;
    const thread = this.#threads[chunk.who[at]];
    if (isWaitingForVfork(p, thread)) {
      this.value = ASLEEP;
      return OUTCOME_NOT_RUN;
    }
    if (m.curproc !== p || m.curcpu !== cpu || m.runningThread[cpu] !== thread) runOn(m, p, cpu, thread);
    m.stopAt = this.#stops[process];
    if (m.stopAt !== 0) this.#stops[process] = 0;
    let code = this.#do(p, process, chunk, at);
    if (p.pending !== 0 && verb <= OP_GO) takePending(m, p); // behind it are ops of others
    m.stopAt = 0;
    if (p.stoppedAt !== 0) {
      code = OUTCOME_STOPPED;
      this.value = p.stoppedAt;
    }
    this.#unborn.enterBorn(m, this.#procs);
    return code;
  }

  /** Creates a child of init before its first op; any other process without a creator does not exist. */
  #firstSeen(process: number): Proc | null {
    if (this.#tables.processes[process].parent >= 0) return null;
    return (this.#procs[process] = procCreate(this.#m, this.#sysent, this.#pti));
  }

  #do(p: Proc, process: number, chunk: OpChunk, at: number): number {
    const m = this.#m;
    const arg = chunk.arg[at];
    const len = chunk.len[at];
    const base = chunk.base[at];
    const addr = base === 0 ? chunk.addr[at] : this.#results[base - 1] + chunk.addr[at];
    if (addr !== addr) return OUTCOME_NOT_RUN; // named after an mmap that did not succeed
    const code = chunk.code[at];
    this.span.begin(p, code, addr, len);
    switch (code) {
      case OP_READ:
        return this.#accessSpan(p, addr, len, arg, VM_PROT_READ);
      case OP_WRITE:
        return this.#accessSpan(p, addr, len, arg, VM_PROT_WRITE);
      case OP_RUN:
        return this.#accessSpan(p, addr, len, arg, VM_PROT_EXECUTE);
      case OP_TOUCH:
        return this.#accessSpan(p, p.sysent.sharedPage!.base, 1, PAGE_SIZE, VM_PROT_READ);
      case OP_CLOCK:
        return this.#clock(p);
      case OP_FORK:
        return this.#fork(p, process, arg);
      case OP_VFORK:
        return this.#child(arg, sysVfork(m, p));
      case OP_RFORK_MEM:
        return this.#child(arg, sysRfork(m, p, 'mem'));
      case OP_RFORK_THREAD:
        return this.#child(arg, sysRfork(m, p, 'thread'));
      case OP_SPAWN:
        return this.#spawn(p, arg, len);
      case OP_UNSHARE:
        return sysUnshare(m, p);
      case OP_EXEC:
        return sysExec(m, p, this.#images[arg]);
      case OP_EXEC_FAIL:
        return sysExecFail(m, p, arg, len === 1);
      case OP_EXIT:
        return this.#exit(p, arg | 0);
      case OP_WAIT:
        return this.#wait(p, this.#procs[arg]);
      case OP_KILL:
        return kill(m, p, this.#procs[arg], len);
      case OP_HANDLER:
        return setHandler(m, p, arg);
      case OP_MMAP:
        return this.#mmap(p, arg, addr, len);
      case OP_MUNMAP:
        return sysMunmap(m, p, addr, len);
      case OP_MPROTECT:
        return sysMprotect(m, p, addr, len, arg);
      case OP_MINHERIT:
        return sysMinherit(m, p, addr, len, arg);
      case OP_MADVISE:
        return sysMadvise(m, p, addr, len, arg);
      case OP_MSYNC:
        return sysMsync(m, p, addr, len, arg);
      case OP_MLOCK:
        return sysMlock(m, p, addr, len);
      case OP_MUNLOCK:
        return sysMunlock(m, p, addr, len);
      case OP_BRK:
        return sysBrk(m, p, p.vmspace.daddr + p.vmspace.dsize * PAGE_SIZE + len);
      case OP_GO:
        return this.#go(p, process);
      case OP_SNAPSHOT:
        return OUTCOME_OK;
      case OP_KMEM_FREE:
        kmemFree(m);
        this.value = m.retval;
        return OUTCOME_OK;
      case OP_KMEM_TAKE:
        kmemTake(m, arg);
        return OUTCOME_OK;
      case OP_SWAPOUT:
      case OP_UNREF:
        this.acting = this.#procs[arg] ?? p;
        return visit(m, this.#procs[arg], code, len, this.span);
      default:
        throw new RangeError(`op code: expected 0..${OP_UNREF}, got ${code}`);
    }
  }

  #child(process: number, errno: number): number {
    if (errno !== 0) return errno;
    const pid = this.#m.retval;
    this.value = pid;
    this.#procs[process] = this.#m.procs.get(pid) ?? null;
    return OUTCOME_OK;
  }

  #exit(p: Proc, status: number): number {
    const errno = sysExit(this.#m, p, status);
    if (this.#reaps && p.parent !== null) sysWait(this.#m, p.parent, p.pid);
    return errno;
  }

  #fork(p: Proc, process: number, child: number): number {
    const errno = sysFork(this.#m, p);
    if (errno === ESTOPPED) this.#unborn.add(process, child);
    return this.#child(child, errno);
  }

  /** A negative program is minus the errno with which the child's exec fails. */
  #spawn(p: Proc, process: number, program: number): number {
    const image = program < 0 ? null : this.#images[program];
    return this.#child(process, sysSpawn(this.#m, p, image, -program));
  }

  #go(p: Proc, process: number): number {
    const forks = this.#unborn.has(process);
    const errno = resume(this.#m, p);
    if (forks) this.value = p.lastChild;
    return p.state !== PRS_NORMAL && p.exitSignal !== 0 ? OUTCOME_SIGNAL + p.exitSignal : errno;
  }

  #wait(p: Proc, target: Proc | null): number {
    if (target === null) return OUTCOME_NOT_RUN;
    const errno = sysWait(this.#m, p, target.pid);
    if (errno === 0) this.value = this.#m.retval;
    return errno;
  }

  #mmap(p: Proc, index: number, addr: number, len: number): number {
    const m = this.#m;
    const { kind, prot, maxProt, file, off, result } = this.#tables.mmaps[index];
    const number = file < 0 ? -1 : this.#files[file];
    const errno = sysMmap(m, p, addr, len, prot, maxProt, this.#mmapFlags[index], number, off, kind === 'phys');
    if (errno !== 0) return errno;
    this.value = m.retval;
    this.span.set(m.retval, m.retval + len);
    if (result >= 0) this.#results[result] = m.retval;
    return OUTCOME_OK;
  }

  /** Accesses addr, addr + step, .. below addr + len; the first access that ends in a signal ends the op. */
  #accessSpan(p: Proc, addr: number, len: number, step: number, kind: number): number {
    const m = this.#m;
    // Uses offsets from the start: above 2^53, with five levels, adding a small step to an address may not change it.
    for (let at = 0; at < len; at += step) {
      const signal = access(m, p, addr + at, kind);
      this.accesses++;
      this.faults += m.faults;
      if (m.faults !== 0) this.faulted++;
      if (signal !== 0) return this.#signalled(p, signal);
    }
    return OUTCOME_OK;
  }

  #clock(p: Proc): number {
    const signal = clockRead(this.#m, p);
    if (signal !== 0) return this.#signalled(p, signal);
    this.value = this.#m.retval;
    return OUTCOME_OK;
  }

  #signalled(p: Proc, signal: number): number {
    const fatal = this.#kills ? trapSignal(this.#m, p, signal) : 0;
    return OUTCOME_SIGNAL + (fatal === 0 ? signal : fatal);
  }
}
