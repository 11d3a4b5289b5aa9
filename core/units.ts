/**
 * Units and address arithmetic. The only home of 4096 and related constants.
 *
 * Outside core/hw an address is one page-aligned number: exact up to 2^57, because its low 12 bits are 0 and a double
 * holds 53 significant bits. `>>>` works on 32 bits only, so core/hw and the inner pmap take it as two halves, hi and
 * lo.
 *
 *      56      48 47      39 38      30 29      21 20      12 11            0
 *     +----------+----------+----------+----------+----------+---------------+
 *     |   PML5   |   PML4   |   PDP    |    PD    |    PT    |  byte in page |   nine bits per index, which selects
 *     +----------+----------+----------+----------+----------+---------------+   one of a table's 512 entries
 *     |<------ hi: 63 .. 32 ----->|<------------ lo: 31 .. 0 --------------->|   (PDP: two of its bits are in lo)
 *
 * With four levels PML5 is 0 and the root is a PML4 page. The user half is the lower one: its top bit, 47 or 56, is 0.
 * FreeBSD: sys/amd64/include/param.h, vmparam.h, pmap.h.
 */

/** A page-aligned virtual address in bytes. */
export type Va = number;
/** A physical page frame number: physical address / 4096. */
export type Frame = number;
/** A number of 4 KiB pages. */
export type Pages = number;

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;
/** 8-byte entries per page-table page, at every level. */
export const NPTEPG = 512;
/** 32-bit words per page. */
export const WORDS_PER_PAGE = 1024;

/**
 * Bytes covered by one entry of a page-table page, by level: PD (2 MiB), PDP (1 GiB), PML4 (512 GiB), PML5 (256 TiB).
 */
export const NBPDR = 2 ** 21;
export const PDRMASK = NBPDR - 1;
export const NBPDP = 2 ** 30;
export const NBPML4 = 2 ** 39;
export const NBPML5 = 2 ** 48;

/** Page-table pages of the user half, by level; LA57-sized in both modes. FreeBSD: pmap.h NUPML4E.. */
export const NUPML4E = 2 ** 17;
export const NUPDPE = 2 ** 26;
export const NUPDE = 2 ** 35;

export const VM_MAXUSER_ADDRESS_LA48 = 2 ** 47;
export const VM_MAXUSER_ADDRESS_LA57 = 2 ** 56;

/** vm_prot_t. FreeBSD: sys/vm/vm.h */
export const VM_PROT_NONE = 0;
export const VM_PROT_READ = 1;
export const VM_PROT_WRITE = 2;
export const VM_PROT_EXECUTE = 4;
export const VM_PROT_ALL = 7;

export const truncPage = (va: number): Va => va - (va % PAGE_SIZE);
export const roundPage = (va: number): Va => Math.ceil(va / PAGE_SIZE) * PAGE_SIZE;
export const atop = (bytes: number): Pages => Math.floor(bytes / PAGE_SIZE);

/**
 * Bytes of physical memory that a machine may have, and the frames below 4 GiB: the low word of an entry names them, and
 * Int32 numbers their words.
 */
export const MAX_RAM = 2 ** 36;
export const LOW_FRAMES = 2 ** 20;

/** The 2M frame that contains a frame (with superpages: its run), and the first frame of a 2M frame. */
export const runOf = (frame: Frame): number => frame >>> 9;
export const firstOf = (run: number): Frame => run << 9;
/** The first word of a frame below 4 GiB in the machine's words, and the frame that contains a word. */
export const wordOf = (frame: Frame): number => frame << 10;
export const frameAt = (word: number): Frame => word >>> 10;

/** Convert an address to the two 32-bit halves that core/hw and the inner pmap take. */
export const vaHi = (va: Va): number => (va / 0x100000000) | 0;
export const vaLo = (va: Va): number => va | 0;
export const vaOf = (hi: number, lo: number): Va => (hi >>> 0) * 0x100000000 + (lo >>> 0);

/** Return codes of the VM and pmap layers. FreeBSD: sys/vm/vm_param.h */
export const KERN_SUCCESS = 0;
export const KERN_INVALID_ADDRESS = 1;
export const KERN_PROTECTION_FAILURE = 2;
export const KERN_NO_SPACE = 3;
export const KERN_INVALID_ARGUMENT = 4;
export const KERN_FAILURE = 5;
export const KERN_RESOURCE_SHORTAGE = 6;
export const KERN_NOT_RECEIVER = 7;
export const KERN_NO_ACCESS = 8;
export const KERN_OUT_OF_BOUNDS = 9;
export const KERN_RESTART = 10;

/** Flags of pmap_enter, in addition to the VM_PROT_ bits of the access. FreeBSD: sys/vm/pmap.h */
export const PMAP_ENTER_NOSLEEP = 0x100;
export const PMAP_ENTER_WIRED = 0x200;
export const PMAP_ENTER_LARGEPAGE = 0x400;

/** Advice that reaches the pmap. FreeBSD: sys/sys/mman.h */
export const MADV_DONTNEED = 4;
export const MADV_FREE = 5;

/** Initial resident_count of kernel_pmap: the preloaded kernel's pages, 32 MiB. FreeBSD: pmap_bootstrap */
export const KERNEL_RESIDENT: Pages = 8192;
