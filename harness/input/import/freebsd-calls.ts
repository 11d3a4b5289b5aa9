/** What FreeBSD's system calls do to the address space of the process that makes them, for kdump and truss alike. */
import { PAGE_SIZE } from '../../../core/units.ts';
import { quoted } from '../../workload/errors.ts';
import { reportOther } from './calls.ts';
import { FileNames } from './file-names.ts';
import type { ImageNames } from './image.ts';
import type { ImportLog } from './log.ts';
import { END_UNKNOWN, type ForkKind, type Recording } from './recording.ts';
import { fdOf, FREEBSD_FLAGS, mapFlagsOf, maxProtOf, numberOf, protOf } from './values.ts';

export interface Call {
  readonly name: string;
  readonly args: readonly string[];
  /** The files that the call named or looked up, in order, as far as the recording shows. */
  readonly names: readonly string[];
}

export interface Result {
  /** NaN if the call returned none. */
  readonly value: number;
  readonly errno: number;
}

export const FORKS: ReadonlySet<string> = new Set(['fork', 'vfork', 'rfork', 'pdfork']);
export const EXECS: ReadonlySet<string> = new Set(['execve', 'fexecve', '__mac_execve']);
const OPENS = new Set(['open', 'openat', 'shm_open', 'shm_open2']);
const MMAPS = new Set(['mmap', 'compat6.mmap', 'freebsd6_mmap']);
const CHANGES = new Set([...FORKS, ...EXECS, ...MMAPS, 'munmap', 'mprotect', 'madvise', 'break']);
const ADVICE: Readonly<Record<string, string>> = {
  0: 'NORMAL',
  1: 'RANDOM',
  2: 'SEQUENTIAL',
  3: 'WILLNEED',
  4: 'DONTNEED',
  5: 'FREE',
  6: 'NOSYNC',
  7: 'AUTOSYNC',
  8: 'NOCORE',
  9: 'CORE',
  10: 'PROTECT',
};
/** Advice that clips and marks map entries. (FreeBSD: sys/vm/vm_map.c vm_map_madvise) */
const ENTRY_ADVICE = new Set(['NOSYNC', 'AUTOSYNC', 'NOCORE', 'CORE']);
/** With these mmap looks at no descriptor. */
const NO_FILE = new Set(['ANON', 'GUARD', 'STACK']);

const RFPROC = 0x10;
const RFMEM = 0x20;
const RFSPAWN = 0x80000000;

/** The run-time linker is the one shared object among the files of an exec. */
const SHARED_OBJECT = /\.so(\.\d+)*$/;

export const changesSpace = (name: string): boolean => CHANGES.has(name);

/** Returns null if the call does not create a process. */
export function forkKind(name: string, args: readonly string[]): ForkKind | null {
  if (name === 'fork' || name === 'pdfork') return 'fork';
  if (name === 'vfork') return 'vfork';
  const flags = args[0] ?? '';
  const bits = Number(/^-?(0x[0-9a-f]+|\d+)/.exec(flags)?.[0] ?? 0) >>> 0;
  const has = (bit: number, word: string): boolean => (bits & bit) !== 0 || flags.includes(word);
  if (has(RFSPAWN, 'RFSPAWN') || flags.includes('RFPPWAIT')) return 'vfork';
  if (!has(RFPROC, 'RFPROC')) return null;
  return has(RFMEM, 'RFMEM') ? 'clone_vm' : 'fork';
}

/**
 * What the files that an exec looked up are: the program, and the run-time linker of a dynamic one; of a script first
 * the script and then its interpreter. (FreeBSD: sys/kern/kern_exec.c do_execve, imgact_elf.c load_interp)
 */
export function imageNames(path: string, names: readonly string[]): ImageNames {
  if (names.length === 0) return { path, loader: undefined };
  const last = names.at(-1)!;
  if (names.length === 1 || (names.length === 2 && !SHARED_OBJECT.test(last)))
    return { path, program: last, loader: null };
  const before = names.slice(0, -1);
  return { path, program: before.findLast((name) => !SHARED_OBJECT.test(name)) ?? before.at(-1)!, loader: last };
}

/** Options of wait4 and wait6. FreeBSD: sys/sys/wait.h */
const ALSO_STOPPED = /WUNTRACED|WSTOPPED|WCONTINUED|WTRAPPED|WNOWAIT/;
const ALSO_STOPPED_BITS = 2 | 4 | 8 | 32;

export class FreebsdCalls {
  readonly #recording: Recording;
  readonly #report: ImportLog;
  readonly #showsLookups: boolean;
  readonly #onEnded: (child: number) => void;
  readonly #files = new FileNames();

  /**
   * `showsLookups`: the names of a call are those of all the files that the kernel looked up. `ended` takes a child whose
   * parent has reaped it before a line told of its end.
   */
  constructor(recording: Recording, report: ImportLog, showsLookups: boolean, ended: (child: number) => void) {
    this.#recording = recording;
    this.#report = report;
    this.#showsLookups = showsLookups;
    this.#onEnded = ended;
  }

  /** A child has the descriptors of its parent. */
  forked(parent: number, child: number): void {
    this.#files.forked(parent, child);
  }

  /** Call when a process is gone, or has a new image. */
  forget(pid: number): void {
    this.#files.forget(pid);
  }

