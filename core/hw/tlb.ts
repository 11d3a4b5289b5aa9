/**
 * The TLB of a CPU: translations of 4K, 2M and 1G pages, tagged by PCID, and the instructions that flush them.
 *
 * A slot grants only what a walk has confirmed: after a read of a writable page, a write walks again and sets the dirty
 * bit. An access that a slot does not allow drops the slot and walks, so a slot weaker than the tables is never
 * observed. Entries that are not present, reserved or not allowed are not cached. A flush takes a new tag
 * (core/state/cpu.ts), so its cost does not depend on what is cached.
 * Intel SDM volume 3, 4.10 (caching, invalidation).
 */
import { type Cpu, TLB_SLOTS_1G, TLB_SLOTS_2M, TLB_SLOTS_4K, TLB_SLOT_WORDS } from '../state/cpu.ts';
import type { Frame } from '../units.ts';
import {
  PG_FRAME_HI,
  PG_FRAME_LO,
  PG_G,
  PG_M,
  PG_NX_HI,
  PG_PKU_MASK_HI,
  PG_PKU_SHIFT_HI,
  PG_RW,
  PG_U,
} from './entry.ts';
import { ACCESS_WRITE, forbids } from './walk.ts';

// Words of a slot. The address bits within the page are 0.
const TAG = 0;
const VA_HI = 1;
const VA_LO = 2;
/**
 * PG_RW and PG_U: all levels grant them; PG_M: set in the leaf; EXECUTE: no level has NX; bits 27..30: protection key.
 */
const RIGHTS = 3;
/** Frame bits of the leaf: of its low word and of its high word. */
const FRAME_LO = 4;
const FRAME_HI = 5;

/** A right: the same bit as ACCESS_EXECUTE, distinct from PG_RW, PG_U and PG_M. */
export const TLB_EXECUTE = 0x10;

const MASK_4K = ~0xfff;
const MASK_2M = ~0x1fffff;
const MASK_1G = ~0x3fffffff;

/** First word of the only slot that can hold a page of each size under a tag. */
const slot4k = (tag: number, vaLo: number): number =>
  (((vaLo >>> 12) ^ (vaLo >>> 21) ^ (tag * 37)) & (TLB_SLOTS_4K - 1)) * TLB_SLOT_WORDS;
const slot2m = (tag: number, vaLo: number): number =>
  (TLB_SLOTS_4K + (((vaLo >>> 21) ^ tag) & (TLB_SLOTS_2M - 1))) * TLB_SLOT_WORDS;
const slot1g = (tag: number, vaHi: number, vaLo: number): number =>
  (TLB_SLOTS_4K + TLB_SLOTS_2M + (((vaHi << 2) ^ (vaLo >>> 30) ^ tag) & (TLB_SLOTS_1G - 1))) * TLB_SLOT_WORDS;

/** Tells whether a slot holds the page at vaHi:vaLo under a tag. */
function holds(cpu: Cpu, at: number, tag: number, vaHi: number, vaLo: number): boolean {
  const { tlb } = cpu;
  return tlb[at + TAG] === tag && tlb[at + VA_LO] === vaLo && tlb[at + VA_HI] === vaHi;
}

/** Returns the frame at vaLo if the slot allows the access; otherwise drops the slot and returns -1. */
function use(cpu: Cpu, at: number, mask: number, vaLo: number, access: number): Frame {
  const { tlb } = cpu;
  const rights = tlb[at + RIGHTS];
  const need = cpu.tlbNeed[access];
  if ((rights & need) !== need) {
    const nx = (rights & TLB_EXECUTE) === 0 ? PG_NX_HI : 0;
    const key = (rights & PG_PKU_MASK_HI) >>> PG_PKU_SHIFT_HI;
    const clean = (access & ACCESS_WRITE) !== 0 && (rights & PG_M) === 0;
    if (clean || forbids(cpu, rights, nx, key, access) !== 0) {
      tlb[at + TAG] = 0;
      return -1;
    }
  }
  return tlb[at + FRAME_HI] * 0x100000 + ((tlb[at + FRAME_LO] | (vaLo & ~mask)) >>> 12);
}

/**
 * Returns the frame of the 4 KiB page at vaHi:vaLo cached under a PCID's tag or as a global page; -1 if it is not
 * cached, or if the slot did not allow the access and was dropped.
 */
