/**
 * The replay rule: how the events of a recorded Linux process tree become ops on the simulated FreeBSD system. Every
 * replay of a trace follows it, so that results can be compared op by op.
 */
import {
  MAX_RAM,
  PAGE_SIZE,
  VM_PROT_ALL,
  VM_PROT_EXECUTE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  roundPage,
} from '../../../core/units.ts';
import { FileTable } from '../files.ts';
import { addressLayout, ramFor } from '../machine.ts';
import { MMAP_WISHES, type MmapKind, type MmapOperands, type MmapWish } from '../mmap.ts';
import {
  ADVICES,
  type LeftOut,
  type MachineSettings,
  OP_EXEC,
  OP_EXIT,
  OP_FORK,
  OP_MADVISE,
  OP_MMAP,
  OP_MPROTECT,
  OP_MUNMAP,
  OP_READ,
  OP_RFORK_MEM,
  OP_RUN,
  OP_TOUCH,
  OP_VFORK,
  OP_WRITE,
  ORIGIN_FAULT,
  ORIGIN_FAULT_PRESENT,
  ORIGIN_RESIDENT,
  ORIGIN_TOUCH,
  type TouchPolicy,
} from '../ops.ts';
import type { Piece, WorkloadHead } from '../pieces.ts';
import { BUILT_IN_PROGRAMS, buildProgram } from '../program.ts';
import { MemoryNeed } from './memory-need.ts';
import { type Live, PieceBuilder } from './piece-builder.ts';
import type { EventOf, TraceEvent, TraceMap, TraceMeta } from './schema.ts';

/** Linux's counterparts of the shared page: these mappings do not exist on FreeBSD. */
const KERNEL_MAPS = new Set(['[vvar]', '[vvar_vclock]', '[vdso]', '[vsyscall]']);
const STACK_SIZE = 8 * 2 ** 20;
const ACCESS_CODE = { r: OP_READ, w: OP_WRITE, x: OP_RUN } as const;
const FORK_CODE = { fork: OP_FORK, vfork: OP_VFORK, clone_vm: OP_RFORK_MEM } as const;
/** The recorded programs' mappings are separate ops. */
const NO_MAPS = BUILT_IN_PROGRAMS.find((spec) => spec.entries === 1)!;

/** How a recording's flags of mmap name what a replay asks for besides: FreeBSD's words, which Linux does not have. */
const WISH_FLAGS: Readonly<Record<MmapWish, string>> = {
  prefault: 'PREFAULT_READ',
  nocore: 'NOCORE',
  nosync: 'NOSYNC',
};
const PLAIN: MmapOperands = {
  kind: 'anon',
  prot: VM_PROT_READ | VM_PROT_WRITE,
  maxProt: VM_PROT_ALL,
  shared: false,
  wishes: [],
  fixed: true,
  file: -1,
  off: 0,
  result: -1,
};

/** Number of exited pids whose exit line is remembered. */
const MOST_GONE = 65_536;

const protBits = (text: string): number =>
  (text[0] === 'r' ? VM_PROT_READ : 0) |
  (text[1] === 'w' ? VM_PROT_WRITE : 0) |
  (text[2] === 'x' ? VM_PROT_EXECUTE : 0);

const isFile = (file: string | null): file is string => file !== null && !file.startsWith('[');

const hasLoader = ({ loader, maps }: EventOf<'exec'>): boolean =>
  loader !== undefined || maps.some(({ file }) => isFile(file) && /(^|\/)(ld-|ld\.so)[^/]*$/.test(file));

/** Returns why maps cannot belong to a process, as [expected, found]. */
function mapsProblem(maps: readonly TraceMap[]): readonly [string, string] | null {
  let last = 0;
  for (const { start, end, file, res } of maps) {
    const [from, to] = [Number(start), Number(end)];
    if (from < last || to < from) return ['maps in address order', `one from ${start} to ${end}`];
    if (file === '[stack]' && to < STACK_SIZE) return [`a stack above ${STACK_SIZE} bytes`, `one that ends at ${end}`];
    for (const [first, count] of res) {
      if ((first + count) * PAGE_SIZE > to - from)
        return [`resident pages in the map at ${start}`, `${count} from page ${first}`];
    }
    last = to;
  }
  return null;
}

