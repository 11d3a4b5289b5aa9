/**
 * Event counters and global statistics of a machine: one Float64Array (exact to 2^53) and a table of names.
 *
 * The core counts, the harness prices. Increment as `m.counters[PMAP_LOCKS]++`; names are what results, declarations and
 * the price table use. Per-pmap statistics (residentCount, wiredCount) live in Pmap.stats.
 */

// Statistics: gauges, kept where the kernel keeps them. FreeBSD: vm.pmap.*
/** user_pt_page_count: page-table pages of user pmaps */
export const USER_PT_PAGE_COUNT = 0;
/** kernel_pt_page_count */
export const KERNEL_PT_PAGE_COUNT = 1;
/** pv_page_count: pages that hold pv chunks */
export const PV_PAGE_COUNT = 2;
/** pv_entry_count: pv entries in use */
export const PV_ENTRY_COUNT = 3;

// pmap: locks
/** PMAP_LOCK acquisitions */
export const PMAP_LOCKS = 4;
/** PMAP_TRYLOCK attempts */
export const PMAP_TRY_LOCKS = 5;
/** pv list lock of a 2M frame, write */
export const PV_LIST_WRITE_LOCKS = 6;
/** pv list lock of a 2M frame, read */
export const PV_LIST_READ_LOCKS = 7;
/** pv_chunks list mutex */
export const PV_CHUNK_LIST_LOCKS = 8;
/** pmap_delayed_invl_start calls */
export const DELAYED_INVALIDATIONS = 9;

// pmap: TLB invalidation
/** pmap_invalidate_page calls */
export const INVALIDATE_PAGES = 10;
/** pmap_invalidate_range calls */
export const INVALIDATE_RANGES = 11;
/** pages in those ranges */
export const INVALIDATE_RANGE_PAGES = 12;
/** pmap_invalidate_all calls */
export const INVALIDATE_ALLS = 13;
/** INVLPG on the current CPU */
export const INVLPGS = 14;
/** INVPCID of one address on the current CPU */
export const INVPCIDS = 15;
/** whole-TLB flushes on the current CPU */
export const INVLTLBS = 16;
/** INVPCID of a whole PCID on the current CPU */
export const CONTEXT_FLUSHES = 17;
/** invalidations with at least one remote target */
export const SHOOTDOWNS = 18;
/** remote CPUs interrupted */
export const IPIS = 19;

// pmap: pages and mappings
/** page-table pages allocated, top-level pages included */
export const PT_PAGE_ALLOCS = 20;
/** page-table pages freed */
export const PT_PAGE_FREES = 21;
/** pv chunk pages allocated */
export const PV_CHUNK_ALLOCS = 22;
/** pv chunk pages freed */
export const PV_CHUNK_FREES = 23;
/** 2M promotions */
export const PROMOTIONS = 24;
/** 2M promotion attempts that failed */
export const PROMOTION_FAILURES = 25;
/** 2M demotions */
export const DEMOTIONS = 26;
/** 2M mappings made directly, by enter or copy */
export const SUPERPAGE_MAPPINGS = 27;
/** pmap_remove calls */
export const REMOVE_CALLS = 28;
/** pmap_remove calls that left at their first statement */
export const REMOVE_EARLY_EXITS = 29;
/** outer-loop iterations of pmap_remove that passed the in-loop test */
export const REMOVE_LOOPS = 30;
/** times the in-loop test ended the loop */
export const REMOVE_LOOP_BREAKS = 31;
/** page allocations that failed */
export const ALLOC_FAILURES = 32;
/** sleeps for memory */
export const VM_WAITS = 33;
/** vm_page_dirty calls */
export const PAGES_DIRTIED = 34;
/** pages freed as zeroed that were not */
export const NON_ZERO_FREES = 35;

// vm: map and object
/** vm_map exclusive lock acquisitions */
export const VM_MAP_LOCKS = 36;
/** vm_map shared lock acquisitions */
export const VM_MAP_READ_LOCKS = 37;
/** vm_map trylock attempts */
export const VM_MAP_TRY_LOCKS = 38;
/** vm_map lock upgrade attempts */
export const VM_MAP_UPGRADES = 39;
/** vm_map lock downgrades */
export const VM_MAP_DOWNGRADES = 40;
/** vm_map_lookup_entry calls */
export const VM_MAP_LOOKUPS = 41;
/** tree steps of splays */
export const VM_MAP_SPLAY_STEPS = 42;
/** object lock acquisitions, write */
export const VM_OBJECT_WRITE_LOCKS = 43;
/** object lock acquisitions, read */
export const VM_OBJECT_READ_LOCKS = 44;

