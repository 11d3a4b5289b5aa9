/**
 * The common target of all importers: processes, their mappings, and the events of a `vmtrace-1` file. An input is read
 * twice. The first pass writes nothing; what each program did outside of its own mappings reveals the maps that its
 * exec made (image.ts). The second pass writes.
 */
import { PAGE_SIZE, roundPage, truncPage } from '../../../core/units.ts';
import type { Clock } from './clock.ts';
import type { Departure, ImageStore } from './image-store.ts';
import { type ImageNames, NOTHING_INFERRED, SHARED_PAGE, hex } from './image.ts';
import type { ImportLog } from './log.ts';
import { type GivenMaps, type Image, OpenImages } from './open-images.ts';
import { type Process, newProcess } from './process.ts';
import { RangeSet, SEEN_CLEARED, SEEN_EXECUTE, SEEN_PROTECTED, SEEN_READ, SEEN_WRITE } from './ranges.ts';
import { inUserSpace } from './values.ts';

/** Children of forks, by the line where the fork begins, that another pid would be taken for. */
export type Births = Map<number, number>;

export type ForkKind = 'fork' | 'vfork' | 'clone_vm' | 'thread';
export type Access = 'r' | 'w' | 'x';

export interface MmapCall {
  readonly addr: number;
  readonly len: number;
  readonly prot: string;
  readonly flags: readonly string[];
  readonly file: string | null;
  readonly off: number;
  /** the maximum protection, if the call gives one */
  readonly max?: string | undefined;
}

export interface RecordingOptions {
  readonly name: string;
  readonly note: string;
  /** whose calls and flags these are */
  readonly os: 'FreeBSD' | 'Linux';
  readonly recorder: string;
  /** with the page faults of programs */
  readonly faults: boolean;
  readonly clock: Clock;
  readonly report: ImportLog;
  readonly images: ImageStore;
  /** what earlier passes have learned */
  readonly births: Births;
  readonly given: GivenMaps | null;
  /** Null in the first pass. */
  readonly write: ((line: string) => void) | null;
}

export const END_UNKNOWN = 'a process whose end is not in the recording: taken from the calls of its parent';

const SEEN = { r: SEEN_READ, w: SEEN_WRITE, x: SEEN_EXECUTE } as const;
/** A process that was running before the recording began. */
const RUNNING: ImageNames = { path: '(running)', loader: undefined };
const UNKNOWN: ImageNames = { path: '(unknown)', loader: undefined };

export class Recording {
  readonly #options: RecordingOptions;
  readonly #processes = new Map<number, Process>();
  readonly #images: OpenImages;
  #root = 0;
  #command = '';
  #time = 0;
  /** programs with page faults whose shared page is not known to be anywhere */
  #unplaced = 0;
  #sharedPageSeen = false;
  events = 0;

  constructor(options: RecordingOptions) {
    this.#options = options;
    this.#images = new OpenImages(options.images, options.given, options.write === null);
  }

  get empty(): boolean {
    return this.#root === 0;
  }

  /** Number of programs with page faults of which no touch of the shared page could be recognised. */
  get withoutSharedPage(): number {
    return this.#sharedPageSeen ? 0 : this.#unplaced;
  }

  has(pid: number): boolean {
    return this.#processes.has(pid);
  }

  get births(): Births {
    return this.#options.births;
  }

  /** Does the input show the page faults of programs? */
  get faults(): boolean {
    return this.#options.faults;
  }

  /** The first process. */
  begin(pid: number): void {
    this.#root = pid;
    this.#processes.set(pid, newProcess(pid, null, { mapped: new RangeSet(), brk: 0 }));
  }

