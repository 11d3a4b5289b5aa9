/** Codes and flags of the VM functions. FreeBSD: sys/vm/vm_param.h KERN_*, sys/vm/vm_map.h, sys/sys/mman.h. */

export {
  KERN_FAILURE,
  KERN_INVALID_ADDRESS,
  KERN_INVALID_ARGUMENT,
  KERN_NO_SPACE,
  KERN_OUT_OF_BOUNDS,
  KERN_PROTECTION_FAILURE,
  KERN_RESOURCE_SHORTAGE,
  KERN_RESTART,
  KERN_SUCCESS,
  MADV_DONTNEED,
  MADV_FREE,
} from '../units.ts';

/** Name of each code, by number. */
export const KERN_NAMES = [
  'KERN_SUCCESS',
  'KERN_INVALID_ADDRESS',
  'KERN_PROTECTION_FAILURE',
  'KERN_NO_SPACE',
  'KERN_INVALID_ARGUMENT',
  'KERN_FAILURE',
  'KERN_RESOURCE_SHORTAGE',
  'KERN_NOT_RECEIVER',
  'KERN_NO_ACCESS',
  'KERN_OUT_OF_BOUNDS',
  'KERN_RESTART',
] as const;

/** The `cow` argument of vm_map_insert and its callers. */
export const MAP_INHERIT_SHARE = 0x1;
export const MAP_COPY_ON_WRITE = 0x2;
export const MAP_PREFAULT = 0x8;
export const MAP_PREFAULT_PARTIAL = 0x10;
export const MAP_DISABLE_SYNCER = 0x20;
export const MAP_CHECK_EXCL = 0x40;
export const MAP_CREATE_GUARD = 0x80;
export const MAP_DISABLE_COREDUMP = 0x100;
export const MAP_PREFAULT_MADVISE = 0x200;
export const MAP_WRITECOUNT = 0x400;
export const MAP_STACK_GROWS_DOWN = 0x1000;
export const MAP_ACC_NO_CHARGE = 0x8000;
export const MAP_CREATE_STACK_GAP_DN = 0x20000;
export const MAP_VN_EXEC = 0x40000;

/** The `find_space` argument of vm_map_find. A value above 255 is an alignment: its log2 shifted left by 8. */
export const VMFS_NO_SPACE = 0;
export const VMFS_ANY_SPACE = 1;
export const VMFS_OPTIMAL_SPACE = 2;
export const VMFS_SUPER_SPACE = 3;

/** Flags of vm_fault. */
export const VM_FAULT_NORMAL = 0;
export const VM_FAULT_WIRE = 1;

/** Private flag of a fault's access type: the lookup may grow a stack. */
export const VM_PROT_FAULT_LOOKUP = 0x10;

/** Advice of madvise. FreeBSD: sys/sys/mman.h */
export const MADV_NORMAL = 0;
export const MADV_RANDOM = 1;
export const MADV_SEQUENTIAL = 2;
export const MADV_WILLNEED = 3;
export const MADV_NOSYNC = 6;
export const MADV_AUTOSYNC = 7;
export const MADV_NOCORE = 8;
export const MADV_CORE = 9;

/** Limits of every process, in bytes: data and stack. Memory and address space are unlimited. */
export const DATA_LIMIT = 32 * 2 ** 30;
export const STACK_LIMIT = 512 * 2 ** 20;
/** Growth step of a stack. FreeBSD: sgrowsiz */
export const STACK_GROW_BYTES = 128 * 1024;
