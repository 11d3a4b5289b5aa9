/**
 * pmapdiff conform mmu: the simulated walk and TLB against accesses and sequences recorded on real x86-64 emulators.
 *
 * Each recording is answered twice by the same functions: on a machine whose RAM holds most of its tables, where the
 * optimistic walk decides what it can, and on a machine so small that all of memory is sparse. There every word ever
 * written can be enumerated, so that the test can check that only the listed entries have changed.
 */
import { setControls, setPge, translate } from '../../core/hw/cpu.ts';
import { physRead, physWrite } from '../../core/hw/phys.ts';
import { flushEverything, invlpg, invpcid, loadCr3 } from '../../core/hw/tlb.ts';
import { ACCESS_EXECUTE, ACCESS_USER, ACCESS_WRITE, GENERAL_PROTECTION } from '../../core/hw/walk.ts';
import { Cpu } from '../../core/state/cpu.ts';
import { type Hardware, MachineState } from '../../core/state/machine.ts';
import {
  type MmuAccess,
  type MmuAsked,
  mmuFile,
  type MmuOutcome,
  type MmuSequence,
  type MmuStep,
  type MmuVectors,
} from './mmu-vectors.ts';
import type { Mismatch, MmuConformReport } from './report.ts';
import { answered, type Answers, VECTOR_NAMES } from './vector-files.ts';

/** RAM of the two machines. The recordings put most tables below 2 GiB. */
const LARGE_RAM = 2 ** 31;
const SMALL_RAM = 2 ** 22;

type Memory = Readonly<Record<string, string>>;

/** Convert a 64-bit hex number to signed halves, and to a physical address: the frame, and the word within it. */
const hiOf = (hex: string): number => Number.parseInt(hex.slice(2).padStart(16, '0').slice(0, 8), 16) | 0;
const loOf = (hex: string): number => Number.parseInt(hex.slice(2).padStart(16, '0').slice(8), 16) | 0;
const frameOf = (hex: string): number => (hiOf(hex) & 0xfffff) * 2 ** 20 + (loOf(hex) >>> 12);
const wordOf = (hex: string): number => (loOf(hex) & 0xfff) >>> 2;

const hexOf = (hi: number, lo: number): string => `0x${((BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)).toString(16)}`;
const addressOf = (frame: number, offset: number): string =>
  `0x${(BigInt(frame) * 4096n + BigInt(offset)).toString(16)}`;

/** A machine that answers recordings, and the memory contents it was given. */
class Bench {
  readonly m: Hardware;
  readonly cpu = new Cpu(0);
  private held: string[] = [];

  constructor(ram: number) {
    const config = { cpus: 1, pti: false, pcid: false, la57: false, superpages: false, ram, lowerShared: false };
    this.m = new MachineState<unknown>(config, null);
  }

  /** Starts with only `memory` in memory, an empty TLB, and CR3 = root with PCID 0. */
  start(vector: MmuAccess | MmuSequence): void {
    const { m, cpu } = this;
    const held = this.held;
    this.held = [];
    for (const pa of held) this.poke(pa, '0x0');
    m.physBeyond.clear();
    this.held = [];
    for (const [pa, value] of Object.entries(vector.memory)) this.poke(pa, value);
    setControls(cpu, vector.config);
    flushEverything(cpu);
    loadCr3(cpu, frameOf(vector.root), 0, false);
  }

  poke(pa: string, value: string): void {
    this.held.push(pa);
    physWrite(this.m, frameOf(pa), wordOf(pa), loOf(value));
    physWrite(this.m, frameOf(pa), wordOf(pa) + 1, hiOf(value));
  }

  peek(pa: string): string {
    const { m } = this;
    return hexOf(physRead(m, frameOf(pa), wordOf(pa) + 1), physRead(m, frameOf(pa), wordOf(pa)));
  }

  access({ va, kind, user }: MmuAsked): MmuOutcome {
    const { m, cpu } = this;
    const access = (user ? ACCESS_USER : 0) | (kind === 'w' ? ACCESS_WRITE : kind === 'x' ? ACCESS_EXECUTE : 0);
    const frame = translate(m, cpu, cpu.root, cpu.tag, hiOf(va), loOf(va), access);
    if (frame >= 0) return { pa: addressOf(frame, loOf(va) & 0xfff) };
    if (frame === -GENERAL_PROTECTION) return { fault: { vector: 13, error: 0 } };
    return { fault: { vector: 14, error: -frame & 0xffff, cr2: va } };
  }

