/**
 * Event counters and global statistics of a machine: one typed array, and tables that say what each counts.
 *
 * The core counts, the harness prices. Increment as `m.counters[PMAP_LOCKS]++`; results, declarations and the price
 * table use the names. Per-pmap statistics (residentCount, wiredCount) live in Pmap.stats. Numbering follows
 * numbered.ts: a new counter takes the next free number; its row in the table decides where it appears in reports.
 */
import { namesOf, numbersOf } from './numbered.ts';

/**
 * Int32 counters are the fastest. They count modulo 2^32, and a fraction or NaN leaves no trace in them: where a
 * stranger's code counts, they are doubles.
 */
export type Counters = Int32Array | Float64Array;
export type CountersType = typeof Int32Array | typeof Float64Array;

/** By how much a counter has grown since it was `before`; modulo 2^32 if the counters are Int32. */
export const countedSince = (counters: Counters, counter: number, before: number): number =>
  counters instanceof Int32Array ? (counters[counter] - before) | 0 : counters[counter] - before;

export const USER_PT_PAGE_COUNT = 0;
export const KERNEL_PT_PAGE_COUNT = 1;
export const PV_PAGE_COUNT = 2;
export const PV_ENTRY_COUNT = 3;
export const PMAP_LOCKS = 4;
export const PMAP_TRY_LOCKS = 5;
export const PV_LIST_WRITE_LOCKS = 6;
export const PV_LIST_READ_LOCKS = 7;
export const PV_CHUNK_LIST_LOCKS = 8;
export const DELAYED_INVALIDATIONS = 9;
export const INVALIDATE_PAGES = 10;
export const INVALIDATE_RANGES = 11;
export const INVALIDATE_RANGE_PAGES = 12;
export const INVALIDATE_ALLS = 13;
export const INVLPGS = 14;
export const INVPCIDS = 15;
export const INVLTLBS = 16;
export const CONTEXT_FLUSHES = 17;
export const SHOOTDOWNS = 18;
export const IPIS = 19;
export const PT_PAGE_ALLOCS = 20;
export const PT_PAGE_FREES = 21;
export const PV_CHUNK_ALLOCS = 22;
export const PV_CHUNK_FREES = 23;
export const PROMOTIONS = 24;
export const PROMOTION_FAILURES = 25;
export const DEMOTIONS = 26;
export const SUPERPAGE_MAPPINGS = 27;
export const REMOVE_CALLS = 28;
export const REMOVE_EARLY_EXITS = 29;
export const REMOVE_LOOPS = 30;
export const REMOVE_LOOP_BREAKS = 31;
export const ALLOC_FAILURES = 32;
export const VM_WAITS = 33;
export const PAGES_DIRTIED = 34;
export const NON_ZERO_FREES = 35;
export const VM_MAP_LOCKS = 36;
export const VM_MAP_READ_LOCKS = 37;
export const VM_MAP_TRY_LOCKS = 38;
export const VM_MAP_UPGRADES = 39;
export const VM_MAP_DOWNGRADES = 40;
export const VM_MAP_LOOKUPS = 41;
export const VM_MAP_SPLAY_STEPS = 42;
export const VM_OBJECT_WRITE_LOCKS = 43;
export const VM_OBJECT_READ_LOCKS = 44;
export const SOFT_FAULTS = 45;
export const HARD_FAULTS = 46;
export const ZERO_FILLS = 47;
export const COPY_ON_WRITES = 48;
export const PREFAULTS = 49;
export const FORKS = 50;
export const VMSPACE_SHARES = 51;
export const EXECS_REUSED = 52;
export const EXECS_NEW = 53;
export const EXITS = 54;
export const SIGNALS = 55;
export const SOLE_EXITS = 56;
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
export const TEARDOWNS_WITHOUT_SHARED_PAGE = 68;
export const TEARDOWNS_WITHOUT_ITS_TABLE = 69;
export const SWAP_RESERVED = 70;
export const PAGES_ZEROED = 71;
export const CR3_LOADS = 72;
export const PMAP_SWITCHES = 73;
export const TEARDOWNS_WITH_PAGES_ABOVE = 74;
export const TEARDOWNS_OF_ABI_WITHOUT_SHARED_PAGE = 75;
export const SHARED_EXITS_OF_ABI_WITHOUT_SHARED_PAGE = 76;
export const SWAPOUT_CANDIDATES = 77;
export const SWAPOUT_ENTRIES = 78;
export const SWAPOUT_OBJECTS = 79;
export const SWAPOUT_PAGES = 80;
export const SWAPOUT_LOOKUPS = 81;
export const SWAPOUT_REFERENCED = 82;
export const SWAPOUT_UNMAPPED = 83;
export const SWAPOUT_DEACTIVATED = 84;
export const SWAPOUT_STOPS = 85;
export const TEARDOWNS_WITH_OTHER_MEMORY = 86;
export const TEARDOWNS_WITH_SUPERPAGE = 87;
export const SHORT_ALLOCS = 88;
export const CLEANUPS_WITH_OTHER_MEMORY = 89;
export const CLEANUPS_WITHOUT_SHARED_PAGE = 90;

