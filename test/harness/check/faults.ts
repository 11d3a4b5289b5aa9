/**
 * Faults planted into the state of a live machine, each with the invariant that must detect it. The state is the one
 * after the last op of LIVE, or of the fault's own workload.
 */
import {
  NON_ZERO_FREES,
  PV_ENTRY_COUNT,
  PV_PAGE_COUNT,
  REMOVE_CALLS,
  USER_PT_PAGE_COUNT,
} from '../../../core/counters.ts';
import * as face from '../../../core/inspect.ts';
import { DIRTY, frameIn, MANAGED, USER, WIRED, WRITE } from '../../../harness/check/bits.ts';
import { Survey } from '../../../harness/check/survey.ts';
import {
  BIG,
  count,
  entry,
  entryOf,
  type Fault,
  first,
  leafFrameOf,
  LIVE,
  pmapOf,
  pte,
  READ_ONLY,
  SMALL,
  tableOf,
  wordOf,
} from './plant.ts';

const pmapFaults: Fault[] = [
  { what: 'resident_count', invariant: 'resident-count', plant: (m) => void pmapOf(m).stats.residentCount++ },
  { what: 'wired_count', invariant: 'wired-count', plant: (m) => void pmapOf(m).stats.wiredCount-- },
  { what: 'user_pt_page_count', invariant: 'user-pt-page-count', plant: count(USER_PT_PAGE_COUNT) },
  { what: 'kernel_pmap', invariant: 'kernel-pmap', plant: (m) => void m.kernelPmap.stats.residentCount++ },
  { what: 'a pmap_remove call that did not ask', invariant: 'remove-calls', plant: count(REMOVE_CALLS) },
  { what: 'a dirty page freed as zeroed', invariant: 'zeroed-frees', plant: count(NON_ZERO_FREES) },
  {
    what: 'a mapped pmap that looks empty',
    invariant: 'early-exit',
    plant: (m) => void (pmapOf(m).stats.residentCount = 0),
  },
  {
    what: 'tables that nothing is mapped through',
    invariant: 'no-tables-without-leaves',
    workload: 'p: exec sh60',
    plant(m) {
      const survey = new Survey();
      survey.take(m, [pmapOf(m)]);
      const { va, level, count: leaves } = survey.leaves;
      for (let row = 0; row < leaves; row++) m.words[wordOf(m, va[row]!, level[row])] = 0;
    },
  },
  {
    what: 'a count left in a released pmap',
    invariant: 'pmap-released',
    workload: 'p: exec sh60\np: exit',
    plant: (m) => void (m.sparePmaps.at(-1)!.stats.residentCount = 1),
  },
  {
    what: 'references of a table',
    invariant: 'table-references',
    plant: (m) => void m.page.refCount[tableOf(m, SMALL)]!++,
  },
  {
    what: 'a table linked twice',
    invariant: 'table-links',
    plant: (m) => void (m.words[wordOf(m, SMALL, 2) + 2] = m.words[wordOf(m, SMALL, 2)]!),
  },
  { what: 'pindex of a table', invariant: 'table-index', plant: (m) => void m.page.pindex[tableOf(m, SMALL)]!++ },
  { what: 'a table entry without A', invariant: 'table-entry', plant: pte((lo) => lo & ~0x20, SMALL, 2) },
  { what: 'an entry neither valid nor 0', invariant: 'table-entry', plant: pte((lo) => lo & ~1) },
  {
    what: 'a kernel slot of a root',
    invariant: 'root-kernel-slots',
    plant: (m) => void (m.words[pmapOf(m).top * 1024 + 511 * 2] = 0),
  },
  {
    what: 'a slot of the user root',
    invariant: 'user-root',
    workload: 'machine pti=on\np: exec sh60',
    plant: (m) => void (m.words[wordOf(m, first(m).sysent.usrStack - 4096, 4, pmapOf(m).topUser)] = 0),
  },
  {
    what: 'a PTE of a reserved table',
    invariant: 'reserved-tables',
    plant: (m) => void (m.words[[...pmapOf(m).reserved.values()][0]! * 1024 + 8]! += 0x1000),
  },
  { what: 'a leaf without U', invariant: 'leaf-bits', plant: pte((lo) => lo & ~USER) },
  { what: 'a leaf beyond memory', invariant: 'leaf-frame', plant: (m) => void (m.words[wordOf(m, SMALL) + 1] = 1) },
  { what: 'a protection key', invariant: 'leaf-key', plant: (m) => void (m.words[wordOf(m, SMALL) + 1]! |= 1 << 27) },
  { what: 'a leaf that is not managed', invariant: 'leaf-managed', plant: pte((lo) => lo & ~MANAGED) },
  { what: 'a wired 2M leaf without A', invariant: 'superpage-wired', plant: pte((lo) => (lo | WIRED) & ~0x20, BIG, 2) },
  {
    what: 'a clean writeable 2M leaf',
    invariant: 'superpage-clean',
    plant: pte((lo) => (lo | WRITE) & ~DIRTY, BIG, 2),
  },
  {
    what: 'a leaf of a free frame',
    invariant: 'freed-frame',
    plant: (m) => pte((lo) => (m.page.next << 12) | (lo & 0xfff))(m),
  },
  {
    what: 'PGA_WRITEABLE',
    invariant: 'page-writeable',
    plant: (m) => void (m.page.aflags[leafFrameOf(m, SMALL + 0x4000)] = 0),
  },
  {
    what: 'a dirty bit lost',
    invariant: 'dirty-pages',
    workload: `${LIVE}\np: clock`,
    plant(m) {
      m.page.dirty[leafFrameOf(m, SMALL + 0x4000)] = 0;
      pte((lo) => lo & ~DIRTY, SMALL + 0x4000)(m);
    },
  },
];