export function tlbLookup(cpu: Cpu, tag: number, vaHi: number, vaLo: number, access: number): Frame {
  const at = slot4k(tag, vaLo);
  if (holds(cpu, at, tag, vaHi, vaLo & MASK_4K)) return use(cpu, at, MASK_4K, vaLo, access);
  return cpu.tlbOthers ? lookupOthers(cpu, tag, vaHi, vaLo, access) : -1;
}

function lookupOthers(cpu: Cpu, tag: number, vaHi: number, vaLo: number, access: number): Frame {
  for (let under = tag; ; under = cpu.globalTag) {
    let at = slot4k(under, vaLo);
    if (holds(cpu, at, under, vaHi, vaLo & MASK_4K)) return use(cpu, at, MASK_4K, vaLo, access);
    at = slot2m(under, vaLo);
    if (holds(cpu, at, under, vaHi, vaLo & MASK_2M)) return use(cpu, at, MASK_2M, vaLo, access);
    at = slot1g(under, vaHi, vaLo);
    if (holds(cpu, at, under, vaHi, vaLo & MASK_1G)) return use(cpu, at, MASK_1G, vaLo, access);
    if (under === cpu.globalTag) return -1;
  }
}

function fill(
  cpu: Cpu,
  at: number,
  tag: number,
  vaHi: number,
  vaLo: number,
  rights: number,
  leafLo: number,
  leafHi: number,
): void {
  const { tlb } = cpu;
  tlb[at + TAG] = tag;
  tlb[at + VA_HI] = vaHi;
  tlb[at + VA_LO] = vaLo;
  tlb[at + RIGHTS] = rights;
  tlb[at + FRAME_LO] = leafLo;
  tlb[at + FRAME_HI] = leafHi;
}

/** Caches what a fast walk confirmed: a non-global 4K page below 4 GiB, with the rights the access needed. */
export function tlbFillProved(cpu: Cpu, tag: number, vaHi: number, vaLo: number, frame: Frame, access: number): void {
  const write = (access & ACCESS_WRITE) !== 0 ? PG_M : 0;
  fill(cpu, slot4k(tag, vaLo), tag, vaHi, vaLo & MASK_4K, access | write, frame << 12, 0);
}

/** Caches the leaf that the last precise walk left in cpu.leaf* and cpu.rights*. */
export function tlbFillWalked(cpu: Cpu, tag: number, vaHi: number, vaLo: number): void {
  const { leafLevel, leafLo, leafHi } = cpu;
  const executable = (cpu.rightsHi & PG_NX_HI) === 0 ? TLB_EXECUTE : 0;
  const rights = (cpu.rightsLo & (PG_RW | PG_U)) | (leafLo & PG_M) | executable | (leafHi & PG_PKU_MASK_HI);
  const global = cpu.controls.pge && (leafLo & PG_G) !== 0;
  const under = global ? cpu.globalTag : tag;
  const hi = leafHi & PG_FRAME_HI;
  if (global || leafLevel > 1) cpu.tlbOthers = true;
  if (leafLevel === 1) fill(cpu, slot4k(under, vaLo), under, vaHi, vaLo & MASK_4K, rights, leafLo & PG_FRAME_LO, hi);
  else if (leafLevel === 2) fill(cpu, slot2m(under, vaLo), under, vaHi, vaLo & MASK_2M, rights, leafLo & MASK_2M, hi);
  else fill(cpu, slot1g(under, vaHi, vaLo), under, vaHi, vaLo & MASK_1G, rights, leafLo & MASK_1G, hi);
}

/** Drops the pages of every size at vaHi:vaLo under a tag. */
function drop(cpu: Cpu, tag: number, vaHi: number, vaLo: number): void {
  let at = slot4k(tag, vaLo);
  if (holds(cpu, at, tag, vaHi, vaLo & MASK_4K)) cpu.tlb[at + TAG] = 0;
  if (!cpu.tlbOthers) return;
  at = slot2m(tag, vaLo);
  if (holds(cpu, at, tag, vaHi, vaLo & MASK_2M)) cpu.tlb[at + TAG] = 0;
  at = slot1g(tag, vaHi, vaLo);
  if (holds(cpu, at, tag, vaHi, vaLo & MASK_1G)) cpu.tlb[at + TAG] = 0;
}

/** Returns the tag of a PCID. A PCID flushed along with all others gets a new tag at its next use. */
function tagOf(cpu: Cpu, pcid: number): number {
  const tag = cpu.pcidTag[pcid];
  return tag > cpu.tagFloor ? tag : newTag(cpu, pcid);
}