/** A counter: its number, its name, what it counts, and the kernel function, macro or instruction it is counted in. */
type Row<Name extends string = string> = readonly [number: number, name: Name, counts: string, where: string];

/** Statistics, updated where the kernel updates them: they go down as well as up. FreeBSD: vm.pmap.* */
const GAUGES_TABLE = [
  [
    USER_PT_PAGE_COUNT,
    'userPtPageCount',
    'user_pt_page_count: page-table pages of user pmaps',
    'pmap_pt_page_count_adj',
  ],
  [KERNEL_PT_PAGE_COUNT, 'kernelPtPageCount', 'kernel_pt_page_count', 'pmap_pt_page_count_adj'],
  [PV_PAGE_COUNT, 'pvPageCount', 'pv_page_count: pages that hold pv chunks', 'get_pv_entry'],
  [PV_ENTRY_COUNT, 'pvEntryCount', 'pv_entry_count: pv entries in use', 'get_pv_entry'],
  [SWAP_RESERVED, 'swapReserved', 'swap_reserved: bytes of anonymous memory charged', 'swap_reserve_by_cred'],
] as const satisfies readonly Row[];

/** Event counts: they only go up. */
const EVENTS_TABLE = [
  // pmap: locks
  [PMAP_LOCKS, 'pmapLocks', 'PMAP_LOCK acquisitions', 'PMAP_LOCK'],
  [PMAP_TRY_LOCKS, 'pmapTryLocks', 'PMAP_TRYLOCK attempts', 'PMAP_TRYLOCK'],
  [PV_LIST_WRITE_LOCKS, 'pvListWriteLocks', 'pv list lock of a 2M frame, write', 'CHANGE_PV_LIST_LOCK_TO_PHYS'],
  [PV_LIST_READ_LOCKS, 'pvListReadLocks', 'pv list lock of a 2M frame, read', 'pmap_page_test_mappings'],
  [PV_CHUNK_LIST_LOCKS, 'pvChunkListLocks', 'pv_chunks list mutex', 'free_pv_chunk'],
  [DELAYED_INVALIDATIONS, 'delayedInvalidations', 'pmap_delayed_invl_start calls', 'pmap_delayed_invl_start'],
  // pmap: TLB invalidation
  [INVALIDATE_PAGES, 'invalidatePages', 'pmap_invalidate_page calls', 'pmap_invalidate_page'],
  [INVALIDATE_RANGES, 'invalidateRanges', 'pmap_invalidate_range calls', 'pmap_invalidate_range'],
  [INVALIDATE_RANGE_PAGES, 'invalidateRangePages', 'pages in those ranges', 'pmap_invalidate_range'],
  [INVALIDATE_ALLS, 'invalidateAlls', 'pmap_invalidate_all calls', 'pmap_invalidate_all'],
  [INVLPGS, 'invlpgs', 'INVLPG on the current CPU', 'invlpg'],
  [INVPCIDS, 'invpcids', 'INVPCID of one address on the current CPU', 'invpcid'],
  [INVLTLBS, 'invltlbs', 'whole-TLB flushes on the current CPU', 'invltlb'],
  [CONTEXT_FLUSHES, 'contextFlushes', 'INVPCID of a whole PCID on the current CPU', 'invpcid'],
  [SHOOTDOWNS, 'shootdowns', 'invalidations with at least one remote target', 'smp_targeted_tlb_shootdown'],
  [IPIS, 'ipis', 'remote CPUs interrupted', 'smp_targeted_tlb_shootdown'],
  // pmap: pages and mappings
  [PT_PAGE_ALLOCS, 'ptPageAllocs', 'page-table pages allocated, top-level pages included', 'pmap_alloc_pt_page'],
  [PT_PAGE_FREES, 'ptPageFrees', 'page-table pages freed', 'pmap_free_pt_page'],
  [PV_CHUNK_ALLOCS, 'pvChunkAllocs', 'pv chunk pages allocated', 'get_pv_entry'],
  [PV_CHUNK_FREES, 'pvChunkFrees', 'pv chunk pages freed', 'free_pv_chunk_dequeued'],
  [PROMOTIONS, 'promotions', '2M promotions', 'pmap_promote_pde'],
  [PROMOTION_FAILURES, 'promotionFailures', '2M promotion attempts that failed', 'pmap_promote_pde'],
  [DEMOTIONS, 'demotions', '2M demotions', 'pmap_demote_pde_locked'],
  [SUPERPAGE_MAPPINGS, 'superpageMappings', '2M mappings made directly, by enter or copy', 'pmap_enter_pde'],
  [REMOVE_CALLS, 'removeCalls', 'pmap_remove calls', 'pmap_remove'],
  [REMOVE_EARLY_EXITS, 'removeEarlyExits', 'pmap_remove calls that left at their first statement', 'pmap_remove'],
  [REMOVE_LOOPS, 'removeLoops', 'outer-loop iterations of pmap_remove that passed the in-loop test', 'pmap_remove'],
  [REMOVE_LOOP_BREAKS, 'removeLoopBreaks', 'times the in-loop test ended the loop', 'pmap_remove'],
  [SHORT_ALLOCS, 'shortAllocs', 'page allocations tried while memory is short', 'vm_page_alloc_noobj'],
  [ALLOC_FAILURES, 'allocFailures', 'of them: those that failed', 'vm_page_alloc_noobj'],
  [VM_WAITS, 'vmWaits', 'sleeps for memory', 'vm_wait'],
  [PAGES_DIRTIED, 'pagesDirtied', 'vm_page_dirty calls', 'vm_page_dirty'],
  [PAGES_ZEROED, 'pagesZeroed', 'pages zeroed that were not known to be zero', 'pmap_zero_page'],
  [PMAP_SWITCHES, 'pmapSwitches', 'activations that put another pmap on the CPU', 'pmap_activate_sw'],
  [CR3_LOADS, 'cr3Loads', 'CR3 loads of such a switch', 'load_cr3'],
  [NON_ZERO_FREES, 'nonZeroFrees', 'pages freed as zeroed that were not', 'pmap_free_pt_page'],
  // vm: map and object
  [VM_MAP_LOCKS, 'vmMapLocks', 'vm_map exclusive lock acquisitions', 'vm_map_lock'],
  [VM_MAP_READ_LOCKS, 'vmMapReadLocks', 'vm_map shared lock acquisitions', 'vm_map_lock_read'],
  [VM_MAP_TRY_LOCKS, 'vmMapTryLocks', 'vm_map trylock attempts', 'vm_map_trylock'],
  [VM_MAP_UPGRADES, 'vmMapUpgrades', 'vm_map lock upgrade attempts', 'vm_map_lock_upgrade'],
  [VM_MAP_DOWNGRADES, 'vmMapDowngrades', 'vm_map lock downgrades', 'vm_map_lock_downgrade'],
  [VM_MAP_LOOKUPS, 'vmMapLookups', 'vm_map_lookup_entry calls', 'vm_map_lookup_entry'],
  [VM_MAP_SPLAY_STEPS, 'vmMapSplaySteps', 'tree steps of splays', 'vm_map_splay'],
  [VM_OBJECT_WRITE_LOCKS, 'vmObjectWriteLocks', 'object lock acquisitions, write', 'VM_OBJECT_WLOCK'],
  [VM_OBJECT_READ_LOCKS, 'vmObjectReadLocks', 'object lock acquisitions, read', 'VM_OBJECT_RLOCK'],
  // vm: faults
  [SOFT_FAULTS, 'softFaults', 'faults resolved from resident pages', 'vm_fault'],
  [HARD_FAULTS, 'hardFaults', 'faults that needed a pager', 'vm_fault'],
  [ZERO_FILLS, 'zeroFills', 'faults that made a zero-filled page', 'vm_fault_zerofill'],
  [COPY_ON_WRITES, 'copyOnWrites', 'faults that copied a page', 'vm_fault_cow'],
  [PREFAULTS, 'prefaults', 'pages mapped ahead by a fault', 'vm_fault_prefault'],
  // vm: swap-out
  [
    SWAPOUT_CANDIDATES,
    'swapoutCandidates',
    'objects locked in search of the biggest one',
    'vm_swapout_map_deactivate_pages',
  ],
  [SWAPOUT_ENTRIES, 'swapoutEntries', 'map entries visited after that', 'vm_swapout_map_deactivate_pages'],
  [SWAPOUT_OBJECTS, 'swapoutObjects', 'objects scanned', 'vm_swapout_object_deactivate'],
  [SWAPOUT_PAGES, 'swapoutPages', 'resident pages passed in those scans', 'vm_swapout_object_deactivate'],
  [
    SWAPOUT_LOOKUPS,
    'swapoutLookups',
    'of them: unwired ones, looked for in the pmap',
    'vm_swapout_object_deactivate_page',
  ],
  [
    SWAPOUT_REFERENCED,
    'swapoutReferenced',
    'of them: found there, and accessed by someone',
    'vm_swapout_object_deactivate_page',
  ],
  [
    SWAPOUT_UNMAPPED,
    'swapoutUnmapped',
    'of them: found there, not accessed, and unmapped everywhere',
    'vm_swapout_object_deactivate_page',
  ],
  [
    SWAPOUT_DEACTIVATED,
    'swapoutDeactivated',
    'of those: taken out of the active queue',
    'vm_swapout_object_deactivate_page',
  ],
  [
    SWAPOUT_STOPS,
    'swapoutStops',
    'passes and scans that ended because resident_count was low enough',
    'vm_swapout_map_deactivate_pages',
  ],
  // kern: life cycle
  [FORKS, 'forks', 'vmspace_fork calls', 'vmspace_fork'],
  [VMSPACE_SHARES, 'vmspaceShares', "processes created on their parent's vmspace", 'fork1'],
  [EXECS_REUSED, 'execsReused', 'execs that emptied the vmspace in place', 'exec_new_vmspace'],
  [EXECS_NEW, 'execsNew', 'execs that took a new vmspace', 'exec_new_vmspace'],
  [EXITS, 'exits', 'process exits', 'exit1'],
  [SIGNALS, 'signals', 'signals delivered', 'sendsig'],
  [SOLE_EXITS, 'soleExits', 'process exits that found no other user of the vmspace when the hook was reached', 'exit1'],
  [
    TEARDOWNS_WITHOUT_SHARED_PAGE,
    'teardownsWithoutSharedPage',
    'of those exits and of execsReused: something is mapped, but the map has no memory at the shared page',
    'exec_free_abi_mappings',
  ],
  [
    TEARDOWNS_WITHOUT_ITS_TABLE,
    'teardownsWithoutItsTable',
    'of those: there is no page directory for its address either',
    'exec_free_abi_mappings',
  ],
  [
    TEARDOWNS_WITH_PAGES_ABOVE,
    'teardownsWithPagesAbove',
    'of the others: an unmanaged or wired page is mapped above an entry of that page alone',
    'exec_free_abi_mappings',
  ],
  [
    TEARDOWNS_OF_ABI_WITHOUT_SHARED_PAGE,
    'teardownsOfAbiWithoutSharedPage',
    'of soleExits and of execsReused: the ABI has no shared page',
    'exec_free_abi_mappings',
  ],
  [
    SHARED_EXITS_OF_ABI_WITHOUT_SHARED_PAGE,
    'sharedExitsOfAbiWithoutSharedPage',
    'of exits that found another user of the vmspace: the ABI has no shared page',
    'exec_free_abi_mappings',
  ],
  [
    TEARDOWNS_WITH_OTHER_MEMORY,
    'teardownsWithOtherMemory',
    'of exits and of execsReused: the process has other memory where the shared page belongs',
    'exec_free_abi_mappings',
  ],
  [
    TEARDOWNS_WITH_SUPERPAGE,
    'teardownsWithSuperpage',
    'of those: a 2M mapping covers that place',
    'exec_free_abi_mappings',
  ],
  [
    CLEANUPS_WITH_OTHER_MEMORY,
    'cleanupsWithOtherMemory',
    'vmspaces freed by exec_cleanup that have other memory where the shared page of the new image belongs',
    'exec_cleanup',
  ],
  [
    CLEANUPS_WITHOUT_SHARED_PAGE,
    'cleanupsWithoutSharedPage',
    'vmspaces freed by exec_cleanup that have nothing there',
    'exec_cleanup',
  ],
] as const satisfies readonly Row[];