const pvOf = (m: face.Machine, va: number): number => m.page.pvHead[leafFrameOf(m, va)]!;

const pvFaults: Fault[] = [
  {
    what: 'the address of a pv entry',
    invariant: 'pv-entries',
    plant: (m) => void (m.words[pvOf(m, SMALL)]! += 0x1000),
  },
  {
    what: 'a page without its pv entry',
    invariant: 'pv-entries',
    plant: (m) => void (m.page.pvHead[leafFrameOf(m, SMALL)] = 0),
  },
  {
    what: 'a pv list that ends elsewhere',
    invariant: 'pv-lists',
    plant: (m) => void (m.page.pvTail[leafFrameOf(m, SMALL)]! += 6),
  },
  {
    what: 'a pv entry marked free',
    invariant: 'pv-chunks',
    plant: (m) => void (m.words[pmapOf(m).pvChunkHead * 1024 + 6] = -1),
  },
  {
    what: 'a chunk of another pmap',
    invariant: 'pv-lists',
    plant: (m) => void m.words[pmapOf(m).pvChunkHead * 1024]!++,
  },
  {
    what: 'a chunk off the list of all',
    invariant: 'pv-chunks',
    plant: (m) => void (m.pvChunkLruHead = m.words[m.pvChunkLruHead * 1024 + 12]!),
  },
  { what: 'pv_entry_count', invariant: 'pv-entry-count', plant: count(PV_ENTRY_COUNT) },
  { what: 'pv_page_count', invariant: 'pv-page-count', plant: count(PV_PAGE_COUNT) },
];

const cpuFaults: Fault[] = [
  { what: 'a bit of pm_active', invariant: 'pmap-active', plant: (m) => void (pmapOf(m).activeLo ^= 2) },
  {
    what: 'a user root that is not loaded',
    invariant: 'cpu-roots',
    workload: 'machine pti=on\np: exec cat',
    plant: (m) => void (m.cpus[0]!.userRoot = pmapOf(m).top),
  },
  { what: 'another root in CR3', invariant: 'cpu-roots', plant: (m) => void m.cpus[0]!.root++ },
  {
    what: 'a PCID given twice',
    invariant: 'pcid',
    plant(m) {
      const [a, b] = [...m.procs.values()].map(({ vmspace }) => vmspace.pmap);
      b!.pcid[0] = a!.pcid[0]!;
      b!.pcidGen[0] = a!.pcidGen[0]!;
    },
  },
  {
    what: 'a delayed-invalidation block left open',
    invariant: 'delayed-invalidation',
    plant: (m) => void (m.invlOpen = 1),
  },
  {
    what: 'a right taken away without a flush',
    invariant: 'tlb-entry',
    plant: pte((lo) => lo & ~WRITE, SMALL + 0x4000),
  },
  { what: 'a page replaced without a flush', invariant: 'tlb-entry', plant: pte((lo) => lo + 0x1000, SMALL + 0x4000) },
  {
    what: 'a table replaced without a flush',
    invariant: 'paging-structure-cache',
    workload:
      'machine la57=on\np: exec sh60\np: mmap anon 1p rw fixed 0x2000000000\np: write 0x2000000000\np: read 0x2000000000',
    plant: pte((lo) => lo + 0x1000, SMALL, 2),
  },
];