  /** Sets the recorded command, for the first line of the file. */
  command(words: string): void {
    if (this.#command === '') this.#command = words;
  }

  fork(pid: number, child: number, kind: ForkKind): void {
    const parent = this.#running(pid);
    if (kind !== 'thread') {
      const before = this.#processes.get(child);
      if (before !== undefined && !this.#isSilent(before))
        this.#options.report.fail('the pid of a new child', `${child}, which is running`);
      if (before !== undefined) this.#release(before);
      const { image, space } = parent;
      image!.users++;
      this.#processes.set(
        child,
        newProcess(child, image, kind === 'fork' ? { mapped: space.mapped.copy(), brk: space.brk } : space),
      );
    }
    this.#emit(pid, 'fork', { child, kind });
  }

  /** The vfork of pid returns before its next event. Some recordings have lines of the child between the two. */
  vforkDone(pid: number, child: number): void {
    const parent = this.#processes.get(pid)!;
    if (this.#processes.get(child)?.space === parent.space) parent.vforked.push(child);
    else this.#emit(pid, 'vforkdone', { child });
  }

  /**
   * By an exec or an exit, vfork children have left the address space that they shared with p. Where their own line comes
   * later, or never, the exec or exit goes before this. FreeBSD: P_PPWAIT is cleared in do_execve and exit1
   */
  #endVforks({ pid, vforked, space }: Process): void {
    for (const child of vforked.splice(0)) {
      const process = this.#processes.get(child);
      if (process?.space === space) this.#leave(process);
      this.#emit(pid, 'vforkdone', { child });
    }
  }

  #leave(process: Process): void {
    const { pid } = process;
    const image = this.#load(process, UNKNOWN, { code: 0 });
    process.execDue = true;
    if (this.#options.write === null) return;
    const departure = image.inferred?.departure ?? { code: 0 };
    if ('path' in departure) this.#emitExec(pid, departure.path, image);
    else {
      process.ended = true;
      this.#options.report.repaired(END_UNKNOWN);
      this.#emit(pid, 'exit', departure);
    }
  }

  /** Has a line been about a process that is in the recording? */
  isHeard(pid: number): boolean {
    return this.#processes.get(pid)?.heard === true;
  }

  /** Is the end of a process in the recording that no line has told yet? */
  hasEnded(pid: number): boolean {
    return this.#processes.get(pid)?.ended === true;
  }

  /** Has it left the address space of its vfork parent without a line of its own? */
  #isSilent({ ended, execDue, image }: Process): boolean {
    return ended || (execDue && 'code' in image!.departure!);
  }

  exec(pid: number, names: ImageNames): void {
    const process = this.#next(pid);
    if (process.execDue) {
      process.execDue = false;
      process.image!.names = names;
      process.image!.departure = names;
      return;
    }
    this.#emitExec(pid, names.path, this.#load(process, names, null));
  }