/** Members of the seam in the order of the C files (hunks.ts), each with the function it belongs to. */
const MEMBERS_TABLE = [
  [REACHED_INVALIDATE_OTHERS, 'invalidateOthers', 'pmap_invalidate_page'],
  [REACHED_PINIT_TOP_PAGE, 'pinitTopPage', 'pmap_pinit_type'],
  [REACHED_RELEASE_BEGIN, 'releaseBegin', 'pmap_release'],
  [REACHED_RELEASE_TOP_PAGE, 'releaseTopPage', 'pmap_release'],
  [REACHED_RELEASE_END, 'releaseEnd', 'pmap_release'],
  [REACHED_RESERVED_PT_PAGE_FREED, 'reservedPtPageFreed', 'pmap_remove_pde'],
  [REACHED_REMOVE_IS_NOOP, 'removeIsNoop', 'pmap_remove'],
  [REACHED_REMOVE_LOOP_DONE, 'removeLoopDone', 'pmap_remove'],
  [REACHED_EXEC_BEFORE_TEARDOWN, 'execBeforeTeardown', 'exec_new_vmspace'],
  [REACHED_EXIT_BEFORE_VMSPACE_EXIT, 'exitBeforeVmspaceExit', 'exit1'],
  [REACHED_VMSPACE_CLEAR, 'vmspaceClear', 'vmspace_dofree'],
] as const;

