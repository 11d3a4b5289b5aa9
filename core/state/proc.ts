/**
 * State of processes. No behaviour. FreeBSD: sys/sys/proc.h struct proc, sys/sys/sysent.h struct sysentvec.
 */
import { PAGE_SIZE, VM_MAXUSER_ADDRESS_LA48, VM_MAXUSER_ADDRESS_LA57, type Pages, type Va } from '../units.ts';
import type { Vmspace } from './vm.ts';

/** What exec and exit need to know about an ABI. FreeBSD: struct sysentvec. */
export interface Sysent {
  readonly name: string;
  readonly minUser: Va;
  readonly maxUser: Va;
  readonly usrStack: Va;
  /** sv_shared_page_base, sv_shared_page_len; null for an ABI without a shared page. */
  readonly sharedPage: { readonly base: Va; readonly len: number } | null;
}

/** The shared page is the last page below maxUser, and the stack ends where it starts. FreeBSD: elf_machdep.c */
function nativeSysent(name: string, maxUser: Va): Sysent {
  const base = maxUser - PAGE_SIZE;
  return { name, minUser: 0, maxUser, usrStack: base, sharedPage: { base, len: PAGE_SIZE } };
}

export const SYSENT_NATIVE_LA48 = nativeSysent('native', VM_MAXUSER_ADDRESS_LA48);
/** Some AMD processors must not execute the last page below the hole. FreeBSD: amd64_lower_shared_page */
export const SYSENT_NATIVE_LOWERED = nativeSysent('native, lowered', VM_MAXUSER_ADDRESS_LA48 - PAGE_SIZE);
export const SYSENT_NATIVE_LA57 = nativeSysent('native, 5 levels', VM_MAXUSER_ADDRESS_LA57);
/**
 * Like Linux64 of 2022: same bounds as the native ABI, but two pages of its vdso are between the shared page and the
 * top. The vdso itself is an ordinary map entry.
 */
export const SYSENT_LINUX_LA48: Sysent = {
  name: 'linux',
  minUser: 0,
  maxUser: VM_MAXUSER_ADDRESS_LA48,
  usrStack: VM_MAXUSER_ADDRESS_LA48 - 3 * PAGE_SIZE,
  sharedPage: { base: VM_MAXUSER_ADDRESS_LA48 - 3 * PAGE_SIZE, len: PAGE_SIZE },
};
/** An ABI without SV_SHP: its processes have no shared page. */
export const SYSENT_WITHOUT_SHARED_PAGE: Sysent = {
  name: 'without shared page',
  minUser: 0,
  maxUser: VM_MAXUSER_ADDRESS_LA48,
  usrStack: VM_MAXUSER_ADDRESS_LA48 - PAGE_SIZE,
  sharedPage: null,
};

/** One mapping of an image, in the order in which exec makes them. Private, fixed, page-aligned. */
export interface ImageMap {
  readonly kind: 'file' | 'anon' | 'stack' | 'guard';
  readonly start: Va;
  /** Bytes; for a stack, its whole reservation, including gap and guard. */
  readonly len: number;
  readonly prot: number;
  readonly maxProt: number;
  /** Number of the file, and byte offset in it; only for a file. */
  readonly file?: number;
  readonly off?: number;
}

/** Pages accessed before the image's first instruction, by the kernel's loader and rtld. */
export interface ImageTouch {
  readonly start: Va;
  readonly pages: Pages;
  /** VM_PROT_READ, _WRITE or _EXECUTE */
  readonly access: number;
}

/** What exec puts into an address space in addition to the shared page. */
export interface Image {
  readonly name: string;
  readonly maps: readonly ImageMap[];
  readonly touched: readonly ImageTouch[];
  /** First byte of text, data and heap (the initial break); 0 if the image does not specify it. */
  readonly text: Va;
  readonly data: Va;
  readonly heap: Va;
  /** The image's ABI; if absent, the process keeps its own. */
  readonly sysent?: Sysent;
}

/** Proc.state. FreeBSD: p_state */
export const PRS_NORMAL = 1;
export const PRS_ZOMBIE = 2;
/** Reaped by wait: no longer in m.procs. */
export const PRS_REAPED = 3;

/** Proc.flags. FreeBSD: p_flag */
/** The parent of this vfork child sleeps until it execs or exits. */
export const P_PPWAIT = 1;
export const P_WEXIT = 2;
/** Has exec'd. */
export const P_EXEC = 4;

// Proc.stoppedAt; see core/kern/stop.ts.
/** exit: the hook has tested vm_refcnt, vmspace_exit has not begun. */
export const STOP_REFCNT_TESTED = 1;
/** exit: vmspace_exit found other users of the vmspace and switched to vmspace0; the reference is not yet dropped. */
export const STOP_RELEASE_FAILED = 2;
/** exec: the vfork parent runs again, the old vmspace is not yet released. */
export const STOP_PPWAIT_CLEARED = 3;
/** fork: the new vmspace is complete, the child does not exist yet. */
export const STOP_FORK_UNLOCKED = 4;
/** exit of the last user: pmap_remove_pages is done, its pmap is still active. */
export const STOP_PAGES_REMOVED = 5;
/** exit of the last user: vmspace0 is active, the vmspace is not yet torn down. */
export const STOP_VMSPACE0_ACTIVE = 6;
/** Names of the yield points, in the order of the STOP_ numbers, which start at 1. */
export const STOP_POINTS = [
  'refcnt-tested',
  'release-failed',
  'ppwait-cleared',
  'fork-unlocked',
  'pages-removed',
  'vmspace0-active',
] as const;
export type StopPoint = (typeof STOP_POINTS)[number];

/** FreeBSD: struct proc */
export class Proc {
  readonly pid: number;
  /** p_vmspace: vmspace0 from vmspace_exit on. */
  vmspace: Vmspace;
  sysent: Sysent;
  /** P_MD_KPTI: do the pmaps of this process get a user-mode root? */
  kpti: boolean;
  state = PRS_NORMAL;
  flags = 0;
  /** null stands for init, whose children are reaped when they exit. */
  parent: Proc | null;
  /** Pid of the child that it made last; 0 if none. */
  lastChild = 0;
  /** Children with P_PPWAIT; and of such a child, the number of the parent's thread that sleeps, -1 if it is gone. */
  waitedFor = 0;
  waiter = 0;
  /** p_children, newest first, and this process's siblings. */
  childHead: Proc | null = null;
  siblingNext: Proc | null = null;
  siblingPrev: Proc | null = null;
  /** RFTHREAD: the process whose exit kills this one; the process itself if it is the leader or alone. */
  leader: Proc;
  peers: Proc[] = [];
  /** CPU it runs on. */
  cpu = 0;
  /** Signals it catches, one bit per signal. */
  caught = 0;
  /** Signals that arrived while it was stopped at a yield point, or asleep in vfork. */
  pending = 0;
  /** p_xexit and p_xsig. */
  exitStatus = 0;
  exitSignal = 0;
  imageName = '';
  /** The yield point where its unfinished call is stopped, see core/kern/stop.ts; 0 if none. */
  stoppedAt = 0;
  /** The vmspace that the unfinished call holds: for exec the old one, for exit its own, for fork the child's. */
  oldVmspace: Vmspace | null = null;
  /** exec: the image whose initial pages have not been touched yet. */
  image: Image | null = null;

  constructor(pid: number, vmspace: Vmspace, sysent: Sysent, kpti: boolean, parent: Proc | null) {
    this.pid = pid;
    this.vmspace = vmspace;
    this.sysent = sysent;
    this.kpti = kpti;
    this.parent = parent;
    this.leader = this;
  }
}