  #load(process: Process, names: ImageNames, departure: Departure | null): Image {
    const { pid, image: before } = process;
    if (before?.pid === pid) before.superseded = true;
    this.#release(process);
    process.image = this.#images.load(pid, names, departure);
    process.space = { mapped: new RangeSet(), brk: 0 };
    process.touched = false;
    return process.image;
  }

  #emitExec(pid: number, path: string, { inferred }: Image): void {
    const { maps, loader } = inferred ?? NOTHING_INFERRED;
    const linker = loader === null ? {} : { loader };
    this.#emit(pid, 'exec', { path, argv: [path], ...linker, maps });
  }

  execFailed(pid: number, err: number | string, path: string): void {
    this.#hear(this.#next(pid));
    this.#emit(pid, 'execfail', { err, path });
  }

  mmap(pid: number, { addr, len, prot, flags, file, off, max }: MmapCall): void {
    if (!this.#inUserSpace(addr, len)) return;
    const process = this.#running(pid);
    process.space.mapped.add(truncPage(addr), roundPage(addr + len));
    process.image!.mapped.add(truncPage(addr), roundPage(addr + len));
    if (file !== null && prot.includes('x')) process.image!.linked = true;
    this.#emit(pid, 'mmap', { addr: hex(addr), len, prot, max, flags, file, off });
  }

  mmapFailed(pid: number, { len, prot, flags, file }: MmapCall, err: number | string): void {
    this.#running(pid);
    this.#emit(pid, 'mmap', { len, prot, flags, file, err });
  }

  munmap(pid: number, addr: number, len: number): void {
    if (!this.#inUserSpace(addr, len)) return;
    this.#running(pid);
    this.#emit(pid, 'munmap', { addr: hex(addr), len });
  }

  mprotect(pid: number, addr: number, len: number, prot: string): void {
    if (!this.#inUserSpace(addr, len)) return;
    const {
      image,
      space: { mapped },
    } = this.#running(pid);
    if (prot === 'r--') {
      for (const [start, end] of mapped.gaps(truncPage(addr), roundPage(addr + len)))
        image!.evidence.add(start / PAGE_SIZE, end / PAGE_SIZE - 1, SEEN_PROTECTED);
    }
    this.#emit(pid, 'mprotect', { addr: hex(addr), len, prot });
  }

  madvise(pid: number, addr: number, len: number, advice: string): void {
    if (!this.#inUserSpace(addr, len)) return;
    this.#running(pid);
    this.#emit(pid, 'madvise', { addr: hex(addr), len, advice });
  }

  mremap(pid: number, addr: number, len: number, newlen: number, to: number): void {
    if (!this.#inUserSpace(addr, len) || !this.#inUserSpace(to, newlen)) return;
    const {
      image,
      space: { mapped },
    } = this.#running(pid);
    mapped.add(truncPage(to), roundPage(to + newlen));
    image!.mapped.add(truncPage(to), roundPage(to + newlen));
    this.#emit(pid, 'mremap', { addr: hex(addr), len, newlen, new: hex(to) });
  }

  /** Sets the current end of the heap; the first known value is not a change. */
  brk(pid: number, addr: number): void {
    if (!this.#inUserSpace(addr, 0)) return;
    const process = this.#running(pid);
    const old = process.space.brk;
    process.space.brk = addr;
    if (old !== 0) {
      process.space.mapped.add(roundPage(old), roundPage(addr));
      process.image!.mapped.add(roundPage(old), roundPage(addr));
    }
    this.#emit(pid, 'brk', old === 0 ? { addr: hex(addr) } : { addr: hex(addr), old: hex(old) });
  }

  fault(pid: number, addr: number, access: Access, more: { readonly k?: 1; readonly p?: 1 } = {}): void {
    if (!this.#inUserSpace(addr, 1)) return;
    const process = this.#running(pid);
    const image = process.image!;
    const sharedPage = image.inferred?.sharedPage ?? SHARED_PAGE;
    if (!image.faulted && (image.inferred?.sharedPage ?? null) === null) this.#unplaced++;
    image.faulted = true;
    if (within(addr, image.inferred?.vvar) || truncPage(addr) === sharedPage) {
      this.#sharedPageSeen ||= sharedPage === SHARED_PAGE;
      this.#emit(pid, 'fault', { addr: hex(addr), access, ...more, in: 'vvar' });
      if (!process.touched) this.#emit(pid, 'touch', { in: 'vvar' });
      process.touched = true;
      return;
    }
    if (!process.space.mapped.has(addr)) {
      const cleared = access === 'w' && !image.executed ? SEEN_CLEARED : 0;
      image.evidence.addAccess(addr, SEEN[access] | cleared);
    }
    if (access === 'x') image.executed = true;
    const vdso = within(addr, image.inferred?.vdso) ? { in: 'vdso' } : {};
    this.#emit(pid, 'fault', { addr: hex(addr), access, ...more, ...vdso });
  }

  wait(pid: number, child: number): void {
    this.#next(pid);
    this.#emit(pid, 'wait', { child });
  }

  exit(pid: number, code: number, sig?: string): void {
    const process = this.#next(pid);
    const end = sig === undefined ? { code } : { code, sig };
    if (this.#isSilent(process)) process.image!.departure = end;
    this.#release(process);
    this.#processes.delete(pid);
    if (!process.ended) this.#emit(pid, 'exit', end);
  }

  threadExit(pid: number, tid: number): void {
    this.#next(pid);
    this.#emit(pid, 'texit', { tid });
  }

  /** Call once, after the last line. */
  finish(): void {
    for (const { pid, vforked } of this.#processes.values())
      for (const child of vforked) this.#emit(pid, 'vforkdone', { child });
    this.#images.finish();
  }

  /** Counts what is not in user space, which no call that succeeds and no fault of a program is about. */
  #inUserSpace(addr: number, len: number): boolean {
    if (inUserSpace(addr, len)) return true;
    this.#options.report.notUnderstood('an address outside of user space', `${hex(addr)}, ${len} bytes`);
    return false;
  }

  /** Returns the process whose event comes next. */
  #next(pid: number): Process {
    const process = this.#processes.get(pid)!;
    process.heard = true;
    if (process.vforked.length > 0) this.#endVforks(process);
    return process;
  }

  /** Returns the process, creating its image if it has none. */
  #running(pid: number): Process {
    const process = this.#next(pid);
    if (process.image === null) {
      this.#options.report.repaired('a process was running when the recording began: its maps are inferred');
      this.exec(pid, RUNNING);
    }
    this.#hear(process);
    return process;
  }

  /** A line is about it. */
  #hear(process: Process): void {
    if (this.#isSilent(process)) process.image!.departure = process.image!.names;
  }

  #release({ image }: Process): void {
    if (image !== null) this.#images.release(image);
  }

  #emit(pid: number, ev: string, fields: object): void {
    const { write, clock } = this.#options;
    if (write === null) return;
    if (this.events++ === 0) write(this.#meta());
    this.#time = Math.max(clock.now, this.#time);
    write(`{"t":${this.#time},"pid":${pid},"ev":"${ev}",${JSON.stringify(fields).slice(1)}\n`);
  }

  #meta(): string {
    const { name, note, os, recorder } = this.#options;
    const format = { ev: 'meta', format: 'vmtrace-1', name, cmd: this.#command, note, os, arch: 'x86_64' };
    const more = { page: PAGE_SIZE, root: this.#root, time_unit: 'us', recorder };
    return `${JSON.stringify({ ...format, ...more })}\n`;
  }
}

const within = (addr: number, range: readonly [number, number] | null | undefined): boolean =>
  range !== null && range !== undefined && addr >= range[0] && addr < range[1];
