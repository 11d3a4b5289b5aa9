/** Life cycle of a pmap: creation and release, and the two pmaps that the machine boots with. */
import {
  KERNEL_PT_PAGE_COUNT,
  REACHED_PINIT_TOP_PAGE,
  REACHED_RELEASE_BEGIN,
  REACHED_RELEASE_END,
  REACHED_RELEASE_TOP_PAGE,
} from '../counters.ts';
import { enterCall, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { PG_A, PG_M, PG_NX_HI, PG_RW, PG_V, entryLo } from '../hw/entry.ts';
import { loadCr3 } from '../hw/tlb.ts';
import { pageDivide, pageInit, pageTake } from '../page/page.ts';
import { KernelPanic } from '../panic.ts';
import { EV_PINIT, EV_RELEASE } from '../places.ts';
import { PMAP_PCID_NONE, PMAP_PDE_SUPERPAGE, Pmap } from '../state/pmap.ts';
import { KERNEL_RESIDENT, wordOf, type Frame } from '../units.ts';
import { setActive } from './active.ts';

// Slots of a 4-level root. FreeBSD: sys/amd64/include/pmap.h
/** Recursive slot, of 4- and 5-level roots. PML4PML4I, PML5PML5I */
export const RECURSIVE_SLOT = 256;
/** Large map. LMSPML4I, lm_ents */
export const LARGE_MAP_SLOT = 257;
export const LARGE_MAP_SLOTS = 8;
/** Direct map: one slot, since RAM is less than 512 GiB. DMPML4I */
export const DIRECT_MAP_SLOT = 496;
/** Kernel. KPML4BASE, NKPML4E */
export const KERNEL_SLOT = 508;
export const KERNEL_SLOTS = 4;
/** The slot of a 5-level root that covers the whole kernel. */
export const KERNEL_PML5_SLOT = 511;

const TOP = PG_V | PG_RW | PG_A | PG_M;

function setSlot(m: Machine, root: Frame, slot: number, lo: number): void {
  m.words[wordOf(root) + (slot << 1)] = lo;
  m.words[wordOf(root) + (slot << 1) + 1] = 0;
}

/**
 * Lays out memory and creates the kernel's page tables, kernel_pmap and pmap0, which is then loaded on every CPU. Pages
 * are allocated from frame `first` on; the caller owns the frames below. m already has its RAM, its CPUs and zeroed
 * counters. FreeBSD: sys/amd64/amd64/pmap.c pmap_bootstrap, pmap_init, pmap_pinit0
 */
export function pmapBootstrap(m: Machine, first: Frame = 1): void {
  const { config, kernelPages: kernel, kernelPmap, pmap0 } = m;
  m.la57 = config.la57;
  m.psEnabled = config.superpages;
  freeAllPmaps(m);
  m.pvChunkLruHead = 0;
  m.pvChunkLruTail = 0;
  m.pvListLocked = 0;
  m.delayedFree = 0;
  m.invlOpen = 0;
  m.invlBegun = 0;
  m.invlFinished = 0;
  pageInit(m, first);
  kernel.kernel = bootPages(m, KERNEL_SLOTS);
  kernel.direct = bootPages(m, 1);
  kernel.large = bootPages(m, LARGE_MAP_SLOTS);
  kernel.pml4 = bootPages(m, 1);
  kernel.ptiPml4 = config.pti ? bootPages(m, 1) : 0;
  kernel.ptiKernel = config.pti ? bootPages(m, KERNEL_SLOTS) : 0;
  fillPml4(m, kernel.pml4);
  if (config.pti)
    for (let i = 0; i < KERNEL_SLOTS; i++)
      setSlot(m, kernel.ptiPml4, KERNEL_SLOT + i, entryLo(kernel.ptiKernel + i, PG_V | PG_RW));
  let root = kernel.pml4;
  if (m.la57) {
    root = bootPages(m, 1);
    fillPml5(m, root);
  }
  m.counters[KERNEL_PT_PAGE_COUNT] += LARGE_MAP_SLOTS + (m.la57 ? 1 : 0);
  resetPmap(m, kernelPmap, root);
  kernelPmap.stats.residentCount = config.kernelResident ?? KERNEL_RESIDENT;
  resetPmap(m, pmap0, root);
  for (const cpu of m.cpus) {
    pmap0.pcid[cpu.id] = 1;
    pmap0.pcidGen[cpu.id] = 1;
    setActive(kernelPmap, cpu.id);
    setActive(pmap0, cpu.id);
    cpu.curpmap = pmap0;
    cpu.pcidNext = 2;
    cpu.pcidGen = 1;
    cpu.userFlushPending = false;
    loadCr3(cpu, root, config.pcid ? 1 : 0, false);
  }
  pageDivide(m);
}

/** Allocates consecutive zeroed page-table pages of the kernel, without counting them. Returns the first. */
function bootPages(m: Machine, count: number): Frame {
  const first = m.page.next;
  for (let i = 0; i < count; i++) {
    const frame = pageTake(m, true);
    m.page.refCount[frame] = 1;
    m.page.nonZero[frame] = 1;
  }
  return first;
}

function setTop(m: Machine, pmap: Pmap, root: Frame): void {
  pmap.top = root;
  pmap.generation++;
  pmap.fourLevelRoot = m.la57 ? 0 : wordOf(root);
}

function resetPmap(m: Machine, pmap: Pmap, root: Frame): void {
  setTop(m, pmap, root);
  pmap.topUser = 0;
  pmap.stats.residentCount = 0;
  pmap.stats.wiredCount = 0;
  pmap.flags = PMAP_PDE_SUPERPAGE;
  pmap.activeLo = 0;
  pmap.activeHi = 0;
  pmap.pvChunkHead = 0;
  pmap.pvChunkTail = 0;
  if (pmap.reserved.size !== 0) pmap.reserved.clear();
}

/** Kernel slots of a 4-level kernel-mode root. FreeBSD: pmap_pinit_pml4 */
function fillPml4(m: Machine, root: Frame): void {
  const { kernel, direct, large } = m.kernelPages;
  for (let i = 0; i < KERNEL_SLOTS; i++) setSlot(m, root, KERNEL_SLOT + i, entryLo(kernel + i, PG_V | PG_RW));
  setSlot(m, root, DIRECT_MAP_SLOT, entryLo(direct, PG_V | PG_RW));
  setSlot(m, root, RECURSIVE_SLOT, entryLo(root, TOP));
  for (let i = 0; i < LARGE_MAP_SLOTS; i++) {
    setSlot(m, root, LARGE_MAP_SLOT + i, entryLo(large + i, TOP));
    m.words[wordOf(root) + ((LARGE_MAP_SLOT + i) << 1) + 1] = PG_NX_HI;
  }
}

/** Kernel slots of a 5-level kernel-mode root. FreeBSD: pmap_pinit_pml5 */
function fillPml5(m: Machine, root: Frame): void {
  setSlot(m, root, KERNEL_PML5_SLOT, entryLo(m.kernelPages.pml4, TOP));
  setSlot(m, root, RECURSIVE_SLOT, entryLo(root, TOP));
}

/** Kernel slots of a user-mode root. FreeBSD: pmap_pinit_pml4_pti, pmap_pinit_pml5_pti */
function fillPti(m: Machine, root: Frame): void {
  const { ptiPml4, ptiKernel } = m.kernelPages;
  if (m.la57) {
    setSlot(m, root, KERNEL_PML5_SLOT, entryLo(ptiPml4, TOP));
    return;
  }
  for (let i = 0; i < KERNEL_SLOTS; i++) setSlot(m, root, KERNEL_SLOT + i, entryLo(ptiKernel + i, PG_V | PG_RW));
}

function clearKernelSlots(m: Machine, root: Frame): void {
  setSlot(m, root, RECURSIVE_SLOT, 0);
  if (m.la57) {
    setSlot(m, root, KERNEL_PML5_SLOT, 0);
    return;
  }
  for (let i = 0; i < KERNEL_SLOTS; i++) setSlot(m, root, KERNEL_SLOT + i, 0);
  setSlot(m, root, DIRECT_MAP_SLOT, 0);
  for (let i = 0; i < LARGE_MAP_SLOTS; i++) setSlot(m, root, LARGE_MAP_SLOT + i, 0);
}

/**
 * Returns a pmap ready for pmapPinit, with the next number. After a release it can go to pmapPinit again or to
 * freePmap. FreeBSD: none
 */
export function newPmap(m: Machine): Pmap {
  const id = m.pmaps.length;
  const pmap = m.sparePmaps.pop() ?? new Pmap(id);
  pmap.id = id;
  m.pmaps.push(pmap);
  resetPmap(m, pmap, 0);
  return pmap;
}

/** Frees a released pmap along with its vmspace. It must not be used afterwards. FreeBSD: none */
export function freePmap(m: Machine, pmap: Pmap): void {
  m.pmaps[pmap.id] = null;
  m.sparePmaps.push(pmap);
}

function freeAllPmaps(m: Machine): void {
  const { pmaps, sparePmaps } = m;
  for (let id = pmaps.length - 1; id > 0; id--) {
    const pmap = pmaps[id];
    if (pmap !== null) sparePmaps.push(pmap);
  }
  pmaps.length = 1;
}

/** FreeBSD: pmap_pinit_type */
function takeTopPage(m: Machine, pmap: Pmap): Frame {
  m.counters[REACHED_PINIT_TOP_PAGE]++;
  return m.hunks.pinitTopPage(m, pmap);
}

/**
 * Gives a pmap its root, and a second root for user mode if the creating process has page-table isolation (kpti;
 * requires a machine with pti). Sleeps for memory. FreeBSD: sys/amd64/amd64/pmap.c pmap_pinit, pmap_pinit_type
 */
export function pmapPinit(m: Machine, pmap: Pmap, kpti: boolean): void {
  enterCall(m, EV_PINIT, pmap.id);
  resetPmap(m, pmap, 0);
  setTop(m, pmap, takeTopPage(m, pmap));
  for (let cpu = 0; cpu < m.cpus.length; cpu++) {
    pmap.pcid[cpu] = PMAP_PCID_NONE;
    pmap.pcidGen[cpu] = 0;
  }
  if (m.la57) fillPml5(m, pmap.top);
  else fillPml4(m, pmap.top);
  if (kpti) {
    pmap.topUser = takeTopPage(m, pmap);
    fillPti(m, pmap.topUser);
  }
  m.events.calls.watch(pmap);
  leavePlace(m);
}

/**
 * Frees the root of an empty pmap that is not loaded anywhere. Panics if something is left, as the variant defines
 * that. FreeBSD: sys/amd64/amd64/pmap.c pmap_release
 */
export function pmapRelease(m: Machine, pmap: Pmap): void {
  const { counters, hunks } = m;
  enterCall(m, EV_RELEASE, pmap.id);
  counters[REACHED_RELEASE_BEGIN]++;
  hunks.releaseBegin(m, pmap);
  if (pmap.reserved.size !== 0)
    throw new KernelPanic('pmap_release', 'pmap has reserved page table page(s)', { pmap: pmap.id });
  if ((pmap.activeLo | pmap.activeHi) !== 0)
    throw new KernelPanic('pmap_release', 'releasing active pmap', { pmap: pmap.id });
  clearKernelSlots(m, pmap.top);
  counters[REACHED_RELEASE_TOP_PAGE]++;
  hunks.releaseTopPage(m, pmap, pmap.top, true);
  if (pmap.topUser !== 0) {
    counters[REACHED_RELEASE_TOP_PAGE]++;
    hunks.releaseTopPage(m, pmap, pmap.topUser, false);
  }
  counters[REACHED_RELEASE_END]++;
  hunks.releaseEnd(m, pmap);
  setTop(m, pmap, 0);
  pmap.topUser = 0;
  m.events.calls.unwatch(pmap);
  leavePlace(m);
}
