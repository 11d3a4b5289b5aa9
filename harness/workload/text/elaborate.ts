/**
 * Turns ops as written into an OpList: process names become lifetimes of processes, places become addresses, programs
 * become maps. An op that lacks something it needs is an error here, before anything runs.
 */
import { nearest } from '../../../core/suggest.ts';
import { WorkloadError } from '../errors.ts';
import { FileTable } from '../files.ts';
import { type AddressLayout, addressLayout } from '../machine.ts';
import type { MmapOperands } from '../mmap.ts';
import { ERRNOS, OUTCOME_SIGNAL } from '../names.ts';
import { OpListBuilder } from '../oplist.ts';
import {
  ABIS,
  type Abi,
  type Actor,
  type MachineSettings,
  OP_EXEC,
  OP_EXEC_FAIL,
  OP_EXIT,
  OP_FORK,
  OP_GO,
  OP_KILL,
  OP_SPAWN,
  OP_STOP,
  OP_TOUCH,
  OP_VFORK,
  OP_WAIT,
  type Process,
  type Program,
  type ProgramSpec,
  type Residence,
  type Workload,
  isAccess,
  opAccesses,
} from '../ops.ts';
import { BUILT_IN_PROGRAMS, buildProgram } from '../program.ts';
import { PLACE_WORDS } from './operands.ts';
import type { AddressNode, NameNode, OpNode } from './syntax.ts';

/** What is known statically about a process. */
interface Life {
  readonly index: number;
  program: Program | null;
  /** unsure: a signal may have ended it. stopped: within an op, so only `stop` and `go` may follow. */
  state: 'running' | 'stopped' | 'unsure' | 'gone';
  /** a stop was given: the next op may stop */
  armed: boolean;
  /** its state once the stopped op is finished */
  afterGo: 'running' | 'gone';
  goneLine: number;
  /** CPU of each thread that has run */
  readonly cpus: Map<string, number>;
}

/** The most accesses that one op may make, so that a run can finish. */
const MAX_ACCESSES = 2 ** 24;
const MAX_RESULTS = 65_534;

/** An address as operands store it: 0 or a result's base, and an offset from it. */
interface Address {
  readonly base: number;
  readonly addr: number;
}

export class Elaborator {
  readonly ops = new OpListBuilder();
  readonly #file: string;
  readonly #machine: MachineSettings;
  readonly #layouts: Readonly<Record<Abi, AddressLayout>>;
  readonly #files = new FileTable();
  readonly #specs = new Map<string, ProgramSpec>(BUILT_IN_PROGRAMS.map((spec) => [spec.name, spec]));
  readonly #programs = new Map<string, { index: number; program: Program }>();
  readonly #lives = new Map<string, Life>();
  readonly #processes: Process[] = [];
  readonly #actors: Actor[] = [];
  readonly #actorIndex = new Map<string, number>();
  readonly #mmaps: MmapOperands[] = [];
  readonly #results = new Map<string, number>();

  constructor(file: string, machine: MachineSettings) {
    this.#file = file;
    this.#machine = machine;
    const layouts = ABIS.map((abi) => [abi, addressLayout(machine, abi)] as const);
    this.#layouts = Object.fromEntries(layouts) as Record<Abi, AddressLayout>;
  }

