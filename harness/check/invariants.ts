/**
 * The invariants by name: what each states, and the kernel function that maintains it. Violations and the ledger of
 * findings refer to an invariant by its name.
 */
export const INVARIANTS = {
  // Counts of a pmap.
  'resident-count': [
    'resident_count = leaves in 4K pages + table pages + declared top-level pages',
    'pmap.c pmap_resident_count_adj',
  ],
  'user-pt-page-count': [
    'user_pt_page_count = table pages that exist, top-level pages once each',
    'pmap.c pmap_pt_page_count_adj',
  ],
  'reserved-pt-page-count': [
    'a reserved table page that is freed leaves user_pt_page_count',
    'pmap.c pmap_remove_pde, pmap_remove_pages',
  ],
  'wired-count': ['wired_count = pages of wired leaves', 'pmap.c pmap_enter, pmap_unwire'],
  'kernel-pmap': [
    'kernel_pmap and pmap0 map nothing of user space, and their counts stand still',
    'pmap.c pmap_pinit0',
  ],
  'no-tables-without-leaves': ['a pmap without leaves has no table page but its roots', 'pmap.c pmap_unwire_ptp'],
  'early-exit': ['pmap_remove may leave early only where nothing is mapped', 'pmap.c pmap_remove'],
  'remove-calls': ['every pmap_remove call asks once whether it may leave early', 'pmap.c pmap_remove'],
  'pmap-released': ['a released pmap has no count, reserved page, pv chunk or CPU left', 'pmap.c pmap_release'],
  // Tables.
  'table-references': ['references of a table page = its entries, at least 1; of a root 1', 'pmap.c pmap_unwire_ptp'],
  'table-links': ['a table page is linked exactly once', 'pmap.c pmap_allocpte_nosleep'],
  'table-index': [
    'pindex of a table page tells its level and address',
    'pmap.c pmap_pde_pindex, pmap_pdpe_pindex, pmap_pml4e_pindex',
  ],
  'table-entry': [
    'a table entry is frame|U|RW|V|A|M, with NX in the kernel-mode root beside a user root',
    'pmap.c pmap_allocpte_nosleep',
  ],
  'user-root': ['both roots agree on user slots, except for NX', 'pmap.c pmap_allocpte_nosleep'],
  'root-kernel-slots': [
    'kernel slots of a root lead where the kernel put them',
    'pmap.c pmap_pinit_pml4, pmap_pinit_pml5',
  ],
  'reserved-tables': [
    'a reserved table page is full, valid, unlinked, and maps what its 2M leaf maps',
    'pmap.c pmap_insert_pt_page, pmap_demote_pde_locked',
  ],
  // Leaves.
  'leaf-bits': ['a user leaf has U and never G', 'pmap.c pmap_enter'],
  'leaf-frame': ['a leaf maps frames of physical memory, aligned to its size', 'pmap.c pmap_enter'],
  'leaf-key': ['a leaf has the protection key of its address: none was set', 'pmap.c pmap_pkru_get'],
  'leaf-managed': ['a leaf is managed exactly if its page is', 'pmap.c pmap_enter'],
  'superpage-wired': [
    'a wired managed 2M leaf is accessed and has a reserved table page',
    'pmap.c pmap_demote_pde_locked',
  ],
  'superpage-clean': ['a managed writeable 2M leaf is dirty', 'pmap.c pmap_enter_pde'],
  'freed-frame': ['no leaf and no table entry names a free frame', 'vm_page.c vm_page_free_prep'],
  'page-writeable': [
    'PGA_WRITEABLE is set where a managed mapping is writeable, clear where there is none',
    'vm_page.h vm_page_aflag_set',
  ],
  'dirty-pages': ['a written page whose dirty mapping goes is dirty itself', 'pmap.c pmap_remove_pte'],
  // pv entries.
  'pv-entries': ['pv entries of a page = its managed leaves', 'pmap.c pmap_pv_insert_pde, pmap_pvh_remove'],
  'pv-lists': ['pv lists and chunk lists are linked both ways', 'pmap.c pmap_pvh_remove'],
  'pv-chunks': [
    'entries in use of all chunks = entries on lists; no chunk is empty, each is listed once',
    'pmap.c get_pv_entry, free_pv_entry',
  ],
  'pv-entry-count': ['pv_entry_count = entries in use', 'pmap.c get_pv_entry, free_pv_entry'],
  'pv-page-count': ['pv_page_count = pages that hold chunks', 'pmap.c get_pv_entry, free_pv_chunk_dequeued'],
  // CPUs.
  'tlb-entry': [
    'no TLB entry that can be used grants more than the tables, or another frame',
    'pmap.c pmap_invalidate_page, pmap_delayed_invl_page',
  ],
  'paging-structure-cache': [
    'no cached table that can be used is another than the tables say',
    'pmap.c pmap_unwire_ptp',
  ],
  'pmap-active': ['pm_active names exactly the CPUs that have the pmap loaded', 'pmap.c pmap_activate_sw'],
  'cpu-roots': [
    'CR3 and the CR3 of user mode lead to the roots of the loaded pmap',
    'pmap.c pmap_activate_sw_pcid_pti, pmap_activate_sw_nopcid_nopti',
  ],
  pcid: ['a PCID that is good on a CPU is in range and of one pmap', 'pmap.c pmap_pcid_alloc'],
  'delayed-invalidation': ['no delayed-invalidation block is open or outstanding', 'pmap.c pmap_delayed_invl_finish'],
  // Pages.
  'page-references': [
    'a page is free exactly if nothing references it; references are never negative',
    'vm_page.c vm_page_free_prep',
  ],
  'free-pages': ['a free page has no pv entry and, if listed as zeroed, holds zeroes', 'vm_page.c vm_page_free_prep'],
  'page-wirings': [
    'wirings of a page = wired entries that hold it',
    'vm_page.c vm_page_wire, vm_object.c vm_object_unwire',
  ],
  'zeroed-frees': ['what is freed as zeroed is zeroed', 'pmap.c pmap_free_pt_page'],
  'full-runs': ['a run counts its pages, and is full exactly if all are in use', 'vm_reserv.c vm_reserv_populate'],
  // Maps.
  'map-order': [
    'entries are page-aligned, not empty, disjoint, ascending and inside the map',
    'vm_map.c vm_map_insert',
  ],
  'map-counts': ['nentries and size are those of the entries', 'vm_map.c vm_map_entry_link'],
  'map-tree': ['the tree holds the entries in order, threads included', 'vm_map.c _vm_map_assert_consistent'],
  'map-max-free': ['max_free is the largest gap beside an entry of the subtree', 'vm_map.c _vm_map_assert_consistent'],
  'entry-protection': ['protection lies within max_protection', 'vm_map.c vm_map_protect'],
  'entry-guard': ['a guard has no object, charge or rights; a stack gap is a guard', 'vm_map.c vm_map_insert'],
  'entry-copy': [
    'NEEDS_COPY implies COW and forbids a writeable wired entry; VN_EXEC stands on a file',
    'vm_map.c vm_map_copy_entry',
  ],
  'entry-wiring': [
    'wirings are not negative, a user wiring is one, and none is under way',
    'vm_map.c vm_map_wire_locked',
  ],
  'user-wired-count': [
    'the count of user wirings = pages of the entries that users wired',
    'vm_map.c vm_map_wire_locked',
  ],
  'swap-reserved': [
    'swap_reserved = bytes charged to entries and to objects',
    'swap_pager.c swap_reserve_by_cred, vm_map.c vm_map_insert',
  ],
  'map-timestamp': ['the timestamp never falls and rises with every change of structure', 'vm_map.c _vm_map_lock'],
  'map-locks': ['no map is locked or busy, and no deleted entry awaits release', 'vm_map.c vm_map_process_deferred'],
  // Objects.
  'object-references': [
    'references of an object = entries, objects behind which it stands, holders',
    'vm_object.c vm_object_deallocate',
  ],
  'object-shadows': [
    'shadow_count and shadow list = objects that it backs',
    'vm_object.c vm_object_backing_insert_locked',
  ],
  'object-chain': [
    'chains end, hold no dead object, and a named one has more references than shadows',
    'vm_object.c vm_object_collapse',
  ],
  'object-one-mapping': [
    'no page of a ONEMAPPING object that backs none is mapped twice',
    'vm_object.c vm_object_coalesce',
  ],
  'object-pages': [
    'list, index and pages of an object agree; unmanaged are its pages exactly if it is',
    'vm_page.c vm_page_insert_after',
  ],
  'shared-page': [
    'the shared page is one valid, unmanaged, unmapped-by-pv page that is not freed',
    'kern_sharedpage.c shared_page_init',
  ],
  // pmap compared with map.
  'leaf-in-entry': ['a user leaf lies in a map entry with an object', 'vm_map.c vm_map_delete'],
  'leaf-page': ['a user leaf maps a page of the object chain of its entry', 'vm_fault.c vm_fault'],
  // An older page may be mapped as long as no process that maps it sees the newer one.
  'leaf-stale': [
    'no user leaf maps a page that one nearer the top of its object chain hides',
    'vm_object.c vm_object_collapse_scan',
  ],
  'leaf-rights': [
    'a leaf grants no more than its entry; writeable only pages of the top object',
    'vm_map.c vm_map_copy_entry, vm_fault.c vm_fault',
  ],
  'leaf-wired': ['a wired leaf lies in a wired entry', 'vm_map.c vm_map_wire_locked'],
  // Life cycle.
  'vmspace-references': [
    'vm_refcnt = processes that use the vmspace or still hold it',
    'vm_map.c vmspace_exit, vmspace_free',
  ],
  'vmspace0-references': [
    'vm_refcnt of vmspace0 = proc0 and the processes that have left theirs',
    'vm_map.c vmspace_exit',
  ],
  'removed-pages': [
    'pmap_remove_pages leaves unmanaged and wired pages only, with what leads to them',
    'pmap.c pmap_remove_pages',
  ],
  'removed-pages-where': ['pmap_remove_pages runs for the only user, active nowhere else', 'pmap.c pmap_remove_pages'],
  'sweep-calls': ['the sweep of a map calls pmap_remove once for each entry with an object', 'vm_map.c vm_map_delete'],
  'vfork-wait': ['a vfork child that lets its parent go has left its vmspace', 'kern_exec.c exec_new_vmspace'],
  'shared-page-entry': [
    'a native process has the shared page mapped unless it did away with it',
    'kern_exec.c exec_map_stack, exec_new_vmspace',
  ],
  'shared-page-signal': [
    'a read of the shared page ends in SIGSEGV only where the process did away with it',
    'vm_fault.c vm_fault',
  ],
} as const satisfies Record<string, readonly [says: string, source: string]>;

export type InvariantName = keyof typeof INVARIANTS;