const pageFaults: Fault[] = [
  {
    what: 'a page in use without references',
    invariant: 'page-references',
    plant(m) {
      const frame = tableOf(m, SMALL);
      m.page.refCount[frame] = 0;
    },
  },
  {
    what: 'a negative reference count',
    invariant: 'page-references',
    plant: (m) => void (m.page.refCount[leafFrameOf(m, SMALL)] = -1),
  },
  {
    what: 'a free page that is not zero',
    invariant: 'free-pages',
    workload: 'p: exec sh60\np: exit',
    plant(m) {
      m.words[m.page.tableZero * 1024 + 5] = 1;
    },
  },
  {
    what: 'a wiring too many of a page',
    invariant: 'page-wirings',
    plant: (m) => void m.page.refCount[leafFrameOf(m, SMALL)]!++,
  },
  { what: 'the count of user wirings', invariant: 'user-wired-count', plant: (m) => void m.vm.userWired-- },
  { what: 'swap_reserved', invariant: 'swap-reserved', plant: (m) => void (m.vm.swapReserved -= 4096) },
  {
    what: 'a page that waits to be freed',
    invariant: 'free-pages',
    plant: (m) => void (m.delayedFree = tableOf(m, SMALL)),
  },
  {
    what: 'pages of a run',
    invariant: 'full-runs',
    plant: (m) => void m.page.runCount[frameIn(m.words[wordOf(m, BIG, 2)]!, 0) >>> 9]!--,
  },
];

const mapFaults: Fault[] = [
  { what: 'an entry that begins too early', invariant: 'map-order', plant: entry((e) => void (e.start += 512)) },
  { what: 'nentries', invariant: 'map-counts', plant: (m) => void first(m).vmspace.map.nentries++ },
  { what: 'size', invariant: 'map-counts', plant: (m) => void (first(m).vmspace.map.size -= 4096) },
  { what: 'max_free', invariant: 'map-max-free', plant: entry((e) => void (e.maxFree += 4096)) },
  {
    what: 'the first entry',
    invariant: 'map-tree',
    plant: (m) => void (first(m).vmspace.map.header.right = entryOf(m, SMALL)),
  },
  { what: 'rights beyond the maximum', invariant: 'entry-protection', plant: entry((e) => void (e.maxProtection = 1)) },
  {
    what: 'a guard with an object',
    invariant: 'entry-guard',
    plant: entry((e) => void (e.eflags |= face.MAP_ENTRY_GUARD)),
  },
  {
    what: 'a stack gap that is no guard',
    invariant: 'entry-guard',
    plant: entry((e) => void (e.eflags |= face.MAP_ENTRY_STACK_GAP_DN)),
  },
  {
    what: 'a guard with rights',
    invariant: 'entry-guard',
    plant: (m) => void (entryOf(m, first(m).sysent.usrStack - 2 ** 20).maxProtection = 1),
  },
  {
    what: 'a wired writeable entry that awaits its copy',
    invariant: 'entry-copy',
    plant: entry((e) => void (e.eflags |= face.MAP_ENTRY_COW | face.MAP_ENTRY_NEEDS_COPY)),
  },
  {
    what: 'program text of anonymous memory',
    invariant: 'entry-copy',
    plant: entry((e) => void (e.eflags |= face.MAP_ENTRY_VN_EXEC)),
  },
  {
    what: 'NEEDS_COPY without COW',
    invariant: 'entry-copy',
    plant: entry((e) => void (e.eflags = face.MAP_ENTRY_NEEDS_COPY)),
  },
  {
    what: 'an entry in transition',
    invariant: 'entry-wiring',
    plant: entry((e) => void (e.eflags |= face.MAP_ENTRY_IN_TRANSITION)),
  },
  { what: 'a user wiring without a wiring', invariant: 'entry-wiring', plant: entry((e) => void (e.wiredCount = 0)) },
  {
    what: 'a timestamp that falls',
    invariant: 'map-timestamp',
    plant: (m) => void (first(m).vmspace.map.timestamp -= 1000),
  },
  {
    what: 'a change of structure that the timestamp does not show',
    invariant: 'map-timestamp',
    workload: `${LIVE}\np: read 0x2000000000`,
    plant: entry((e) => void (e.protection = 1)),
  },
  {
    what: 'a locked map',
    invariant: 'map-locks',
    plant: (m) => void (first(m).vmspace.map.locked = face.MAP_READ_LOCKED),
  },
  {
    what: 'an entry that awaits release',
    invariant: 'map-locks',
    plant: (m) => void (m.vm.deferred = entryOf(m, SMALL)),
  },
];