  /**
   * Adds a program, which replaces a built-in one of the same name. Returns false if the name has already been used.
   */
  define(spec: ProgramSpec): boolean {
    if (this.#programs.has(spec.name)) return false;
    this.#specs.set(spec.name, spec);
    return true;
  }

  /** See FileTable.declare. */
  defineFile(name: string, resident: Residence, bytes: number): boolean {
    return this.#files.declare(name, resident, bytes);
  }

  /** Appends one op. */
  add(op: OpNode): void {
    const life = this.#actingLife(op);
    const who = this.#actor(op, life);
    const { base, addr } = op.address === null ? { base: 0, addr: 0 } : this.#address(op.address, op, life);
    let { len, arg } = op;
    if (op.end !== null) len = this.#length(op.address!, op.end, op, life);
    if (op.address !== null && base === 0) this.#within(addr, len, op.address, op);
    if (isAccess(op.code)) this.#countAccesses(len, arg, op);
    if (op.code === OP_TOUCH) this.#sharedPage(op, op.column, life);
    if (op.program !== null) {
      const { index, program } = this.#program(op.program, op);
      if (op.code === OP_SPAWN) {
        len = index;
      } else {
        arg = index;
        life.program = program;
      }
    }
    if (op.target !== null) arg = this.#target(op.target, op);
    if (op.mmap !== null) arg = this.#mmap(op);
    else if (op.result !== null) arg = this.#child(op.result, op, life);
    this.ops.push(op.code, who, addr, len, arg, op.line, base);
    if (op.expect !== 0) this.ops.markExpect(op.expect);
    this.#settle(op, life);
  }

  /** Returns the workload. */
  finish(name: string, title: string, signals: Workload['signals']): Workload {
    return {
      name,
      title,
      machine: this.#machine,
      signals,
      files: this.#files.files,
      programs: [...this.#programs.values()].map((entry) => entry.program),
      processes: this.#processes,
      actors: this.#actors,
      mmaps: this.#mmaps,
      results: [...this.#results.keys()],
      ops: this.ops.finish(),
      trace: null,
    };
  }

  #fail(op: OpNode, column: number, expected: string, found: string, suggestion = ''): never {
    throw new WorkloadError({ file: this.#file, line: op.line, column }, expected, found, suggestion);
  }

  #actingLife(op: OpNode): Life {
    const life = this.#lives.get(op.who);
    if (op.code === OP_EXEC && (life === undefined || life.state === 'gone')) return this.#begin(op.who, -1, null, 0);
    if (life === undefined) {
      const known = nearest(op.who, this.#lives.keys());
      this.#fail(op, op.column, 'a process that exec or fork has made', `'${op.who}'`, known);
    }
    if (life.state === 'gone') {
      this.#fail(op, op.column, 'a running process', `'${op.who}', which exited in line ${life.goneLine}`);
    }
    if (life.state === 'stopped' && op.code !== OP_GO && op.code !== OP_STOP) {
      this.#fail(op, op.column, `'${op.who}: go' first`, `an op of '${op.who}', which is stopped`);
    }
    if (op.code === OP_GO && life.state === 'running') {
      this.#fail(op, op.column, 'a stopped process', `'${op.who}', which is running`);
    }
    return life;
  }

  #begin(name: string, parent: number, program: Program | null, cpu: number): Life {
    const life: Life = {
      index: this.#processes.length,
      program,
      state: 'running',
      armed: false,
      afterGo: 'running',
      goneLine: 0,
      cpus: new Map([['', cpu]]),
    };
    this.#processes.push({ name, parent, pid: 0 });
    this.#lives.set(name, life);
    return life;
  }

  /** A thread stays on the CPU where it was last put; a new one starts where the main thread is. */
  #actor(op: OpNode, life: Life): number {
    const cpu = op.cpu >= 0 ? op.cpu : (life.cpus.get(op.thread) ?? life.cpus.get('')!);
    life.cpus.set(op.thread, cpu);
    const key = `${life.index}/${op.thread}@${cpu}`;
    let index = this.#actorIndex.get(key);
    if (index === undefined) {
      index = this.#actors.length;
      this.#actorIndex.set(key, index);
      this.#actors.push({ process: life.index, thread: op.thread, cpu });
    }
    return index;
  }

  #address(address: AddressNode, op: OpNode, life: Life): Address {
    const { base, offset } = address;
    const { stackTop, top } = this.#layoutOf(life);
    switch (base) {
      case '':
        return { base: 0, addr: offset };
      case 'shared':
        return { base: 0, addr: this.#sharedPage(op, address.column, life) + offset };
      case 'stack':
        return { base: 0, addr: stackTop + offset };
      case 'top':
        return { base: 0, addr: top + offset };
      case 'text':
      case 'data':
      case 'heap': {
        const start = life.program?.[base] ?? 0;
        if (start === 0) this.#fail(op, address.column, `a program with ${base} in '${op.who}'`, `'${base}'`);
        return { base: 0, addr: start + offset };
      }
      default: {
        const result = this.#results.get(base);
        if (result !== undefined) return { base: result + 1, addr: offset };
        const known = [...PLACE_WORDS, ...this.#results.keys()];
        this.#fail(op, address.column, "a place, or a name given with '->'", `'${base}'`, nearest(base, known));
      }
    }
  }

  #layoutOf({ program }: Life): AddressLayout {
    return this.#layouts[program?.spec.abi ?? 'native'];
  }

  #sharedPage(op: OpNode, column: number, life: Life): number {
    const { sharedPage } = this.#layoutOf(life);
    if (sharedPage === null)
      this.#fail(op, column, `a program with a shared page in '${op.who}'`, "one of abi 'no-shared'");
    return sharedPage;
  }

  #length(address: AddressNode, end: AddressNode, op: OpNode, life: Life): number {
    const from = this.#address(address, op, life);
    const to = this.#address(end, op, life);
    if (from.base !== to.base) this.#fail(op, end.column, 'an end in the same mapping', `'${end.base}'`);
    if (to.addr <= from.addr) this.#fail(op, end.column, 'an end above the start', hex(to.addr));
    return to.addr - from.addr;
  }