function newTag(cpu: Cpu, pcid: number): number {
  if (cpu.lastTag === 0x7fffffff) tlbReset(cpu);
  const tag = ++cpu.lastTag;
  cpu.pcidTag[pcid] = tag;
  if (pcid === cpu.pcid) cpu.tag = tag;
  if (pcid === cpu.userPcid) cpu.userTag = tag;
  return tag;
}

/** Empties everything and restarts the tags: at power-on, and when tags run out. */
export function tlbReset(cpu: Cpu): void {
  cpu.tlb.fill(0);
  cpu.tlbOthers = false;
  cpu.psc.fill(0);
  cpu.pscGeneration = 1;
  cpu.pcidTag.fill(0);
  cpu.tagFloor = 0;
  cpu.globalTag = 1;
  cpu.lastTag = 1;
  newTag(cpu, cpu.pcid);
  if (cpu.userPcid !== cpu.pcid) newTag(cpu, cpu.userPcid);
}

/** Drops everything under one PCID except global pages. */
function flushPcid(cpu: Cpu, pcid: number): void {
  newTag(cpu, pcid);
}

function flushAllPcids(cpu: Cpu): void {
  cpu.tagFloor = cpu.lastTag;
  newTag(cpu, cpu.pcid);
  if (cpu.userPcid !== cpu.pcid) newTag(cpu, cpu.userPcid);
}

function flushGlobal(cpu: Cpu): void {
  if (cpu.lastTag === 0x7fffffff) tlbReset(cpu);
  cpu.globalTag = ++cpu.lastTag;
}

/** INVLPG: drops vaHi:vaLo under the current PCID and as a global page, and all paging-structure entries. */
export function invlpg(cpu: Cpu, vaHi: number, vaLo: number): void {
  cpu.pscGeneration++;
  drop(cpu, cpu.tag, vaHi, vaLo);
  if (cpu.tlbOthers) drop(cpu, cpu.globalTag, vaHi, vaLo);
}

/** INVLPG of an address given as one number. */
export function invlpgVa(cpu: Cpu, va: number): void {
  invlpg(cpu, Math.floor(va / 0x100000000) | 0, va | 0);
}

/** INVPCID types. */
export const INVPCID_ADDR = 0;
export const INVPCID_CTX = 1;
export const INVPCID_CTXGLOB = 2;
export const INVPCID_ALLCTX = 3;

/** INVPCID: drops one address of a PCID, one PCID, everything, or everything except global pages. */
export function invpcid(cpu: Cpu, type: number, pcid: number, vaHi: number, vaLo: number): void {
  switch (type) {
    case INVPCID_ADDR:
      cpu.pscGeneration++;
      drop(cpu, tagOf(cpu, pcid), vaHi, vaLo);
      return;
    case INVPCID_CTX:
      flushPcid(cpu, pcid);
      return;
    case INVPCID_CTXGLOB:
      flushAllPcids(cpu);
      flushGlobal(cpu);
      return;
    default:
      flushAllPcids(cpu);
  }
}

/**
 * MOV to CR3. `keep` is bit 63: the PCID's cached translations stay. Without CR4.PCIDE the PCID is 0 and nothing is
 * kept.
 */
export function loadCr3(cpu: Cpu, root: Frame, pcid: number, keep: boolean): void {
  cpu.root = root;
  cpu.pcid = pcid;
  cpu.userRoot = root;
  cpu.userPcid = pcid;
  cpu.isolated = false;
  if (keep && cpu.controls.pcide) cpu.tag = cpu.userTag = tagOf(cpu, pcid);
  else flushPcid(cpu, pcid);
}

/** Sets what a return to user mode will load into CR3, with bit 63 set, under page-table isolation. */
export function setUserCr3(cpu: Cpu, root: Frame, pcid: number): void {
  cpu.isolated = true;
  cpu.userRoot = root;
  cpu.userPcid = pcid;
  cpu.userTag = tagOf(cpu, pcid);
}

/** Return to user mode under page-table isolation: loads CR3, and flushes if a flush is pending or PCIDs are off. */
export function returnToUser(cpu: Cpu): void {
  if (!cpu.controls.pcide) flushPcid(cpu, cpu.userPcid);
  else if (cpu.userFlushPending) {
    flushPcid(cpu, cpu.userPcid);
    cpu.userFlushPending = false;
  }
}

/** A change of CR4.PGE: drops everything, for all PCIDs. */
export function flushEverything(cpu: Cpu): void {
  flushAllPcids(cpu);
  flushGlobal(cpu);
}
