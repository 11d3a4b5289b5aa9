/** Page tables for tests: a small machine with one CPU, and entries written level by level. */
import { FREEBSD_CONTROLS, setControls } from '../../../core/hw/cpu.ts';
import { PG_A, PG_M, PG_PS, PG_RW, PG_U, PG_V } from '../../../core/hw/entry.ts';
import { physRead, physWrite } from '../../../core/hw/phys.ts';
import { flushEverything, loadCr3 } from '../../../core/hw/tlb.ts';
import { tableIndex } from '../../../core/hw/walk.ts';
import { type Controls, Cpu } from '../../../core/state/cpu.ts';
import { type Hardware, MachineState } from '../../../core/state/machine.ts';

export const ROOT = 1;
export const TABLE = PG_V | PG_RW | PG_U | PG_A | PG_M;
export const LEAF = PG_V | PG_RW | PG_U | PG_A | PG_M;

/** An address as halves. */
export const hi = (va: bigint): number => Number(BigInt.asIntN(32, va >> 32n));
export const lo = (va: bigint): number => Number(BigInt.asIntN(32, va));

export class Tables {
  readonly m: Hardware;
  readonly cpu = new Cpu(0);
  private next = ROOT + 1;

  constructor(controls: Partial<Controls> = {}, ram = 2 ** 22) {
    const config = { cpus: 1, pti: false, pcid: false, la57: false, superpages: false, ram, lowerShared: false };
    this.m = new MachineState<unknown>(config, null);
    this.m.cpus[0] = this.cpu;
    this.control(controls);
    flushEverything(this.cpu);
    loadCr3(this.cpu, ROOT, 0, false);
  }

  /** Empties the tables and all memory beyond RAM. */
  clear(): void {
    this.m.words.fill(0, 0, this.next * 1024);
    this.m.physBeyond.clear();
    this.next = ROOT + 1;
  }

  control(controls: Partial<Controls>): void {
    setControls(this.cpu, { ...FREEBSD_CONTROLS, ...controls });
  }

  /** Word index of va's entry at a level; missing tables on the way are created. */
  entry(va: bigint, level: number, root = ROOT): { frame: number; at: number } {
    let frame = root;
    for (let l = this.cpu.controls.levels; l > level; l--) {
      const at = tableIndex(l, hi(va), lo(va)) << 1;
      let word = physRead(this.m, frame, at);
      if ((word & PG_V) === 0) {
        word = (this.next++ << 12) | TABLE;
        physWrite(this.m, frame, at, word);
      }
      frame = word >>> 12;
    }
    return { frame, at: tableIndex(level, hi(va), lo(va)) << 1 };
  }

  /** Maps va to a frame; levels 2 and 3 make 2M and 1G leaves. */
  map(va: bigint, frame: number, bits = LEAF, { level = 1, high = 0, root = ROOT } = {}): void {
    const entry = this.entry(va, level, root);
    physWrite(this.m, entry.frame, entry.at, (frame << 12) | bits | (level > 1 ? PG_PS : 0));
    physWrite(this.m, entry.frame, entry.at + 1, high);
  }

  low(va: bigint, level = 1, root = ROOT): number {
    const entry = this.entry(va, level, root);
    return physRead(this.m, entry.frame, entry.at);
  }

  /** Changes bits of an entry without any invalidation. */
  poke(va: bigint, clear: number, set: number, level = 1): void {
    const entry = this.entry(va, level);
    physWrite(this.m, entry.frame, entry.at, (physRead(this.m, entry.frame, entry.at) & ~clear) | set);
  }
}
