/** Faults planted in the pmap. `test/mutants.test.ts` shows that the recorded op scripts catch each. */
import type { Mutant } from './mutant.ts';

const remove = 'core/pmap/remove.ts';
const leaf = 'core/pmap/leaf.ts';
const removePages = 'core/pmap/remove-pages.ts';
const enter = 'core/pmap/enter.ts';
const superpage = 'core/pmap/superpage.ts';
const copy = 'core/pmap/copy.ts';
const protect = 'core/pmap/protect.ts';
const pageOps = 'core/pmap/page-ops.ts';
const pv = 'core/pmap/pv.ts';
const activate = 'core/pmap/activate.ts';
const invalidate = 'core/pmap/invalidate.ts';
const largePage = 'core/pmap/large-page.ts';
const ptp = 'core/pmap/ptp.ts';
const query = 'core/pmap/query.ts';

export const pmapMutants: readonly Mutant[] = [
  {
    fault: 'removing the end of a 2M mapping takes all of it',
    file: remove,
    find: 'if (va + NBPDR === next && eva >= next)',
    replace: 'if (eva >= next)',
  },
  {
    fault: 'one page is removed like a range',
    file: remove,
    find: 'else if (eva - sva === PAGE_SIZE) removePage',
    replace: 'else if (eva - sva === 0) removePage',
  },
  {
    fault: 'the in-loop test is not asked',
    file: remove,
    find: 'if (hunks.removeLoopDone(m, pmap))',
    replace: 'if (hunks.removeLoopDone(m, pmap) && va < 0)',
  },
  {
    fault: 'a removed wired page stays in wired_count',
    file: leaf,
    find: 'if ((old & PG_W) !== 0) pmap.stats.wiredCount--;',
    replace: '',
  },
  {
    fault: 'the accessed bit of a removed mapping is lost',
    file: leaf,
    find: '    if ((old & PG_A) !== 0) aflags |= PGA_REFERENCED;\n',
    replace: '',
  },
  {
    fault: 'a freed reserved page-table page is not uncounted',
    file: leaf,
    find: 'm.hunks.reservedPtPageFreed(m, pmap);',
    replace: '',
  },
  {
    fault: 'a removed page stays PGA_WRITEABLE',
    file: leaf,
    find: 'if (page.pvHead[frame] === 0 && page.pvHead2m[run] === 0) aflags &= ~PGA_WRITEABLE;',
    replace: '',
  },
  {
    fault: 'pmap_remove_pages takes wired mappings too',
    file: removePages,
    find: 'if ((old & PG_W) !== 0) {\n          allFree = false;\n          continue;\n        }',
    replace: '',
  },
  {
    fault: 'pmap_remove_pages does not flush',
    file: removePages,
    find: '  pmapInvalidateAll(m, pmap);\n',
    replace: '',
  },
  {
    fault: 'pmap_remove_pages loses dirt',
    file: removePages,
    find: '        if ((old & MODIFIED) === MODIFIED) vmPageDirty(m, frame);\n        changePvListLock',
    replace: '        changePvListLock',
  },
  {
    fault: 'a writeable unmanaged mapping is clean',
    file: enter,
    find: 'else if ((newLo & PG_RW) !== 0) newLo |= PG_M;',
    replace: '',
  },
  {
    fault: 'a new page-table page is referenced twice',
    file: enter,
    find: 'if (made !== 0 || !sleep) return made;',
    replace: 'if (made !== 0) m.page.refCount[made]!++;\n      if (made !== 0 || !sleep) return made;',
  },
  {
    fault: 'a changed mapping is flushed though never accessed',
    file: enter,
    find: 'if ((old & PG_A) !== 0) pmapInvalidatePage(m, pmap, hi, lo);\n    return IN_PLACE;',
    replace: 'pmapInvalidatePage(m, pmap, hi, lo);\n    return IN_PLACE;',
  },
  {
    fault: 'a replaced page stays PGA_WRITEABLE',
    file: enter,
    find: 'clearWriteableIfUnmapped(m, frame);\n  return (newLo',
    replace: 'return (newLo',
  },
  {
    fault: 'pmap_enter_quick keeps a reference where a page is mapped already',
    file: 'core/pmap/enter-quick.ts',
    find: '    page.refCount[ptp]--;\n    return 0;',
    replace: '    return 0;',
  },
  {
    fault: 'pmap_enter promotes without a full reservation',
    file: enter,
    find: ' && reservIsFull(m, frame))',
    replace: ')',
  },
  {
    fault: 'a promoted mapping is not marked as one',
    file: superpage,
    find: 'words[pde + 1] = newHi | PG_PROMOTED_HI;',
    replace: 'words[pde + 1] = newHi;',
  },
  {
    fault: 'promotion leaves clean mappings writeable',
    file: superpage,
    find: '? (words[pte] = lo & ~PG_RW) : lo',
    replace: '? lo & ~PG_RW : lo',
  },
  {
    fault: 'pmap_copy copies the accessed bit',
    file: copy,
    find: 'entry & ~(PG_W | PG_M | PG_A)',
    replace: 'entry & ~(PG_W | PG_M)',
  },
  {
    fault: 'pmap_copy copies unmanaged pages',
    file: copy,
    find: 'if ((entry & PG_MANAGED) === 0) continue;',
    replace: 'if (entry === 0) continue;',
  },
  {
    fault: 'pmap_copy keeps 2M mappings accessed, as before July 2021',
    file: copy,
    find: 'managed ? entry & ~(PG_W | PG_A) : entry & ~PG_W',
    replace: 'entry & ~PG_W',
  },
  {
    fault: 'a protected 2M mapping still counts as promoted',
    file: protect,
    find: 'keepLo, addHi, PG_PROMOTED_HI);',
    replace: 'keepLo, addHi, 0);',
  },
  {
    fault: 'MADV_FREE dirties pages',
    file: protect,
    find: 'if (advice === MADV_DONTNEED) vmPageDirty',
    replace: 'if (advice !== 0) vmPageDirty',
  },
  {
    fault: 'pmap_unwire leaves wired_count',
    file: protect,
    find: 'words[pte] = old & ~PG_W;\n      stats.wiredCount--;',
    replace: 'words[pte] = old & ~PG_W;',
  },
  {
    fault: 'pmap_ts_referenced clears the accessed bit of a 2M mapping for any of its pages',
    file: pageOps,
    find: '((frame ^ (lo >>> 21)) & (RUN_PAGES - 1)) === 0 && (old & PG_W) === 0',
    replace: '(old & PG_W) === 0',
  },
  {
    fault: 'pmap_ts_referenced looks at one reference too many',
    file: pageOps,
    find: 'const TS_REFERENCED_MAX = 5;',
    replace: 'const TS_REFERENCED_MAX = 6;',
  },
  {
    fault: 'a chunk with a free entry stays where it is',
    file: pv,
    find: '  else if (pmap.pvChunkHead !== chunk) chunkMoveToHead(m, pmap, chunk);\n',
    replace: '',
  },
  {
    fault: 'reclaiming takes wired mappings',
    file: 'core/pmap/reclaim.ts',
    find: 'if ((old & PG_W) !== 0) continue;',
    replace: '',
  },
  {
    fault: 'page-table isolation makes no second root',
    file: 'core/pmap/lifecycle.ts',
    find: '  if (kpti) {\n    pmap.topUser',
    replace: '  if (kpti && pmap.top < 0) {\n    pmap.topUser',
  },
  {
    fault: 'with five levels the last mapping leaves the PML4 page',
    file: ptp,
    find: 'more = la57 && (refCount[pml4] = refCount[pml4] - 1) === 0;',
    replace: 'more = false;',
  },
  {
    fault: 'a PML4 page has no reference for its second PDP page',
    file: ptp,
    find: '      if (!made) refCount[table]++;\n    }\n    if (level === LEVEL_PDP)',
    replace: '    }\n    if (level === LEVEL_PDP)',
  },
  {
    fault: 'the top level of five is indexed by seven bits',
    file: 'core/pmap/tables.ts',
    find: '(hi >>> 15) & 0x3fe',
    replace: '(hi >>> 15) & 0xfe',
  },
  {
    fault: 'pmap_copy over a 2M mapping panics before it takes a page-table page',
    file: superpage,
    find: '  let ptp = removePtPage(pmap, hi, lo);\n',
    replace:
      "  if (!mayLock && (oldLo & PG_MANAGED) !== 0) throw new KernelPanic('reserve_pv_entries', 'lockp is NULL');\n  let ptp = removePtPage(pmap, hi, lo);\n",
  },
  {
    fault: 'pmap_extract answers the page, not the byte',
    file: query,
    find: 'const lo = vaLo(va) | offset;',
    replace: 'const lo = vaLo(va);',
  },
  {
    fault: 'used-up PCIDs begin no new generation',
    file: activate,
    find: '    cpu.pcidGen = (cpu.pcidGen + 1) | 0 || 1;\n',
    replace: '',
  },
  {
    fault: 'with page-table isolation PCIDs last as long as without',
    file: activate,
    find: 'const overmax = m.config.pti ? PCID_OVERMAX_PTI : PCID_OVERMAX;',
    replace: 'const overmax = PCID_OVERMAX;',
  },
  {
    fault: 'a return to user mode leaves its flush pending',
    file: 'core/hw/tlb.ts',
    find: '    flushPcid(cpu, cpu.userPcid);\n    cpu.userFlushPending = false;',
    replace: '    flushPcid(cpu, cpu.userPcid);',
  },
  {
    fault: 'a PCID whose flush is pending is used again',
    file: activate,
    find: '      if (old !== null) old.pcidGen[id] = 0;\n',
    replace: '',
  },
  {
    fault: 'without PCIDs a whole TLB is flushed as with them',
    file: invalidate,
    find: 'm.config.pcid ? CONTEXT_FLUSHES : INVLTLBS',
    replace: 'CONTEXT_FLUSHES',
  },
  {
    fault: 'CPUs from 32 up never have a pmap loaded',
    file: 'core/pmap/active.ts',
    find: '  else pmap.activeHi |= 1 << (cpu - 32);\n',
    replace: '',
  },
  {
    fault: 'CPUs from 32 up are not interrupted',
    file: 'core/pmap/active.ts',
    find: 'popcount(othersLo(pmap, cpu)) + popcount(othersHi(pmap, cpu))',
    replace: 'popcount(othersLo(pmap, cpu))',
  },
  {
    fault: 'a CPU from 32 up counts itself among the others',
    file: 'core/pmap/active.ts',
    find: 'pmap.activeHi : pmap.activeHi & ~(1 << (cpu - 32))',
    replace: 'pmap.activeHi : pmap.activeHi',
  },
  {
    fault: 'mincore tells no page size',
    file: query,
    find: 'MINCORE_INCORE | ((level - 1) << MINCORE_PSIND_SHIFT)',
    replace: 'MINCORE_INCORE',
  },
  {
    fault: 'mincore asks unmanaged pages too',
    file: query,
    find: '(bits & others) !== others && (leaf & PG_MANAGED) !== 0',
    replace: '(bits & others) !== others',
  },
  {
    fault: 'mincore answers the first page of a 2M mapping',
    file: query,
    find: ' | (vaLo(va) & PG_FRAME_LO & ~frame)',
    replace: '',
  },
  {
    fault: 'a mapped page is prefaultable',
    file: query,
    find: '=== PG_V && (words[pteIn(pde, lo)] & PG_V) === 0',
    replace: '=== PG_V',
  },
  {
    fault: 'a 1G page counts as 2M',
    file: largePage,
    find: 'const pages = size / PAGE_SIZE;',
    replace: 'const pages = NBPDR / PAGE_SIZE;',
  },
  {
    fault: 'a copied 1G page is not resident',
    file: copy,
    find: '  pmapResidentCountAdj(m, dst, NBPDP / PAGE_SIZE);\n',
    replace: '',
  },
  {
    fault: 'a copied 1G page has no reference to its PDP page',
    file: copy,
    find: 'if (at !== 0) m.page.refCount[frameAt(at)]++;\n  else {',
    replace: 'if (at === 0) {',
  },
  {
    fault: 'a removed 1G page stays resident',
    file: remove,
    find: '      pmapResidentCountAdj(m, pmap, -NBPDP / PAGE_SIZE);\n',
    replace: '',
  },
];