type MemberName = (typeof MEMBERS_TABLE)[number][1];

/** The members in seam order. */
export const MEMBER_NAMES: readonly MemberName[] = MEMBERS_TABLE.map(([, name]) => name);

/** How often each member was reached at its call site. The verdict not-exercised is based on these counters. */
const REACHED_TABLE = MEMBERS_TABLE.map(([number, name, where]): Row<`reached.${MemberName}`> => [
  number,
  `reached.${name}`,
  `calls of the member ${name}`,
  where,
]);

/** All counters, in report order. */
export const COUNTERS = [...GAUGES_TABLE, ...EVENTS_TABLE, ...REACHED_TABLE];

export type CounterName = (typeof COUNTERS)[number][1];

/** Name of each counter, by number. */
export const COUNTER_NAMES: readonly CounterName[] = namesOf<CounterName>(COUNTERS);

export const COUNTER_COUNT = COUNTERS.length;

/** Numbers of the gauges; of all counters except REACHED_ ones; of the REACHED_ counters by member. In report order. */
export const GAUGES: readonly number[] = numbersOf(GAUGES_TABLE);
export const COMPARED: readonly number[] = [...GAUGES, ...numbersOf(EVENTS_TABLE)];
export const REACHED: readonly number[] = numbersOf(MEMBERS_TABLE);
