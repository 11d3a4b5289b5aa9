/** A machine, pmaps and pages for testing pmap functions. */
import type { Machine } from '../../../core/hunks.ts';
import { resetCpus } from '../../../core/hw/cpu.ts';
import { PG_V, tableFrame, tableWords } from '../../../core/hw/entry.ts';
import { pageClaim } from '../../../core/page/page.ts';
import { reservSetFull } from '../../../core/page/reserv.ts';
import { KernelPanic } from '../../../core/panic.ts';
import { newPmap, pmapActivate, pmapBootstrap, pmapEnter, pmapPinit } from '../../../core/pmap/index.ts';
import { pdeAt, pml4eAt, ptPageOf, pteOf } from '../../../core/pmap/tables.ts';
import { type MachineConfig, MachineState } from '../../../core/state/machine.ts';
import { VPO_UNMANAGED } from '../../../core/state/page.ts';
import type { Pmap } from '../../../core/state/pmap.ts';
import { PAGE_SIZE, VM_PROT_EXECUTE, VM_PROT_READ, VM_PROT_WRITE, vaHi, vaLo } from '../../../core/units.ts';
import { variantById } from '../../../variants/index.ts';

export const R = VM_PROT_READ;
export const W = VM_PROT_WRITE;
export const RW = VM_PROT_READ | VM_PROT_WRITE;
export const RX = VM_PROT_READ | VM_PROT_EXECUTE;

/** Distant addresses: in different PT, PD and PDP pages. */
export const VA = 0x4000_0000;
export const VA_2M = 0x8000_0000;
export const VA_1G = 0x80_4000_0000;
export const VA_512G = 0x1234_0000_0000;
export const TOP = 0x7fff_ffff_f000;

/** Frames that the tests allocate themselves; the machine allocates from the next one on. */
const OWN_FRAMES = 8192;

const config: MachineConfig = {
  cpus: 1,
  pti: false,
  pcid: true,
  la57: false,
  superpages: true,
  ram: 2 ** 28,
  lowerShared: false,
};

export class World {
  readonly m: Machine;
  #next = 1;

  constructor(options: Partial<MachineConfig> = {}, variant = 'landed') {
    this.m = new MachineState({ ...config, ...options }, variantById(variant)!.hunks);
    resetCpus(this.m);
    pmapBootstrap(this.m, OWN_FRAMES);
    pageClaim(this.m, OWN_FRAMES - 1);
  }

  /** Creates a pmap and loads it on the current CPU. */
  pmap(kpti = this.m.config.pti): Pmap {
    const pmap = newPmap(this.m);
    pmapPinit(this.m, pmap, kpti);
    pmapActivate(this.m, pmap);
    return pmap;
  }

  /** Allocates consecutive pages of an object and returns the first; managed by default. */
  pages(count = 1, managed = true): number {
    const first = this.#next;
    this.#next += count;
    this.#give(first, count, managed);
    return first;
  }

  /** Allocates a fully populated reservation and returns its first page. */
  run(managed = true): number {
    const first = Math.ceil(this.#next / 512) * 512;
    this.#next = first + 512;
    this.#give(first, 512, managed);
    reservSetFull(this.m, first, true);
    return first;
  }

  #give(first: number, count: number, managed: boolean): void {
    const { page } = this.m;
    page.refCount.fill(1, first, first + count);
    if (!managed) page.oflags.fill(VPO_UNMANAGED, first, first + count);
    for (let i = 0; i < count; i++) {
      page.pindex[first + i] = i;
      page.listNext[first + i] = i === count - 1 ? 0 : first + i + 1;
    }
  }

  /** pmap_enter of consecutive pages, as for a write or read access. */
  enter(pmap: Pmap, va: number, frame: number, prot = RW, flags = prot & W ? W : R, count = 1): void {
    for (let i = 0; i < count; i++) {
      const code = pmapEnter(this.m, pmap, va + i * PAGE_SIZE, frame + i, prot, flags, 0);
      if (code !== 0) throw new RangeError(`pmap_enter: ${code}`);
    }
  }

  /** Fills 2M with mappings of a full reservation: the last one promotes. */
  promoted(pmap: Pmap, va: number, prot = RW, flags = prot & W ? W : R): number {
    const first = this.run();
    this.enter(pmap, va, first, prot, flags, 512);
    return first;
  }

  /** Low and high word of the PTE or 2M leaf of an address; zeroes if there is none. */
  leaf(pmap: Pmap, va: number): { lo: number; hi: number } {
    const { words } = this.m;
    const ptp = ptPageOf(this.m, pmap, vaHi(va), vaLo(va));
    const at = ptp !== 0 ? pteOf(ptp, vaLo(va)) : pdeAt(this.m, pmap, vaHi(va), vaLo(va));
    return at === 0 ? { lo: 0, hi: 0 } : { lo: words[at]!, hi: words[at + 1]! };
  }

  /** Frames of the tables below the root on the path to an address: PDP (preceded by PML4 with LA57), PD, PT. */
  tables(pmap: Pmap, va: number): number[] {
    const { words, la57 } = this.m;
    const hi = vaHi(va);
    const lo = vaLo(va);
    const found: number[] = [];
    const slots = [(hi >>> 7) & 511, ((hi << 2) | (lo >>> 30)) & 511, (lo >>> 21) & 511];
    if (la57) slots.unshift((hi >>> 16) & 511);
    let table = pmap.top << 10;
    for (const slot of slots) {
      const entry = words[table + 2 * slot]!;
      if ((entry & PG_V) === 0) break;
      found.push(tableFrame(entry));
      table = tableWords(entry);
    }
    return found;
  }

  /** The root's entry for an address. */
  topEntry(root: number, va: number): { lo: number; hi: number } {
    const shift = this.m.la57 ? 16 : 7;
    const at = (root << 10) + 2 * ((vaHi(va) >>> shift) & 511);
    return { lo: this.m.words[at]!, hi: this.m.words[at + 1]! };
  }

  pml4e(pmap: Pmap, va: number): number {
    return pml4eAt(this.m, pmap, vaHi(va));
  }

  /** How much the counters rose while `act` ran. */
  rise(act: () => void, ...counters: number[]): number[] {
    const before = counters.map((counter) => this.m.counters[counter]!);
    act();
    return counters.map((counter, i) => this.m.counters[counter]! - before[i]!);
  }
}

/** Returns the assertion that a call fails. */
export function panicOf(act: () => void): string {
  try {
    act();
  } catch (error) {
    if (error instanceof KernelPanic) return `${error.where}: ${error.reason}`;
    throw error;
  }
  return 'no panic';
}