const object = (change: (object: face.VmObject) => void, va = SMALL): Fault['plant'] =>
  entry((e) => change(e.object!), va);

const objectFaults: Fault[] = [
  { what: 'references of an object', invariant: 'object-references', plant: object((o) => void o.refCount++) },
  {
    what: 'references of the shared page',
    invariant: 'object-references',
    plant: (m) => void m.vm.sharedPage!.refCount++,
  },
  { what: 'shadow_count', invariant: 'object-shadows', plant: object((o) => void o.shadowCount++) },
  {
    what: 'a chain of objects that does not end',
    invariant: 'object-chain',
    plant: object((o) => void (o.backing = o), READ_ONLY),
  },
  {
    what: 'an object with no more references than shadows',
    invariant: 'object-chain',
    plant: object((o) => void (o.shadowCount = o.refCount)),
  },
  { what: 'a dead object in use', invariant: 'object-chain', plant: object((o) => void (o.flags |= face.OBJ_DEAD)) },
  {
    what: 'ONEMAPPING of what a fork shares',
    invariant: 'object-one-mapping',
    plant: object((o) => void (o.flags |= face.OBJ_ONEMAPPING), READ_ONLY),
  },
  { what: 'resident pages', invariant: 'object-pages', plant: object((o) => void o.residentCount++) },
  { what: 'index of a page', invariant: 'object-pages', plant: (m) => void m.page.pindex[leafFrameOf(m, SMALL)]!++ },
  {
    what: 'a shared page that is not valid',
    invariant: 'shared-page',
    plant: (m) => void (m.page.valid[m.vm.sharedPage!.memqFirst] = 0),
  },
  { what: 'a mapping without an object', invariant: 'leaf-in-entry', plant: entry((e) => void (e.object = null)) },
  { what: 'a mapping of another page', invariant: 'leaf-page', plant: pte((lo) => lo + 0x1000) },
  {
    what: 'a mapping of the page that was copied',
    invariant: 'leaf-stale',
    plant(m) {
      const at = SMALL + 0x4000;
      const [p, c] = [...m.procs.values()].map(({ vmspace }) => wordOf(m, at, 1, vmspace.pmap.top));
      m.words[p!] = m.words[c!]!;
    },
  },
  {
    what: 'a writeable mapping of a read-only entry',
    invariant: 'leaf-rights',
    plant: pte((lo) => lo | WRITE, READ_ONLY),
  },
  {
    what: 'an executable mapping',
    invariant: 'leaf-rights',
    plant: (m) => void (m.words[wordOf(m, SMALL) + 1]! &= 0x7fffffff),
  },
  {
    what: 'a wired mapping of an entry that is not',
    invariant: 'leaf-wired',
    plant: pte((lo) => lo | WIRED, READ_ONLY),
  },
];

const processFaults: Fault[] = [
  { what: 'vm_refcnt', invariant: 'vmspace-references', plant: (m) => void first(m).vmspace.refcnt++ },
  { what: 'vm_refcnt of vmspace0', invariant: 'vmspace0-references', plant: (m) => void m.vmspace0!.refcnt++ },
  {
    what: 'a zombie that its parent sleeps for',
    invariant: 'vfork-wait',
    workload: 'p: exec cat\np: vfork -> c\nc: exit',
    plant: (m) => void ([...m.procs.values()].at(-1)!.flags |= face.P_PPWAIT),
  },
  {
    what: 'a vfork parent that runs too early',
    invariant: 'vfork-wait',
    workload: 'p: exec sh60\np: vfork -> c\nc: clock',
    plant: (m) => m.procs.forEach((p) => void (p.flags &= ~face.P_PPWAIT)),
  },
  {
    what: 'a shared page with other rights',
    invariant: 'shared-page-entry',
    plant: (m) => void (entryOf(m, first(m).sysent.sharedPage!.base).maxProtection = 7),
  },
];

export const FAULTS: readonly Fault[] = [
  ...pmapFaults,
  ...pvFaults,
  ...cpuFaults,
  ...pageFaults,
  ...mapFaults,
  ...objectFaults,
  ...processFaults,
];
