/**
 * The invariants by name: what each says, and where it comes from (sections of ../shared/reference). A name is what a
 * violation carries and what the ledger of findings refers to.
 */
export const INVARIANTS = {
  // Counts of a pmap.
  'resident-count': [
    'resident_count = leaves in 4K pages + table pages + declared top-level pages',
    'pmap 6.1, vm 5.17',
  ],
  'user-pt-page-count': ['user_pt_page_count = table pages that exist, top-level pages once each', 'pmap 6.2'],
  'reserved-pt-page-count': ['a reserved table page that is freed leaves user_pt_page_count', 'pmap 6.2'],
  'wired-count': ['wired_count = pages of wired leaves', 'pmap 6.3'],
  'kernel-pmap': ['kernel_pmap and pmap0 map nothing of user space, and their counts stand still', 'pmap 2.3'],
  'no-tables-without-leaves': ['a pmap without leaves has no table page but its roots', 'pmap 6.28, vm 5.18'],
  'early-exit': ['pmap_remove may leave early only where nothing is mapped', 'pmap 6.28, vm 5.19'],
  'remove-calls': ['every pmap_remove call asks once whether it may leave early', 'vm 5.27'],
  'pmap-released': ['a released pmap has no count, reserved page, pv chunk or CPU left', 'pmap 6.29, vm 5.24'],
  // Tables.
  'table-references': ['references of a table page = its entries, at least 1; of a root 1', 'pmap 6.4, vm 5.18'],
  'table-links': ['a table page is linked exactly once', 'pmap 6.5'],
  'table-index': ['pindex of a table page tells its level and address', 'pmap 6.6'],
  'table-entry': ['a table entry is frame|U|RW|V|A|M, with NX in the kernel-mode root beside a user root', 'pmap 6.20'],
  'user-root': ['both roots agree on user slots, except for NX', 'pmap 6.31, 6.5'],
  'root-kernel-slots': ['kernel slots of a root lead where the kernel put them', 'pmap 6.19'],
  'reserved-tables': ['a reserved table page is full, valid, unlinked, and maps what its 2M leaf maps', 'pmap 6.7'],
  // Leaves.
  'leaf-bits': ['a user leaf has U and never G', 'pmap 6.20'],
  'leaf-frame': ['a leaf maps frames of physical memory, aligned to its size', 'pmap 6.22'],
  'leaf-key': ['a leaf has the protection key of its address: none was set', 'pmap 6.23'],
  'leaf-managed': ['a leaf is managed exactly if its page is', 'pmap 6.12, vm 5.13'],
  'superpage-wired': ['a wired managed 2M leaf is accessed and has a reserved table page', 'pmap 6.9'],
  'superpage-clean': ['a managed writeable 2M leaf is dirty', 'pmap 6.10'],
  'freed-frame': ['no leaf and no table entry names a free frame', 'pmap 6.17, vm 5.14'],
  'page-writeable': [
    'PGA_WRITEABLE is set where a managed mapping is writeable, clear where there is none',
    'pmap 6.16',
  ],
  'dirty-pages': ['a written page whose dirty mapping goes is dirty itself', 'pmap 6.21'],
  // pv entries.
  'pv-entries': ['pv entries of a page = its managed leaves', 'pmap 6.11, 6.12, 6.13'],
  'pv-lists': ['pv lists and chunk lists are linked both ways', 'pmap 6.14'],
  'pv-chunks': ['entries in use of all chunks = entries on lists; no chunk is empty, each is listed once', 'pmap 6.14'],
  'pv-entry-count': ['pv_entry_count = entries in use', 'pmap 6.15'],
  'pv-page-count': ['pv_page_count = pages that hold chunks', 'pmap 6.15'],
  // CPUs.
  'tlb-entry': ['no TLB entry that can be used grants more than the tables, or another frame', 'pmap 6.24'],
  'paging-structure-cache': ['no cached table that can be used is another than the tables say', 'pmap 6.24'],
  'pmap-active': ['pm_active names exactly the CPUs that have the pmap loaded', 'pmap 6.25'],
  pcid: ['a PCID that is good on a CPU is in range and of one pmap', 'pmap 6.26'],
  'delayed-invalidation': ['no delayed-invalidation block is open or outstanding', 'pmap 6.27'],
  // Pages.
  'page-references': [
    'a page is free exactly if nothing references it; references are never negative',
    'pmap 6.17, 6.30',
  ],
  'free-pages': ['a free page has no pv entry and, if listed as zeroed, holds zeroes', 'pmap 6.17, 6.18'],
  'zeroed-frees': ['what is freed as zeroed is zeroed', 'pmap 6.18'],
  'full-runs': ['a run counts its pages, and is full exactly if all are in use', 'vm 8'],
  // Maps.
  'map-order': ['entries are page-aligned, not empty, disjoint, ascending and inside the map', 'vm 5.1'],
  'map-counts': ['nentries and size are those of the entries', 'vm 5.2'],
  'map-tree': ['the tree holds the entries in order, threads included', 'vm 5.3'],
  'map-max-free': ['max_free is the largest gap beside an entry of the subtree', 'vm 5.3'],
  'entry-protection': ['protection lies within max_protection', 'vm 5.4'],
  'entry-guard': ['a guard has no object, charge or rights; a stack gap is a guard', 'vm 5.4'],
  'entry-copy': ['NEEDS_COPY implies COW and forbids a writeable wired entry; VN_EXEC stands on a file', 'vm 5.5'],
  'entry-wiring': ['wirings are not negative, a user wiring is one, and none is under way', 'vm 5.6'],
  'map-timestamp': ['the timestamp never falls and rises with every change of structure', 'vm 5.7'],
  'map-locks': ['no map is locked or busy, and no deleted entry awaits release', 'vm 5.8'],
  // Objects.
  'object-references': ['references of an object = entries, objects behind which it stands, holders', 'vm 5.9, 5.10'],
  'object-shadows': ['shadow_count and shadow list = objects that it backs', 'vm 5.9'],
  'object-chain': ['chains end, hold no dead object, and a named one has more references than shadows', 'vm 5.11'],
  'object-one-mapping': ['no page of a ONEMAPPING object is mapped twice', 'vm 5.12'],
  'object-pages': ['list, index and pages of an object agree; unmanaged are its pages exactly if it is', 'vm 5.13'],
  'shared-page': ['the shared page is one valid, unmanaged, unmapped-by-pv page that is not freed', 'vm 5.10'],
  // pmap against map.
  'leaf-in-entry': ['a user leaf lies in a map entry with an object', 'vm 5.15'],
  'leaf-page': ['a user leaf maps a page of the object chain of its entry', 'vm 5.15'],
  // An older page may be mapped by nobody who sees the newer one: vm_object_collapse_scan asserts it when it frees one.
  'leaf-stale': ['no user leaf maps a page that one nearer the top of its object chain hides', 'vm 5.15'],
  'leaf-rights': ['a leaf grants no more than its entry; writeable only pages of the top object', 'vm 5.16'],
  'leaf-wired': ['a wired leaf lies in a wired entry', 'vm 5.16'],
  // Life cycle.
  'vmspace-references': ['vm_refcnt = processes that use the vmspace or still hold it', 'vm 5.21'],
  'vmspace0-references': ['vm_refcnt of vmspace0 = proc0 and the processes that have left theirs', 'vm 5.22'],
  'removed-pages': ['pmap_remove_pages leaves unmanaged and wired pages only, with what leads to them', 'vm 5.20'],
  'removed-pages-where': ['pmap_remove_pages runs for the only user, active nowhere else', 'vm 5.23'],
  'sweep-calls': ['the sweep of a map calls pmap_remove once for each entry with an object', 'vm 5.27'],
  'vfork-wait': ['a vfork child that lets its parent go has left its vmspace', 'vm 5.25'],
  'shared-page-entry': ['a native process has the shared page mapped unless it did away with it', 'vm 5.26'],
  'shared-page-signal': [
    'a read of the shared page ends in SIGSEGV only where the process did away with it',
    'vm 5.28',
  ],
} as const satisfies Record<string, readonly [says: string, source: string]>;

export type InvariantName = keyof typeof INVARIANTS;
