/**
 * State of processes. No behaviour. FreeBSD: sys/sys/proc.h struct proc, sys/sys/sysent.h struct sysentvec.
 */
import type { Vmspace } from './vm.ts';

/** What exec and exit need of an ABI. FreeBSD: struct sysentvec. */
export interface Sysent {
  readonly name: string;
  readonly minUser: number;
  readonly maxUser: number;
  readonly usrStack: number;
  /** sv_shared_page_base, sv_shared_page_len; null for an ABI without a shared page. */
  readonly sharedPage: { readonly base: number; readonly len: number } | null;
}

export class Proc {
  readonly pid: number;
  vmspace: Vmspace;
  sysent: Sysent;

  constructor(pid: number, vmspace: Vmspace, sysent: Sysent) {
    this.pid = pid;
    this.vmspace = vmspace;
    this.sysent = sysent;
  }
}
