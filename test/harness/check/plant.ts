/** A machine in use, accessors for its state, and the definition of a planted fault. */
import type { Machine, Pmap, Proc, VmMapEntry } from '../../../core/inspect.ts';
import { frameIn } from '../../../harness/check/bits.ts';
import type { InvariantName } from '../../../harness/check/invariants.ts';

/** A 2M page, wired memory, a forked child that has copied a page, a file, on two CPUs. */
export const LIVE = [
  'machine superpages=on ram=256M cpus=2',
  'p: exec sh60',
  'p: clock',
  'p: mmap anon 2M rw fixed 0x1000000000',
  'p: write 0x1000000000 2M',
  'p: mmap anon 8p rw fixed 0x2000000000',
  'p: write 0x2000000000 8p',
  'p: mlock 0x2000000000 2p',
  'p: mmap anon 4p r fixed 0x3000000000',
  'p: read 0x3000000000 4p',
  'p: fork -> c',
  'c@1: write data',
  'p: write 0x2000004000 1p',
].join('\n');

export interface Fault {
  readonly what: string;
  readonly invariant: InvariantName;
  readonly plant: (m: Machine) => void;
  /** @default LIVE */
  readonly workload?: string;
}

export const BIG = 0x1000000000;
export const SMALL = 0x2000000000;
export const READ_ONLY = 0x3000000000;

export const first = (m: Machine): Proc => [...m.procs.values()][0]!;
export const pmapOf = (m: Machine): Pmap => first(m).vmspace.pmap;

/** Word index of va's entry in the table at a level. */
export function wordOf(m: Machine, va: number, level = 1, root = pmapOf(m).top): number {
  let table = root;
  for (let at = m.config.la57 ? 5 : 4; ; at--) {
    const word = table * 1024 + (Math.floor(va / 2 ** (3 + 9 * at)) % 512) * 2;
    if (at === level) return word;
    table = frameIn(m.words[word]!, 0);
  }
}

export const leafFrameOf = (m: Machine, va: number): number =>
  frameIn(m.words[wordOf(m, va)]!, m.words[wordOf(m, va) + 1]!);
export const tableOf = (m: Machine, va: number): number => frameIn(m.words[wordOf(m, va, 2)]!, 0);

export function entryOf(m: Machine, va: number): VmMapEntry {
  let entry = first(m).vmspace.map.root;
  while (entry !== null && !(va >= entry.start && va < entry.end)) entry = va < entry.start ? entry.left : entry.right;
  return entry!;
}

export const count = (counter: number) => (m: Machine) => void m.counters[counter]!++;
export const entry =
  (change: (entry: VmMapEntry) => void, va = SMALL) =>
  (m: Machine) =>
    change(entryOf(m, va));
export const pte =
  (change: (word: number) => number, va = SMALL, level = 1) =>
  (m: Machine) => {
    const word = wordOf(m, va, level);
    m.words[word] = change(m.words[word]!);
  };
