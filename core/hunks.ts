/**
 * The seam: the outline of the patch. There is one member per function or hunk of FreeBSD review D32569 that some
 * revision changes, in the order of the C files.
 *
 * Members are free functions without `this`; all state is passed in. A member is called at one kind of call site only,
 * which increments the member's REACHED_ counter first. A variant restates in full the members it changes
 * (defineVariant).
 */
import { MEMBER_NAMES } from './counters.ts';
import type { MachineState } from './state/machine.ts';
import type { Pmap } from './state/pmap.ts';
import type { Proc } from './state/proc.ts';
import type { Vmspace } from './state/vm.ts';
import type { Frame } from './units.ts';

/** A machine that runs one variant. */
export type Machine = MachineState<Hunks>;

export interface Hunks {
  // sys/amd64/amd64/pmap.c

  /**
   * pmap_invalidate_page, _range, _all: may the other CPUs in pm_active be interrupted? Asked only if there are any.
   * FreeBSD: pmap_invalidate_page, pmap_invalidate_range, pmap_invalidate_all
   */
  readonly invalidateOthers: (m: Machine, pmap: Pmap) => boolean;

  /**
   * pmap_pinit_type: allocates and counts one top-level page; called once, or twice with page-table isolation. pm_stats
   * are already zero: revisions differ in where pmap_pinit_type zeroes them, but that cannot be observed. FreeBSD:
   * pmap_pinit_type
   */
  readonly pinitTopPage: (m: Machine, pmap: Pmap) => Frame;

  /**
   * pmap_release, first statements: asserts what must hold before the top-level pages are freed. FreeBSD: pmap_release
   */
  readonly releaseBegin: (m: Machine, pmap: Pmap) => void;

  /** pmap_release: frees and uncounts one top-level page. zeroed: all its entries are 0 again. FreeBSD: pmap_release */
  readonly releaseTopPage: (m: Machine, pmap: Pmap, frame: Frame, zeroed: boolean) => void;

  /** pmap_release, last statements: asserts what must hold afterwards. FreeBSD: pmap_release */
  readonly releaseEnd: (m: Machine, pmap: Pmap) => void;

  /**
   * pmap_remove_pde and pmap_remove_pages: uncounts the saved page table page (pm_root) of a promoted 2M mapping that
   * is removed without having been demoted. (D33276 changed both sites alike.) FreeBSD: pmap_remove_pde,
   * pmap_remove_pages
   */
  readonly reservedPtPageFreed: (m: Machine, pmap: Pmap) => void;

  /**
   * pmap_remove, first statement, run without the pmap lock: true if nothing is mapped and the call can return.
   * FreeBSD: pmap_remove
   */
  readonly removeIsNoop: (m: Machine, pmap: Pmap) => boolean;

  /** pmap_remove, head of the outer loop: true if nothing is left and the loop can stop. FreeBSD: pmap_remove */
  readonly removeLoopDone: (m: Machine, pmap: Pmap) => boolean;

  // sys/kern/kern_exec.c

  /**
   * exec_new_vmspace, reuse branch, first statement (before shmexit and pmap_remove_pages): p still has the sysentvec
   * of the old image. FreeBSD: exec_new_vmspace
   */
  readonly execBeforeTeardown: (m: Machine, p: Proc) => void;

  // sys/kern/kern_exit.c

  /** exit1, just before vmspace_exit: p still holds its reference; its pmap is current on this CPU. FreeBSD: exit1 */
  readonly exitBeforeVmspaceExit: (m: Machine, p: Proc) => void;

  // sys/vm/vm_map.c

  /**
   * vmspace_dofree (last reference gone, pmap inactive) and exec_new_vmspace (reuse): the vm_map_remove(min, max) call.
   * p is the running process. FreeBSD: vmspace_dofree, exec_new_vmspace
   */
  readonly vmspaceClear: (m: Machine, p: Proc, vm: Vmspace) => void;
}

/** The members in seam order: the order of messages, interdiffs and REACHED_ counters. */
export const HUNK_NAMES = MEMBER_NAMES satisfies readonly (keyof Hunks)[];

/** What each member decides, in one line. */
export const HUNK_DECIDES: Readonly<Record<keyof Hunks, string>> = {
  invalidateOthers: 'whether the other CPUs in pm_active are interrupted to invalidate their TLBs',
  pinitTopPage: 'how a new pmap allocates and counts a top-level page; called twice with page-table isolation',
  releaseBegin: 'what must hold before a pmap releases its top-level pages',
  releaseTopPage: 'how a top-level page is freed and uncounted',
  releaseEnd: 'what must hold after the top-level pages are gone',
  reservedPtPageFreed:
    'whether the page-table page kept behind a promoted 2M mapping is uncounted when it is freed without a demotion',
  removeIsNoop: 'whether pmap_remove returns at its first statement, before it takes the pmap lock',
  removeLoopDone: 'whether pmap_remove leaves its outer loop because nothing is left',
  execBeforeTeardown: 'what an exec that reuses the vmspace does before it tears down the old image',
  exitBeforeVmspaceExit: 'what an exiting process does before it drops its vmspace reference',
  vmspaceClear: 'how every mapping of a vmspace is removed, after its last reference and when exec reuses it',
};