export interface ReplayOptions {
  readonly touch: TouchPolicy;
  readonly machine: MachineSettings;
  /** its memory may grow with what the recording needs */
  readonly grows: boolean;
}

/**
 * Takes the events of one trace in file order. A method that rejects an event returns what was expected and what was
 * found.
 */
export class ReplayRule {
  readonly #meta: TraceMeta;
  readonly #options: ReplayOptions;
  readonly #files = new FileTable();
  readonly #made = new PieceBuilder();
  readonly #need = new MemoryNeed();
  /** the exit lines of the pids that exited last */
  readonly #goneLine = new Map<number, number>();
  #exitsAdded = 0;
  readonly #leftOut: LeftOut = {
    faultsInVdso: 0,
    faultsInVvar: 0,
    touches: 0,
    madviseDontfork: 0,
    brkQueries: 0,
    brkWithinPage: 0,
  };

  constructor(meta: TraceMeta, options: ReplayOptions) {
    this.#meta = meta;
    this.#options = options;
    this.#made.begin(meta.root, -1);
    this.#need.begin(meta.root);
  }

  /** Appends the ops of an event; a rejection is [expected, found]. */
  event(event: TraceEvent, line: number): readonly [string, string] | null {
    const live = this.#made.live.get(event.pid);
    if (live === undefined) return this.#unknown(event.pid);
    const who = live.index;
    switch (event.ev) {
      case 'fault':
        if (event.in === undefined) this.#need.access(event.pid, Number(event.addr));
        this.#fault(event, who, line);
        return null;
      case 'mmap':
        if (event.err !== undefined) return null;
        if (event.addr === undefined) return ["'addr' in an mmap without 'err'", 'none'];
        this.#mapping(event, Number(event.addr), who, line);
        return null;
      case 'munmap':
        this.#need.unmap(event.pid, Number(event.addr), event.len);
        this.#made.ops.push(OP_MUNMAP, who, Number(event.addr), event.len, 0, line);
        return null;
      case 'mprotect':
        this.#made.ops.push(OP_MPROTECT, who, Number(event.addr), event.len, protBits(event.prot), line);
        return null;
      case 'madvise':
        this.#advise(event, who, line);
        return null;
      case 'mremap':
        this.#remap(event, who, line);
        return null;
      case 'brk':
        this.#brk(event, who, line);
        return null;
      case 'touch':
        this.#touch(live, line);
        return null;
      case 'fork':
        return event.kind === 'thread' ? null : this.#fork(event, who, line);
      case 'exec':
        return this.#exec(event, live, line);
      case 'exit':
        this.#exit(event.pid, event.code, line);
        return null;
      default:
        return null;
    }
  }

  /** Number of ops since the last piece was taken. */
  get held(): number {
    return this.#made.ops.length;
  }

  /** Returns the ops since the last piece was taken. */
  take(): Piece {
    return this.#made.take();
  }

  /** Call at the end of the trace: the remaining processes exit in pid order. */
  end(lines: number): void {
    if (lines === 1) this.#made.live.clear(); // an empty recording has no exit either
    this.#exitsAdded = this.#made.live.size;
    for (const pid of [...this.#made.live.keys()].toSorted((a, b) => a - b)) this.#exit(pid, 0, lines);
  }

  /** The workload read so far, without ops. */
  head(lines: number): WorkloadHead {
    const { name, note, cmd, recorder } = this.#meta;
    const { machine: given, grows, touch } = this.#options;
    const { most: pages } = this.#need;
    const machine = grows ? { ...given, ram: ramFor(given.ram, pages, this.#files.pages) } : given;
    return {
      name,
      title: note || cmd,
      machine,
      signals: 'report',
      files: this.#files.files,
      programs: [buildProgram(NO_MAPS, addressLayout(machine), this.#files)],
      results: [],
      trace: { touch, lines, command: cmd, recorder, leftOut: this.#leftOut, exitsAdded: this.#exitsAdded, pages },
      length: this.#made.length,
    };
  }

  #unknown(pid: number): readonly [string, string] {
    const gone = this.#goneLine.get(pid);
    return ['the pid of a running process', gone === undefined ? `${pid}` : `${pid}, which exited in line ${gone}`];
  }

  #fork({ pid, child, kind }: EventOf<'fork'>, who: number, line: number): readonly [string, string] | null {
    const code = FORK_CODE[kind as keyof typeof FORK_CODE];
    if (this.#made.live.has(child)) return ['the pid of a new child', `${child}, which is running`];
    const index = this.#made.begin(child, who);
    this.#need.fork(pid, child, kind !== 'fork');
    this.#made.ops.push(code, who, 0, 0, index, line);
    if (this.#options.touch === 'all' && code === OP_FORK) this.#pushTouch(index, line);
    return null;
  }

  #exit(pid: number, code: number, line: number): void {
    this.#made.ops.push(OP_EXIT, this.#made.live.get(pid)!.index, 0, 0, code, line);
    this.#made.live.delete(pid);
    this.#need.end(pid);
    this.#goneLine.delete(pid);
    this.#goneLine.set(pid, line);
    if (this.#goneLine.size <= MOST_GONE) return;
    const [oldest] = this.#goneLine.keys();
    this.#goneLine.delete(oldest);
  }

  /** exec, all maps in address order, all resident pages, then the shared page if the policy requires it. */
  #exec(event: EventOf<'exec'>, live: Live, line: number): readonly [string, string] | null {
    const { pid, maps } = event;
    const refusal = mapsProblem(maps);
    if (refusal !== null) return refusal;
    const who = live.index;
    const { touch } = this.#options;
    const own = maps.filter(({ file }) => !KERNEL_MAPS.has(file ?? ''));
    this.#made.ops.push(OP_EXEC, who, 0, 0, 0, line);
    this.#need.begin(pid);
    for (const map of own) {
      if (isFile(map.file)) this.#need.map(pid, Number(map.start));
      this.#programMap(map, who, line);
    }
    for (const map of own) {
      for (const [first, count] of map.res)
        for (let page = first; page < first + count; page++)
          this.#need.access(pid, Number(map.start) + page * PAGE_SIZE);
      this.#resident(map, who, line);
    }
    if (hasLoader(event)) live.dynamic = true;
    if (touch === 'all' || (touch === 'exec' && hasLoader(event))) this.#pushTouch(who, line);
    return null;
  }

  #programMap({ start, end, prot, flags, file, off, ino }: TraceMap, who: number, line: number): void {
    const len = Number(end) - Number(start);
    if (file === '[stack]') {
      this.#mmap(who, line, Number(end) - STACK_SIZE, STACK_SIZE, { kind: 'stack' });
    } else if (isFile(file)) {
      const index = this.#files.index(ino === undefined ? file : `${file}#${ino}`, off + len);
      this.#mmap(who, line, Number(start), len, { kind: 'file', prot: protBits(prot), file: index, off });
    } else {
      const kind = flags.includes('GUARD') ? 'guard' : 'anon';
      this.#mmap(who, line, Number(start), len, { kind, prot: protBits(prot) });
    }
  }

  #resident({ start, prot, res }: TraceMap, who: number, line: number): void {
    const readable = prot[0] === 'r' ? OP_READ : OP_RUN;
    for (const [first, count, kind] of res) {
      const code = kind === 'anon' && prot[1] === 'w' ? OP_WRITE : readable;
      for (let page = first; page < first + count; page++) {
        this.#access(code, who, Number(start) + page * PAGE_SIZE, ORIGIN_RESIDENT, line);
      }
    }
  }

  #mapping(event: EventOf<'mmap'>, addr: number, who: number, line: number): void {
    const { pid, len, flags, off } = event;
    const kind = this.#kindOf(event);
    const shared = flags.includes('SHARED') || flags.includes('SHARED_VALIDATE');
    const wishes = MMAP_WISHES.filter((wish) => flags.includes(WISH_FLAGS[wish]));
    const more = { kind, prot: protBits(event.prot), maxProt: protBits(event.max), shared, wishes };
    if (kind !== 'file') {
      this.#mmap(who, line, addr, len, more);
      return;
    }
    this.#need.map(pid, addr, wishes.includes('prefault') ? Math.min(len, MAX_RAM) : 1);
    this.#mmap(who, line, addr, len, { ...more, file: this.#files.index(event.file!, off + roundPage(len)), off });
  }

  /** Linux has no guards, and its MAP_STACK has no effect. */
  #kindOf({ flags, file }: EventOf<'mmap'>): MmapKind {
    if (flags.includes('GUARD')) return 'guard';
    if (flags.includes('STACK') && this.#meta.os.startsWith('FreeBSD')) return 'stack';
    return isFile(file) && !flags.includes('ANON') ? 'file' : 'anon';
  }

  #mmap(who: number, line: number, addr: number, len: number, more: Partial<MmapOperands> = {}): void {
    this.#made.ops.push(OP_MMAP, who, addr, roundPage(len), this.#made.mmap({ ...PLAIN, ...more }), line);
  }

  #advise({ addr, len, advice }: EventOf<'madvise'>, who: number, line: number): void {
    const known = (ADVICES as readonly string[]).indexOf(advice.toLowerCase());
    if (known < 0) this.#leftOut.madviseDontfork++;
    else this.#made.ops.push(OP_MADVISE, who, Number(addr), len, known, line);
  }

  #remap(event: EventOf<'mremap'>, who: number, line: number): void {
    const from = Number(event.addr);
    const to = Number(event.new);
    const len = roundPage(event.len);
    const newLen = roundPage(event.newlen);
    if (to !== from) {
      this.#mmap(who, line, to, newLen);
      this.#made.ops.push(OP_MUNMAP, who, from, len, 0, line);
    } else if (newLen < len) {
      this.#made.ops.push(OP_MUNMAP, who, from + newLen, len - newLen, 0, line);
    } else if (newLen > len) {
      this.#mmap(who, line, from + len, newLen - len);
    }
  }

  #brk({ addr, old }: EventOf<'brk'>, who: number, line: number): void {
    if (old === undefined) {
      this.#leftOut.brkQueries++;
      return;
    }
    const from = roundPage(Number(old));
    const to = roundPage(Number(addr));
    if (to > from) this.#mmap(who, line, from, to - from);
    else if (to < from) this.#made.ops.push(OP_MUNMAP, who, to, from - to, 0, line);
    else this.#leftOut.brkWithinPage++;
  }

  #fault(event: EventOf<'fault'>, who: number, line: number): void {
    if (event.in === 'vdso') this.#leftOut.faultsInVdso++;
    else if (event.in !== undefined) this.#leftOut.faultsInVvar++;
    else
      this.#access(
        ACCESS_CODE[event.access],
        who,
        Number(event.addr),
        event.p ? ORIGIN_FAULT_PRESENT : ORIGIN_FAULT,
        line,
      );
  }

  #touch(live: Live, line: number): void {
    const { touch } = this.#options;
    if (touch === 'recorded' || (touch === 'exec' && !live.dynamic)) this.#pushTouch(live.index, line);
    else this.#leftOut.touches++;
  }

  #pushTouch(who: number, line: number): void {
    this.#made.ops.push(OP_TOUCH, who, 0, 0, 0, line);
    this.#made.ops.markOrigin(ORIGIN_TOUCH);
  }

  #access(code: number, who: number, addr: number, origin: number, line: number): void {
    this.#made.ops.push(code, who, addr, 1, PAGE_SIZE, line);
    this.#made.ops.markOrigin(origin);
  }
}