  /** Entries that differ from `memory`, among those it lists and all memory beyond RAM. */
  changes(memory: Memory): Memory {
    const changed: Record<string, string> = {};
    const note = (pa: string): void => {
      const now = this.peek(pa);
      if (now !== (memory[pa] ?? '0x0')) changed[pa] = now;
    };
    for (const pa of this.held) note(pa);
    for (const [frame, words] of this.m.physBeyond)
      for (let at = 0; at < words.length; at += 2)
        if (words[at] !== 0 || words[at + 1] !== 0) note(addressOf(frame, at * 4));
    return changed;
  }
}

const same = (a: MmuOutcome, b: MmuOutcome): boolean => {
  if ('pa' in a) return 'pa' in b && a.pa === b.pa;
  if ('pa' in b || a.fault.vector !== b.fault.vector) return false;
  return (
    a.fault.vector === 13 || b.fault.vector === 13 || (a.fault.error === b.fault.error && a.fault.cr2 === b.fault.cr2)
  );
};

/** With optA an expected change may be missing, but nothing else may have changed. */
function changesFit(got: Memory, after: Memory, optional: boolean): boolean {
  const extra = Object.entries(got).some(([pa, value]) => after[pa] !== value);
  return !extra && (optional || Object.keys(after).every((pa) => pa in got));
}

function checkAccess(
  bench: Bench,
  vector: MmuAccess,
  note: (what: string, expected: unknown, got: unknown) => void,
): void {
  bench.start(vector);
  const outcome = bench.access(vector.access);
  if (!same(outcome, vector.expect)) note('outcome', vector.expect, outcome);
  const changed = bench.changes(vector.memory);
  if (!changesFit(changed, vector.after, vector.optA)) note('after', vector.after, changed);
}

/** Runs one step. Returns the mismatch if its answer is not an allowed one, otherwise null. */
function runStep(bench: Bench, step: MmuStep): { expected: unknown; got: unknown } | null {
  const { cpu } = bench;
  switch (step.op) {
    case 'access': {
      const got = bench.access(step);
      return step.allowed.some((outcome) => same(got, outcome)) ? null : { expected: step.allowed, got };
    }
    case 'peek': {
      const got = bench.peek(step.pa);
      return step.allowed.includes(got) ? null : { expected: step.allowed, got };
    }
    case 'poke':
      bench.poke(step.pa, step.val);
      return null;
    case 'invlpg':
      invlpg(cpu, hiOf(step.va), loOf(step.va));
      return null;
    case 'cr3': {
      const pcid = cpu.controls.pcide ? loOf(step.val) & 0xfff : 0;
      loadCr3(cpu, frameOf(step.val), pcid, hiOf(step.val) < 0);
      return null;
    }
    case 'invpcid':
      invpcid(cpu, step.type, step.pcid, hiOf(step.va), loOf(step.va));
      return null;
    case 'pge':
      setPge(cpu, step.on);
      return null;
  }
}

/** Answers every access and every step of recordings. */
export class MmuAnswers implements Answers<MmuVectors, MmuConformReport> {
  readonly #benches = [new Bench(LARGE_RAM), new Bench(SMALL_RAM)];
  readonly #mismatches: Mismatch[] = [];
  #files = 0;
  #checked = 0;

  take(file: string, vectors: MmuVectors): void {
    this.#files++;
    for (const [index, vector] of vectors.entries()) {
      this.#checked += 'steps' in vector ? vector.steps.length : 1;
      for (const bench of this.#benches) {
        const wrong: Mismatch[] = [];
        if ('steps' in vector) {
          bench.start(vector);
          for (const [at, step] of vector.steps.entries()) {
            const fault = runStep(bench, step);
            if (fault !== null)
              wrong.push({ file, at: `sequence ${index} (${vector.name}) step ${at}`, what: step.op, ...fault });
          }
        } else {
          checkAccess(bench, vector, (what, expected, got) =>
            wrong.push({ file, at: `access ${index} (${vector.why})`, what, expected, got }),
          );
        }
        this.#mismatches.push(...wrong);
        if (wrong.length > 0) break;
      }
    }
  }

  report(): MmuConformReport {
    const [files, checked, mismatches] = [this.#files, this.#checked, this.#mismatches];
    return { schema: 'pmapdiff.conform/1', kind: 'mmu', files, checked, mismatches };
  }
}

/**
 * Answers the files, or the part-*.json and seq-*.json in folders. Throws VectorError for a file that cannot be read.
 */
export const conformMmu = (paths: readonly string[]): MmuConformReport =>
  answered(paths, VECTOR_NAMES.mmu, mmuFile, new MmuAnswers());