  #within(addr: number, len: number, address: AddressNode, op: OpNode): void {
    const { limit } = this.#layouts.native;
    const expected = `addresses from 0 to ${hex(limit)}`;
    if (addr < 0 || addr + Math.min(len, 1) > limit) this.#fail(op, address.column, expected, hex(addr));
    if (addr + len > limit) this.#fail(op, address.column, expected, `one that ends at ${hex(addr + len)}`);
  }

  #countAccesses(len: number, step: number, op: OpNode): void {
    const count = opAccesses(len, step);
    if (count > MAX_ACCESSES) this.#fail(op, op.column, `at most ${MAX_ACCESSES} accesses in one op`, `${count}`);
  }

  #program({ name, column }: NameNode, op: OpNode): { index: number; program: Program } {
    let entry = this.#programs.get(name);
    if (entry === undefined) {
      const spec = this.#specs.get(name);
      if (spec === undefined) {
        const known = [...this.#specs.keys(), ...(op.code === OP_SPAWN ? Object.keys(ERRNOS) : [])];
        this.#fail(op, column, 'the name of a program', `'${name}'`, nearest(name, known));
      }
      entry = { index: this.#programs.size, program: buildProgram(spec, this.#layouts[spec.abi], this.#files) };
      this.#programs.set(name, entry);
    }
    return entry;
  }

  #target({ name, column }: NameNode, op: OpNode): number {
    const life = this.#lives.get(name);
    if (life === undefined) {
      this.#fail(op, column, 'the name of a process', `'${name}'`, nearest(name, this.#lives.keys()));
    }
    if (op.code === OP_WAIT && life.state === 'running') {
      this.#fail(op, column, 'a process that has exited', `'${name}', which is still running`);
    }
    return life.index;
  }

  #mmap(op: OpNode): number {
    const { file, ...operands } = op.mmap!;
    const fileIndex = operands.kind === 'file' ? this.#files.index(file, operands.off + op.len) : -1;
    const result = op.result === null ? -1 : this.#resultIndex(op.result, op);
    this.#mmaps.push({ ...operands, file: fileIndex, result });
    return this.#mmaps.length - 1;
  }

  #resultIndex({ name, column }: NameNode, op: OpNode): number {
    let index = this.#results.get(name);
    if (index === undefined) {
      index = this.#results.size;
      if (index === MAX_RESULTS) this.#fail(op, column, `at most ${MAX_RESULTS} names for addresses`, 'one more');
      this.#results.set(name, index);
    }
    return index;
  }

  #child({ name, column }: NameNode, op: OpNode, parent: Life): number {
    const taken = this.#lives.get(name);
    if (taken !== undefined && (taken.state === 'running' || taken.state === 'stopped')) {
      this.#fail(op, column, 'a name for the child that is free', `'${name}', which is still running`);
    }
    const spawned = op.code === OP_SPAWN && op.program !== null;
    const program = spawned ? this.#programs.get(op.program!.name)!.program : parent.program;
    const child = this.#begin(name, parent.index, program, parent.cpus.get(op.thread)!);
    if (op.code === OP_SPAWN && op.program === null) this.#end(child, op.line);
    return child.index;
  }

  #end(life: Life, line: number): void {
    life.state = 'gone';
    life.goneLine = line;
  }

  /** Updates the state of the acting process after the op, as far as it can be known. */
  #settle(op: OpNode, life: Life): void {
    if (op.code === OP_STOP) {
      life.armed = true;
      return;
    }
    if (op.code === OP_GO) {
      if (life.state === 'stopped' && !life.armed) life.state = life.afterGo;
      life.armed = false;
      return;
    }
    const ends = op.code === OP_EXIT || (op.code === OP_EXEC_FAIL && op.len === 1);
    if (life.armed && (ends || op.code === OP_EXEC || op.code === OP_FORK || op.code === OP_VFORK)) {
      life.state = 'stopped';
      life.afterGo = ends ? 'gone' : 'running';
      life.goneLine = op.line;
    } else if (ends) {
      this.#end(life, op.line);
    }
    if (life.armed) this.#doubt(life); // a signal may have stopped it on its way out
    life.armed = false;
    if (op.code === OP_KILL) this.#doubt(this.#lives.get(op.target!.name)!);
    if (op.expect > OUTCOME_SIGNAL) this.#doubt(life);
  }

  #doubt(life: Life): void {
    if (life.state === 'running') life.state = 'unsure';
  }
}

const hex = (value: number): string => (value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`);
