/** What the calls of one process, as strace prints them, do to its address space. */
import { quoted } from '../../workload/errors.ts';
import { reportOther } from './calls.ts';
import { FileNames } from './file-names.ts';
import type { ImportLog } from './log.ts';
import type { Recording } from './recording.ts';
import { type StraceCall, descriptorOf, stringOf } from './strace-line.ts';
import { LINUX_FLAGS, inUserSpace, mapFlagsOf, numberOf, protOf } from './values.ts';

/** Linux: mman-common.h */
const ADVICE: ReadonlyMap<number, string> = new Map([
  [0, 'NORMAL'],
  [1, 'RANDOM'],
  [2, 'SEQUENTIAL'],
  [3, 'WILLNEED'],
  [4, 'DONTNEED'],
  [8, 'FREE'],
  [9, 'REMOVE'],
  [10, 'DONTFORK'],
  [11, 'DOFORK'],
  [12, 'MERGEABLE'],
  [13, 'UNMERGEABLE'],
  [14, 'HUGEPAGE'],
  [15, 'NOHUGEPAGE'],
  [16, 'DONTDUMP'],
  [17, 'DODUMP'],
  [18, 'WIPEONFORK'],
  [19, 'KEEPONFORK'],
  [20, 'COLD'],
  [21, 'PAGEOUT'],
  [22, 'POPULATE_READ'],
  [23, 'POPULATE_WRITE'],
  [24, 'DONTNEED_LOCKED'],
  [25, 'COLLAPSE'],
  [102, 'GUARD_INSTALL'],
  [103, 'GUARD_REMOVE'],
]);
/** Advice that changes what a process or its children see, and that no replay follows. */
const NOT_FOLLOWED: ReadonlySet<string> = new Set([
  'REMOVE',
  'DONTFORK',
  'DOFORK',
  'WIPEONFORK',
  'KEEPONFORK',
  'PAGEOUT',
  'POPULATE_READ',
  'POPULATE_WRITE',
  'DONTNEED_LOCKED',
  'COLLAPSE',
  'GUARD_INSTALL',
  'GUARD_REMOVE',
]);
/** Calls that open a descriptor, and which argument is the path. */
const OPENS: ReadonlyMap<string, number> = new Map([
  ['open', 0],
  ['creat', 0],
  ['openat', 1],
  ['openat2', 1],
]);
/** Linux: mman.h MREMAP_DONTUNMAP */
const DONTUNMAP = 4;

export class StraceCalls {
  readonly #recording: Recording;
  readonly #report: ImportLog;
  readonly #files = new FileNames();

  constructor(recording: Recording, report: ImportLog) {
    this.#recording = recording;
    this.#report = report;
  }

  /** Imports a call that has returned. */
  call(pid: number, { name, args, value, error }: StraceCall): void {
    // Where something is not mapped, madvise has done the rest. Linux: madvise_walk_vmas
    const isDone = error === null || name === 'mmap' || (name === 'madvise' && error === 'ENOMEM');
    if (!isDone) this.#report.noEffect(`failed ${name}`);
    else if (!this.#space(pid, name, args, value, error))
      this.#report.notUnderstood(`arguments of ${name}`, quoted(args.join(', ')));
  }

  /** A child has the descriptors of its parent. */
  forked(parent: number, child: number): void {
    this.#files.forked(parent, child);
  }

  /** Call when a process is gone, or has another program. */
  forget(pid: number): void {
    this.#files.forget(pid);
  }

  /** Handles calls that change the space; returns false if their arguments are not understood. */
  #space(pid: number, name: string, args: readonly string[], value: number, error: string | null): boolean {
    const [addr, len] = [numberOf(args[0]), numberOf(args[1])];
    const known = inUserSpace(addr, len);
    switch (name) {
      case 'mmap':
        return this.#mmap(pid, args, value, error);
      case 'munmap':
        if (known) this.#recording.munmap(pid, addr, len);
        return known;
      case 'mprotect':
      case 'pkey_mprotect': {
        const prot = protOf(args[2] ?? '');
        if (known && prot !== null) {
          this.#report.leftOut(name, args[2].match(/PROT_GROWS(DOWN|UP)/g) ?? [], args);
          this.#recording.mprotect(pid, addr, len, prot);
        }
        return known && prot !== null;
      }
      case 'madvise': {
        const advice = /^MADV_(\w+)$/.exec(args[2] ?? '')?.[1] ?? ADVICE.get(numberOf(args[2]));
        if (known && advice !== undefined) {
          if (NOT_FOLLOWED.has(advice)) this.#report.leftOut(name, [`MADV_${advice}`], args);
          this.#recording.madvise(pid, addr, len, advice);
        }
        return known && advice !== undefined;
      }
      case 'mremap': {
        const newLen = numberOf(args[2]);
        const ok = known && value > 0 && inUserSpace(value, newLen);
        if (ok) {
          const stays = /DONTUNMAP/.test(args[3] ?? '') || (numberOf(args[3]) & DONTUNMAP) !== 0;
          const lost = [...(stays ? ['MREMAP_DONTUNMAP'] : []), ...(len === 0 ? ['an old size of 0'] : [])];
          this.#report.leftOut(name, lost, args);
          this.#recording.mremap(pid, addr, len, newLen, value);
        }
        return ok;
      }
      case 'brk': {
        const ok = value > 0 && inUserSpace(value, 0);
        if (ok) this.#recording.brk(pid, value);
        return ok;
      }
      default:
        this.#descriptors(pid, name, args, value);
        reportOther(this.#report, name, args);
        return true;
    }
  }

  /** Without -y, only the call that opened a descriptor has its path; one that is not absolute may be anywhere. */
  #descriptors(pid: number, name: string, args: readonly string[], value: number): void {
    const at = OPENS.get(name);
    if (at === undefined) {
      this.#files.returned(pid, name, args, value);
      return;
    }
    const path = stringOf(args[at] ?? '');
    if (path?.startsWith('/') === true) this.#files.opened(pid, value, path);
    else this.#files.closed(pid, value);
  }

  #mmap(pid: number, args: readonly string[], addr: number, error: string | null): boolean {
    const [len, off] = [numberOf(args[1]), numberOf(args[5])];
    const [prot, read] = [protOf(args[2] ?? ''), mapFlagsOf(args[3] ?? '', LINUX_FLAGS)];
    const descriptor = descriptorOf(args[4] ?? '');
    if (prot === null || read === null || descriptor === null || !(len >= 0) || !(off >= 0)) {
      if (error !== null) this.#report.noEffect('failed mmap');
      return error !== null;
    }
    if (error === null && !inUserSpace(addr, len)) return false;
    const { flags, lost } = read;
    const { fd, path } = descriptor;
    const file = fd < 0 || flags.includes('ANON') ? null : (path ?? this.#files.mapped(pid, fd, off));
    const call = { addr, len, prot, flags, file, off };
    if (error !== null) this.#recording.mmapFailed(pid, call, error);
    else {
      // To populate is to fault ahead, which no recording shows; without page faults nothing is touched in any case.
      const missed = this.#recording.faults ? lost : lost.filter((word) => word !== 'MAP_POPULATE');
      this.#report.leftOut('mmap', missed, args);
      this.#recording.mmap(pid, call);
    }
    return true;
  }
}