// vm: faults
/** faults resolved from resident pages */
export const SOFT_FAULTS = 45;
/** faults that needed a pager */
export const HARD_FAULTS = 46;
/** faults that made a zero-filled page */
export const ZERO_FILLS = 47;
/** faults that copied a page */
export const COPY_ON_WRITES = 48;
/** pages mapped ahead by a fault */
export const PREFAULTS = 49;

// kern: life cycle
/** vmspace_fork calls */
export const FORKS = 50;
/** processes created on their parent's vmspace */
export const VMSPACE_SHARES = 51;
/** execs that emptied the vmspace in place */
export const EXECS_REUSED = 52;
/** execs that took a new vmspace */
export const EXECS_NEW = 53;
/** process exits */
export const EXITS = 54;
/** signals delivered */
export const SIGNALS = 55;
/** process exits that found no other user of the vmspace when the hook was reached */
export const SOLE_EXITS = 56;

// The seam: how often each member of Hunks was reached at its call site; what not-exercised is decided by.
export const REACHED_INVALIDATE_OTHERS = 57;
export const REACHED_PINIT_TOP_PAGE = 58;
export const REACHED_RELEASE_BEGIN = 59;
export const REACHED_RELEASE_TOP_PAGE = 60;
export const REACHED_RELEASE_END = 61;
export const REACHED_RESERVED_PT_PAGE_FREED = 62;
export const REACHED_REMOVE_IS_NOOP = 63;
export const REACHED_REMOVE_LOOP_DONE = 64;
export const REACHED_EXEC_BEFORE_TEARDOWN = 65;
export const REACHED_EXIT_BEFORE_VMSPACE_EXIT = 66;
export const REACHED_VMSPACE_CLEAR = 67;

/** Name of each counter, by index. */
export const COUNTER_NAMES = [
  'userPtPageCount',
  'kernelPtPageCount',
  'pvPageCount',
  'pvEntryCount',
  'pmapLocks',
  'pmapTryLocks',
  'pvListWriteLocks',
  'pvListReadLocks',
  'pvChunkListLocks',
  'delayedInvalidations',
  'invalidatePages',
  'invalidateRanges',
  'invalidateRangePages',
  'invalidateAlls',
  'invlpgs',
  'invpcids',
  'invltlbs',
  'contextFlushes',
  'shootdowns',
  'ipis',
  'ptPageAllocs',
  'ptPageFrees',
  'pvChunkAllocs',
  'pvChunkFrees',
  'promotions',
  'promotionFailures',
  'demotions',
  'superpageMappings',
  'removeCalls',
  'removeEarlyExits',
  'removeLoops',
  'removeLoopBreaks',
  'allocFailures',
  'vmWaits',
  'pagesDirtied',
  'nonZeroFrees',
  'vmMapLocks',
  'vmMapReadLocks',
  'vmMapTryLocks',
  'vmMapUpgrades',
  'vmMapDowngrades',
  'vmMapLookups',
  'vmMapSplaySteps',
  'vmObjectWriteLocks',
  'vmObjectReadLocks',
  'softFaults',
  'hardFaults',
  'zeroFills',
  'copyOnWrites',
  'prefaults',
  'forks',
  'vmspaceShares',
  'execsReused',
  'execsNew',
  'exits',
  'signals',
  'soleExits',
  'reached.invalidateOthers',
  'reached.pinitTopPage',
  'reached.releaseBegin',
  'reached.releaseTopPage',
  'reached.releaseEnd',
  'reached.reservedPtPageFreed',
  'reached.removeIsNoop',
  'reached.removeLoopDone',
  'reached.execBeforeTeardown',
  'reached.exitBeforeVmspaceExit',
  'reached.vmspaceClear',
] as const;

export type CounterName = (typeof COUNTER_NAMES)[number];

export const COUNTER_COUNT = COUNTER_NAMES.length;
/** Counters below this index are gauges: they go down as well as up. */
export const GAUGE_COUNT = 4;
/** First of the REACHED_ counters, which are in the order of Hunks. */
export const FIRST_REACHED = 57;
