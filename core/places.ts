/**
 * Kernel functions that are watched, by number: calls into the pmap layer, which are the kinds of events (events.ts),
 * and the functions that lead to them. Together they are the places of the tree in calls.ts. Numbering follows
 * numbered.ts.
 */
import { namesOf, numbersOf } from './numbered.ts';

export const EV_PINIT = 0;
export const EV_RELEASE = 1;
export const EV_ACTIVATE = 2;
export const EV_REMOVE_PAGES = 3;
export const EV_REMOVE = 4;
export const EV_PROTECT = 5;
export const EV_COPY = 6;
export const EV_UNWIRE = 7;
export const EV_ADVISE = 8;
export const EV_ENTER = 9;
export const EV_ENTER_QUICK = 10;
export const EV_ENTER_OBJECT = 11;
export const EV_COPY_PAGE = 12;
export const EV_REMOVE_ALL = 13;
export const EV_REMOVE_WRITE = 14;
export const EV_CLEAR_MODIFY = 15;

/**
 * The kinds of events, with the meaning of their subject and operands. `pmap` is Pmap.id; 0 is the kernel's own
 * (pmap0).
 */
const CALLS = [
  [EV_PINIT, 'pinit', 'pmap'],
  [EV_RELEASE, 'release', 'pmap'],
  [EV_ACTIVATE, 'activate', 'pmap, cpu'],
  [EV_REMOVE_PAGES, 'remove_pages', 'pmap'],
  [EV_REMOVE, 'remove', 'pmap, sva, eva, early (1: left at the first statement)'],
  [EV_PROTECT, 'protect', 'pmap, sva, eva, prot'],
  [EV_COPY, 'copy', 'dst pmap, src pmap, sva, eva'],
  [EV_UNWIRE, 'unwire', 'pmap, sva, eva'],
  [EV_ADVISE, 'advise', 'pmap, sva, eva, advice'],
  [EV_ENTER, 'enter', 'pmap, va, prot, flags, object id, pindex, psind'],
  [EV_ENTER_QUICK, 'enter_quick', 'pmap, va, prot, object id, pindex'],
  [EV_ENTER_OBJECT, 'enter_object', 'pmap, sva, eva, prot, object id, first pindex'],
  [EV_COPY_PAGE, 'copy_page', '0, src object id, src pindex, dst object id, dst pindex, src frame'],
  [EV_REMOVE_ALL, 'remove_all', '0, object id, pindex'],
  [EV_REMOVE_WRITE, 'remove_write', '0, object id, pindex'],
  [EV_CLEAR_MODIFY, 'clear_modify', '0, object id, pindex'],
] as const;

export type EventKind = (typeof CALLS)[number][1];

/** Kinds by number, and numbers in report order. */
export const EVENT_KINDS: readonly EventKind[] = namesOf<EventKind>(CALLS);
export const EVENT_ORDER: readonly number[] = numbersOf(CALLS);

/** Places below this one are pmap calls; the rest are functions. It limits the number of kinds. */
export const FIRST_FUNCTION = 32;

export const IN_EXIT1 = 32;
export const IN_DO_EXECVE = 33;
export const IN_EXEC_NEW_VMSPACE = 34;
/** The hook in exit and exec, under the name that the review gives it; each revision implements it differently. */
export const IN_EXEC_FREE_ABI_MAPPINGS = 35;
export const IN_EXEC_CLEANUP = 36;
export const IN_FORK1 = 37;
export const IN_SENDSIG = 38;
export const IN_SCHED_SWITCH = 39;
export const IN_KERN_MMAP = 40;
export const IN_KERN_MUNMAP = 41;
export const IN_KERN_MPROTECT = 42;
export const IN_KERN_MINHERIT = 43;
export const IN_KERN_MADVISE = 44;
export const IN_KERN_MSYNC = 45;
export const IN_KERN_MLOCK = 46;
export const IN_KERN_MUNLOCK = 47;
export const IN_KERN_BREAK = 48;
export const IN_KMEM_FREE = 49;
export const IN_VMSPACE_ALLOC = 50;
export const IN_VMSPACE_FORK = 51;
export const IN_VMSPACE_EXEC = 52;
export const IN_VMSPACE_UNSHARE = 53;
export const IN_VMSPACE_EXIT = 54;
export const IN_VMSPACE_FREE = 55;
export const IN_VMSPACE_DOFREE = 56;
export const IN_VM_MAP_REMOVE = 57;
export const IN_VM_MAP_DELETE = 58;
export const IN_VM_MAP_FIXED = 59;
export const IN_VM_MAP_PROCESS_DEFERRED = 60;
export const IN_VM_FAULT = 61;
export const IN_VM_FAULT_COPY_ENTRY = 62;
export const IN_VM_DAEMON = 63;
export const IN_VM_PAGEOUT = 64;

const FUNCTIONS = [
  [IN_EXIT1, 'exit1'],
  [IN_DO_EXECVE, 'do_execve'],
  [IN_EXEC_NEW_VMSPACE, 'exec_new_vmspace'],
  [IN_EXEC_FREE_ABI_MAPPINGS, 'exec_free_abi_mappings'],
  [IN_EXEC_CLEANUP, 'exec_cleanup'],
  [IN_FORK1, 'fork1'],
  [IN_SENDSIG, 'sendsig'],
  [IN_SCHED_SWITCH, 'sched_switch'],
  [IN_KERN_MMAP, 'kern_mmap'],
  [IN_KERN_MUNMAP, 'kern_munmap'],
  [IN_KERN_MPROTECT, 'kern_mprotect'],
  [IN_KERN_MINHERIT, 'kern_minherit'],
  [IN_KERN_MADVISE, 'kern_madvise'],
  [IN_KERN_MSYNC, 'kern_msync'],
  [IN_KERN_MLOCK, 'kern_mlock'],
  [IN_KERN_MUNLOCK, 'kern_munlock'],
  [IN_KERN_BREAK, 'kern_break'],
  [IN_KMEM_FREE, 'kmem_free'],
  [IN_VMSPACE_ALLOC, 'vmspace_alloc'],
  [IN_VMSPACE_FORK, 'vmspace_fork'],
  [IN_VMSPACE_EXEC, 'vmspace_exec'],
  [IN_VMSPACE_UNSHARE, 'vmspace_unshare'],
  [IN_VMSPACE_EXIT, 'vmspace_exit'],
  [IN_VMSPACE_FREE, 'vmspace_free'],
  [IN_VMSPACE_DOFREE, 'vmspace_dofree'],
  [IN_VM_MAP_REMOVE, 'vm_map_remove'],
  [IN_VM_MAP_DELETE, 'vm_map_delete'],
  [IN_VM_MAP_FIXED, 'vm_map_fixed'],
  [IN_VM_MAP_PROCESS_DEFERRED, 'vm_map_process_deferred'],
  [IN_VM_FAULT, 'vm_fault'],
  [IN_VM_FAULT_COPY_ENTRY, 'vm_fault_copy_entry'],
  [IN_VM_DAEMON, 'vm_daemon'],
  [IN_VM_PAGEOUT, 'vm_pageout'],
] as const;

/** Name of each place, by number; a call is named after its kind, with pmap_ in front. */
export const PLACE_NAMES: readonly string[] = namesOf<string>([
  ...CALLS.map(([number, kind]) => [number, `pmap_${kind}`] as const),
  ...FUNCTIONS,
]);