  /** Takes an exec that succeeded; without its call the program is not known. */
  executed(pid: number, call: Call | undefined): void {
    const path = call === undefined ? '(unknown)' : this.#pathOf(pid, call);
    const names = call === undefined ? [] : call.name === 'fexecve' ? [path, ...call.names] : call.names;
    this.forget(pid);
    this.#recording.command(path);
    this.#recording.exec(pid, this.#showsLookups ? imageNames(path, names) : { path, loader: undefined });
  }

  execFailed(pid: number, call: Call | undefined, errno: number): void {
    this.#recording.execFailed(pid, errno, call === undefined ? '(unknown)' : this.#pathOf(pid, call));
  }

  /** Takes any other call that has returned; counts it if it is not understood. */
  returned(pid: number, call: Call, result: Result): void {
    const { name, args } = call;
    if (result.errno !== 0 && !MMAPS.has(name)) this.#report.noEffect(`failed ${name}`);
    else if (!this.#space(pid, call, result))
      this.#report.notUnderstood(`arguments of ${name}`, quoted(args.join(',')));
  }

  /** The file of an exec: that of fexecve is open. */
  #pathOf(pid: number, { name, args, names }: Call): string {
    const path = name === 'fexecve' ? this.#files.of(pid, numberOf(args[0])) : names[0];
    return path ?? '(unknown)';
  }

  /** Handles calls that change the space or identify files; returns false if their arguments are not understood. */
  #space(pid: number, { name, args, names }: Call, { value, errno }: Result): boolean {
    const [addr, len] = [numberOf(args[0]), numberOf(args[1])];
    const known = !Number.isNaN(addr) && !Number.isNaN(len);
    if (MMAPS.has(name)) return this.#mmap(pid, args, value, errno);
    if (OPENS.has(name)) {
      if (names[0] === undefined)
        this.#files.closed(pid, value); // SHM_ANON: a new object
      else this.#files.opened(pid, value, names[0]);
      return true;
    }
    switch (name) {
      case 'munmap':
        if (known) this.#recording.munmap(pid, addr, len);
        return known;
      case 'mprotect': {
        const prot = protOf(args[2] ?? '');
        if (!known || prot === null) return false;
        if (maxProtOf(args[2] ?? '') !== undefined) this.#report.leftOut(name, ['PROT_MAX'], args);
        this.#recording.mprotect(pid, addr, len, prot);
        return true;
      }
      case 'madvise': {
        const advice = /MADV_(\w+)/.exec(args[2] ?? '')?.[1] ?? ADVICE[numberOf(args[2])];
        if (!known || advice === undefined) return false;
        if (ENTRY_ADVICE.has(advice)) this.#report.leftOut(name, [`MADV_${advice}`], args);
        this.#recording.madvise(pid, addr, len, advice);
        return true;
      }
      case 'break':
        // The answer is where the break is now: below its base, as with 0, a call only asks. (FreeBSD: kern_break)
        if (value > 0 || addr > 0) this.#recording.brk(pid, value > 0 ? value : addr);
        return value > 0 || addr >= 0;
      case 'wait4':
      case 'wait6':
        if (value > 0) this.#waited(pid, value, args[name === 'wait4' ? 2 : 3] ?? '');
        return true;
      default:
        this.#files.returned(pid, name, args, value);
        if (name !== 'close') reportOther(this.#report, name, args);
        return true;
    }
  }

  /** A child of which nothing was traced has ended, too, where one that has only stopped was asked for. */
  #waited(pid: number, child: number, options: string): void {
    const bits = Number(/^(?:0x[\da-f]+|\d+)/.exec(options)?.[0] ?? 0);
    const mayBeStopped = ALSO_STOPPED.test(options) || (bits & ALSO_STOPPED_BITS) !== 0;
    if (this.#recording.has(child) && !(mayBeStopped && this.#recording.isHeard(child))) {
      if (!this.#recording.hasEnded(child)) this.#report.repaired(END_UNKNOWN);
      this.#onEnded(child);
    }
    this.#recording.wait(pid, child);
  }

  #mmap(pid: number, args: readonly string[], addr: number, errno: number): boolean {
    const len = numberOf(args[1]);
    const [prot, read] = [protOf(args[2] ?? ''), mapFlagsOf(args[3] ?? '', FREEBSD_FLAGS)];
    const fd = fdOf(args[4]);
    const off = numberOf(args.at(-1));
    if (prot === null || read === null || !(len >= 0) || Number.isNaN(fd) || !(off >= 0)) {
      if (errno !== 0) this.#report.noEffect('failed mmap');
      return errno !== 0;
    }
    if (errno === 0 && Number.isNaN(addr)) return false;
    const { flags, lost } = read;
    const file = fd < 0 || flags.some((flag) => NO_FILE.has(flag)) ? null : this.#files.mapped(pid, fd, off);
    // The mapping begins at the page of the offset, and the address is that of the offset.
    const into = off % PAGE_SIZE;
    const max = maxProtOf(args[2] ?? '');
    const call = { addr: addr - into, len: len + into, prot, flags, file, off: off - into, max };
    if (errno !== 0) this.#recording.mmapFailed(pid, call, errno);
    else {
      this.#report.leftOut('mmap', lost, args);
      this.#recording.mmap(pid, call);
    }
    return true;
  }
}
