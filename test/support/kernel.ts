/** A booted machine with one variant, and processes for tests. */
import {
  DEFAULT_CONFIG,
  EVENT_KINDS,
  EVENT_WORDS,
  type Image,
  type ImageMap,
  MAP_ANON,
  MAP_FIXED,
  MAP_GUARD,
  MAP_PRIVATE,
  type Machine,
  type MachineConfig,
  PAGE_SIZE,
  type Proc,
  REMOVE_CALLS,
  REMOVE_EARLY_EXITS,
  SYSENT_NATIVE_LA48,
  type Sysent,
  VM_PROT_ALL,
  VM_PROT_NONE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  type VmMap,
  type VmMapEntry,
  bootMachine,
  procCreate,
  runOn,
  sysExec,
  sysMmap,
  vmMapEntrySucc,
} from '../../core/index.ts';
import { variantById } from '../../variants/index.ts';

export const RW = VM_PROT_READ | VM_PROT_WRITE;
export const SHARED_PAGE = SYSENT_NATIVE_LA48.sharedPage!.base;
export const SERIES = ['baseline', 'toplevel-accounting', 'double-count-fix', 'shared-page-unmap', 'landed'] as const;

/** A machine that runs the variant with that id. */
export function machineOf(id: string, config: Partial<MachineConfig> = {}): Machine {
  const variant = variantById(id);
  if (variant === undefined) throw new RangeError(`no variant ${id}`);
  return bootMachine({ ...DEFAULT_CONFIG, ram: 2 ** 26, ...config }, variant.hunks);
}

/** A process with an image, running on CPU 0. */
export function started(m: Machine, image: Image, sysent: Sysent = SYSENT_NATIVE_LA48): Proc {
  const p = procCreate(m, sysent, m.config.pti);
  runOn(m, p, 0);
  sysExec(m, p, image);
  return p;
}

/** Parts of an image, with defaults except for page counts. */
export const image = (maps: readonly ImageMap[], touched: Image['touched'] = [], name = 'test'): Image => ({
  name,
  maps,
  touched,
  text: 0,
  data: 0,
  heap: 0,
});

export const STACK: ImageMap = {
  kind: 'stack',
  start: SHARED_PAGE - 512 * 2 ** 20,
  len: 512 * 2 ** 20,
  prot: RW,
  maxProt: VM_PROT_ALL,
};

/** A stack with its top page touched, and nothing else. */
export const SMALL = image([STACK], [{ start: SHARED_PAGE - PAGE_SIZE, pages: 1, access: VM_PROT_WRITE }]);

const partOf60 = (kind: 'anon' | 'guard', n: number): ImageMap => ({
  kind,
  start: 0x400000 + n * 0x10000,
  len: 2 * PAGE_SIZE,
  prot: kind === 'guard' ? VM_PROT_NONE : RW,
  maxProt: VM_PROT_ALL,
});

/**
 * 60 entries including the shared page: 4 guards, 4 anonymous ones never touched, 52 with an object. They are not
 * adjacent, so that none merge.
 */
export function sixtyEntries(): Image {
  const maps: ImageMap[] = [];
  for (let n = 0; n < 57; n++) maps.push(partOf60(n % 18 === 17 ? 'guard' : 'anon', n));
  const anon = maps.filter(({ kind }) => kind === 'anon');
  const touched = anon.slice(4).map(({ start }) => ({ start, pages: 1, access: VM_PROT_WRITE }));
  return image([...maps, STACK], [...touched, ...SMALL.touched], 'sixty');
}

/** Maps anonymous private memory at a fixed address. */
export function mapAnon(m: Machine, p: Proc, addr: number, pages: number, prot = RW): void {
  const flags = MAP_ANON | MAP_PRIVATE | MAP_FIXED;
  const error = sysMmap(m, p, addr, pages * PAGE_SIZE, prot, 0, flags, -1, 0);
  if (error !== 0) throw new RangeError(`mmap: ${error}`);
}

export const GUARD_FLAGS = MAP_GUARD | MAP_FIXED;

/** pmap_remove calls, and those that returned early, while `act` ran. */
export function removes(m: Machine, act: () => void): { calls: number; early: number } {
  const callsBefore = m.counters[REMOVE_CALLS]!;
  const earlyBefore = m.counters[REMOVE_EARLY_EXITS]!;
  act();
  return { calls: m.counters[REMOVE_CALLS]! - callsBefore, early: m.counters[REMOVE_EARLY_EXITS]! - earlyBefore };
}

/** Calls into the pmap layer while `act` ran, each as its kind and operands: `remove 2 400000 402000 0`. */
export function calls(m: Machine, act: () => void): string[] {
  m.events.clear();
  m.recording = true;
  act();
  m.recording = false;
  const texts: string[] = [];
  for (let i = 0; i < m.events.length; i++) {
    const words = [...m.events.words.subarray(i * EVENT_WORDS, (i + 1) * EVENT_WORDS)];
    texts.push(
      `${EVENT_KINDS[words[0]!]} ${words
        .slice(1, 5)
        .map((word) => word.toString(16))
        .join(' ')}`,
    );
  }
  return texts;
}

/** Only the kinds of those calls. */
export const kinds = (m: Machine, act: () => void): string[] => calls(m, act).map((text) => text.split(' ')[0]!);

/** Entries of a map, by address. */
export function entriesOf(map: VmMap): VmMapEntry[] {
  const entries: VmMapEntry[] = [];
  for (let entry = map.header.right; entry !== map.header; entry = vmMapEntrySucc(entry)) entries.push(entry);
  return entries;
}

/** The entry at an address. */
export function entryAt(map: VmMap, addr: number): VmMapEntry {
  const found = entriesOf(map).find(({ start, end }) => start <= addr && addr < end);
  if (found === undefined) throw new RangeError(`no entry at ${addr.toString(16)}`);
  return found;
}
