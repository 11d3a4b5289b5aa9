/**
 * TLBs and paging-structure caches, compared with the tables. Entries under a tag that no later access can use do not
 * matter. Words of a TLB slot: tag, address (two), rights, frame bits of the leaf (two); of a paging-structure slot:
 * tag, address (two), generation, rights, frame (two: 20 bits and the rest).
 */
import {
  type Cpu,
  PSC_LEVELS,
  PSC_SLOTS,
  type Pmap,
  TLB_SLOTS_1G,
  TLB_SLOTS_2M,
  TLB_SLOTS_4K,
  TLB_SLOT_WORDS,
} from '../../core/inspect.ts';
import { DIRTY, FRAME_HI, NO_EXECUTE_HI, PAGE, USER, WRITE } from './bits.ts';
import { type State, bits, hex } from './state.ts';

/** The execute right in a TLB slot. */
const EXECUTE = 0x10;

/** A tag under which later accesses find cached entries, and the tables that they would otherwise walk. */
interface Live {
  readonly tag: number;
  readonly pmap: Pmap;
  readonly root: number;
}

export function checkTlbs(state: State): void {
  for (const cpu of state.m.cpus) {
    const live = liveTags(state, cpu);
    if (live.length === 0) continue;
    for (let slot = 0; slot < TLB_SLOTS_4K + TLB_SLOTS_2M + TLB_SLOTS_1G; slot++) checkSlot(state, cpu, slot, live);
    for (let slot = 0; slot < PSC_LEVELS * PSC_SLOTS; slot++) checkCachedTable(state, cpu, slot, live);
  }
}

/** The current tag of a PCID if it was not flushed; 0 if it was. */
const tagOf = (cpu: Cpu, pcid: number): number => {
  const tag = cpu.pcidTag[pcid];
  return tag > cpu.tagFloor ? tag : 0;
};

function liveTags({ m, survey }: State, cpu: Cpu): Live[] {
  const { pcid, pti } = m.config;
  const live: Live[] = [];
  const add = (tag: number, pmap: Pmap, root: number): void => {
    if (tag !== 0 && root !== 0) live.push({ tag, pmap, root });
  };
  for (const { pmap } of survey.spaces) {
    if (cpu.curpmap === pmap) {
      if (!cpu.isolated) add(cpu.userTag, pmap, pmap.top);
      // The next return to user mode flushes if a flush is pending or there are no PCIDs.
      else if (pcid && !cpu.userFlushPending) add(cpu.userTag, pmap, pmap.topUser);
    } else if (pcid && pmap.pcidGen[cpu.id] === cpu.pcidGen) {
      const own = pmap.pcid[cpu.id];
      if (!pti) add(tagOf(cpu, own), pmap, pmap.top);
      else if (pmap.topUser !== 0) add(tagOf(cpu, own | 0x800), pmap, pmap.topUser);
    }
  }
  return live;
}

function checkSlot(state: State, cpu: Cpu, slot: number, live: readonly Live[]): void {
  const { report, who } = state;
  const at = slot * TLB_SLOT_WORDS;
  const { tlb } = cpu;
  const tag = tlb[at];
  if (tag === 0) return;
  const owner = live.find((one) => one.tag === tag);
  if (owner === undefined) return;
  const pages = slot < TLB_SLOTS_4K ? 1 : slot < TLB_SLOTS_4K + TLB_SLOTS_2M ? 512 : 2 ** 18;
  const va = (tlb[at + 1] >>> 0) * 2 ** 32 + (tlb[at + 2] >>> 0);
  const frame = (tlb[at + 5] & FRAME_HI) * 2 ** 20 + (tlb[at + 4] >>> 12);
  for (let page = 0; page < pages; page++) {
    const wrong = disagreement(state, owner.root, va + page * PAGE, frame + page, tlb[at + 3]);
    if (wrong === null) continue;
    const where = `CPU ${cpu.id}, ${hex(va + page * PAGE)}: `;
    report.broken(
      'tlb-entry',
      who(owner.pmap),
      `${where}${wrong}`,
      `frame ${frame + page}, rights ${bits(tlb[at + 3])}`,
    );
    return;
  }
}

/**
 * Returns what the tables say if a slot grants more. The write right counts only with the dirty bit: without it a write
 * walks the tables.
 */
function disagreement({ m, found }: State, root: number, va: number, frame: number, rights: number): string | null {
  found.find(m, root, va);
  const { rightsLo, rightsHi, lo } = found;
  const writes = WRITE | DIRTY;
  const isTooMuch =
    found.frameOf(va) !== frame ||
    (rights & USER & ~rightsLo) !== 0 ||
    ((rights & EXECUTE) !== 0 && (rightsHi & NO_EXECUTE_HI) !== 0) ||
    ((rights & writes) === writes && ((rightsLo & WRITE) === 0 || (lo & DIRTY) === 0));
  return isTooMuch ? `frame ${found.frameOf(va)}, rights ${bits(rightsLo)}, leaf ${bits(lo)}` : null;
}

function checkCachedTable({ m, report, found, who }: State, cpu: Cpu, slot: number, live: readonly Live[]): void {
  const at = slot * TLB_SLOT_WORDS;
  const { psc } = cpu;
  if (psc[at] === 0 || psc[at + 3] !== cpu.pscGeneration) return;
  const owner = live.find((one) => one.tag === psc[at]);
  if (owner === undefined) return;
  const level = Math.floor(slot / PSC_SLOTS) + 1;
  const va = (psc[at + 1] >>> 0) * 2 ** 32 + (psc[at + 2] >>> 0);
  const frame = psc[at + 6] * 2 ** 20 + psc[at + 5];
  found.find(m, owner.root, va);
  if (found.tables[level] === frame) return;
  const where = `CPU ${cpu.id}, level ${level} at ${hex(va)}: `;
  report.broken('paging-structure-cache', who(owner.pmap), `${where}frame ${found.tables[level]}`, `frame ${frame}`);
}
