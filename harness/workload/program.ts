/**
 * Programs: turns the few numbers of a `program` line into the maps that exec makes.
 *
 * The map is that of a dynamically linked FreeBSD program of October 2021 without ASLR: the program at 0x200000, rtld
 * 32 GiB above its data, libraries above rtld, then malloc's chunks, the stack below the shared page. A library adds
 * four or five entries, hence entries = 17 + 4.7 per library.
 */
import {
  NBPDR,
  PAGE_SIZE,
  VM_PROT_ALL,
  VM_PROT_EXECUTE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  roundPage,
} from '../../core/units.ts';
import type { FileTable } from './files.ts';
import type { AddressLayout } from './machine.ts';
import type { Abi, Program, ProgramMap, ProgramSpec, ProgramTouch } from './ops.ts';

const PROGRAM_BASE = 0x200000;
/**
 * RLIMIT_DATA: rtld, and mmap without an address, start this far above the data. FreeBSD: sys/amd64/include/vmparam.h
 * MAXDSIZ
 */
const MAX_DATA = 32 * 2 ** 30;
/** RLIMIT_STACK. FreeBSD: MAXSSIZ */
const MAX_STACK = 512 * 2 ** 20;
export const MAX_ENTRIES = 100_000;

const R = VM_PROT_READ;
const RW = VM_PROT_READ | VM_PROT_WRITE;
const RX = VM_PROT_READ | VM_PROT_EXECUTE;

const pages = (n: number): number => n * PAGE_SIZE;
/** A malloc chunk, and the hole after it that keeps it a separate entry. */
const CHUNK = pages(16);
const RTLD_SIZES: SegmentSizes = { rodata: pages(6), text: pages(22), data: pages(1), bss: pages(1) };
const LIB_SIZES: SegmentSizes = { rodata: pages(6), text: pages(12), data: pages(2), bss: pages(4) };

/** Entries of every program in addition to its segments, with an object each: the stack, and the shared page if the ABI has one. */
const stackAndShared = (abi: Abi): number => (abi === 'no-shared' ? 1 : 2);
/** Text and data. */
const LEAST_SEGMENTS = 2;
const MOST_PROGRAM_SEGMENTS = 5;
const MOST_LIB_SEGMENTS = 4;

export type ProgramKeys = Partial<Omit<ProgramSpec, 'name'>>;

/** Derives the numbers that a `program` line omits from those it gives. */
export function completeSpec(name: string, keys: ProgramKeys): ProgramSpec {
  const { entries: wanted } = keys;
  const libs = keys.libs ?? (wanted === undefined ? 1 : Math.max(0, Math.round((wanted - 17) / 4.7)));
  const entries = wanted ?? (libs === 0 ? 10 : Math.round(17 + 4.7 * libs));
  const alone = entries === 1;
  return {
    name,
    entries,
    guards: keys.guards ?? (alone ? 0 : 1 + Math.round(libs / 3)),
    untouched: keys.untouched ?? Math.floor(libs / 2),
    libs,
    text: roundPage(keys.text ?? pages(32)),
    data: roundPage(keys.data ?? pages(4)),
    bss: roundPage(keys.bss ?? pages(4)),
    abi: keys.abi ?? 'native',
  };
}

/** Returns why no map fits the numbers, as [expected, found]; null if one does. */
export function specProblem(spec: ProgramSpec): readonly [string, string] | null {
  const { entries, guards, untouched, libs, abi } = spec;
  if (entries > MAX_ENTRIES) return [`at most ${MAX_ENTRIES} entries`, `${entries}`];
  if (entries === 1 && abi !== 'no-shared') {
    const others = guards + untouched + libs;
    return others === 0
      ? null
      : ['nothing but the shared page in a program of 1 entry', `${others} guards, untouched entries and libs`];
  }
  if (guards < 1) return ["at least 1 guard, the stack's", `${guards}`];
  if (spec.text === 0 || spec.data === 0) return ['text and data of at least one page', '0'];
  const least = guards + untouched + stackAndShared(abi) + LEAST_SEGMENTS + (libs > 0 ? libs + 1 : 0);
  return entries >= least
    ? null
    : [`at least ${least} entries for these guards, untouched entries and libs`, `${entries}`];
}

interface SegmentSizes {
  readonly rodata: number;
  readonly text: number;
  readonly data: number;
  readonly bss: number;
}

/** Segments of a linked object in addition to text and data, the most important first. */
type Extra = 'rodata' | 'bss' | 'relro';

class Assembler {
  readonly maps: ProgramMap[] = [];
  readonly touched: ProgramTouch[] = [];
  at = 0;
  #files: FileTable;

  constructor(files: FileTable) {
    this.#files = files;
  }

  anon(len: number, touchedPages: number): void {
    this.maps.push({ kind: 'anon', start: this.at, len, prot: RW, maxProt: VM_PROT_ALL, file: -1, off: 0 });
    if (touchedPages > 0) this.touch(this.at, touchedPages, VM_PROT_WRITE);
    this.at += len;
  }

  guard(len: number): void {
    this.maps.push({ kind: 'guard', start: this.at, len, prot: 0, maxProt: 0, file: -1, off: 0 });
    this.at += len;
  }

  stack(top: number): void {
    const start = top - MAX_STACK;
    this.maps.push({ kind: 'stack', start, len: MAX_STACK, prot: RW, maxProt: VM_PROT_ALL, file: -1, off: 0 });
    this.touch(top - pages(2), 2, VM_PROT_WRITE);
  }

  /**
   * Adds the segments of a linked object from here up; a hole in it, if requested, stays a guard. Returns the start of
   * text and data.
   */
  object(name: string, sizes: SegmentSizes, extras: ReadonlySet<Extra>, hole: boolean): { text: number; data: number } {
    let off = 0;
    const segment = (len: number, prot: number, access: number, touchedPages: number): number => {
      const start = this.at;
      const file = this.#files.index(name, off + len);
      this.maps.push({ kind: 'file', start, len, prot, maxProt: VM_PROT_ALL, file, off });
      this.touch(start, Math.min(touchedPages, len / PAGE_SIZE), access);
      off += len;
      this.at += len;
      return start;
    };
    if (extras.has('rodata')) segment(sizes.rodata, R, VM_PROT_READ, 1);
    const text = segment(sizes.text, RX, VM_PROT_EXECUTE, 2);
    if (hole) this.guard(PAGE_SIZE);
    if (extras.has('relro')) segment(PAGE_SIZE, R, VM_PROT_READ, 1);
    const data = segment(sizes.data, RW, VM_PROT_WRITE, 1);
    if (extras.has('bss')) this.anon(sizes.bss, 1);
    return { text, data };
  }

  /** Adds text only. */
  textOnly(name: string, len: number): void {
    const file = this.#files.index(name, len);
    this.maps.push({ kind: 'file', start: this.at, len, prot: RX, maxProt: VM_PROT_ALL, file, off: 0 });
    this.touch(this.at, 1, VM_PROT_EXECUTE);
    this.at += len;
  }

  touch(start: number, count: number, access: number): void {
    this.touched.push({ start, pages: count, access });
  }
}

/** The first extras of an object with this many segments, text and data included. */
const extrasFor = (segments: number, order: readonly Extra[]): Set<Extra> =>
  new Set(order.slice(0, Math.max(0, segments - LEAST_SEGMENTS)));

/** Programs that were built into an empty table, and the names of their files; by spec and end of the stack. */
const BUILT = new WeakMap<ProgramSpec, Map<number, { readonly program: Program; readonly names: readonly string[] }>>();

/** Builds a program, whose files it adds to `files`. Those that are built alike are one object. */
export function buildProgram(spec: ProgramSpec, layout: AddressLayout, files: FileTable): Program {
  // The maps hold numbers of files, which other files in the table would change.
  if (files.files.length > 0) return assemble(spec, layout, files);
  const known = BUILT.get(spec) ?? new Map();
  BUILT.set(spec, known);
  const built = known.get(layout.stackTop);
  if (built === undefined) {
    const program = assemble(spec, layout, files);
    known.set(layout.stackTop, { program, names: files.files.map(({ name }) => name) });
    return program;
  }
  const { program, names } = built;
  for (const { file, off, len } of program.maps) if (file >= 0) files.index(names[file], off + len);
  return program;
}

/**
 * Builds the maps of a program. Entries minus guards minus untouched ones gives the number of entries with an object;
 * those that the program, rtld and the libraries do not account for are malloc's chunks.
 */
function assemble(spec: ProgramSpec, layout: AddressLayout, files: FileTable): Program {
  const { name } = spec;
  if (spec.entries === 1) return { name, spec, maps: [], touched: [], text: 0, data: 0, heap: 0 };
  const asm = new Assembler(files);
  let left = spec.entries - spec.guards - spec.untouched - stackAndShared(spec.abi);
  let guards = spec.guards - 1;
  let untouched = spec.untouched;
  const reserved = spec.libs > 0 ? spec.libs + 1 : 0;

  const order: readonly Extra[] = spec.bss > 0 ? ['rodata', 'bss', 'relro'] : ['rodata', 'relro'];
  const programSegments = Math.min(left - reserved, order.length + LEAST_SEGMENTS);
  asm.at = PROGRAM_BASE;
  const rodata = roundPage(spec.text / 4);
  const { text, data } = asm.object(name, { ...spec, rodata }, extrasFor(programSegments, order), false);
  const heap = asm.at;
  left -= programSegments;

  asm.at = roundPage(data + MAX_DATA);
  if (spec.libs > 0) {
    const rtld = Math.min(left - spec.libs, MOST_PROGRAM_SEGMENTS);
    if (rtld < LEAST_SEGMENTS) asm.textOnly('rtld', RTLD_SIZES.text);
    else asm.object('rtld', RTLD_SIZES, extrasFor(rtld, ['rodata', 'relro', 'bss']), false);
    left -= rtld;
  }
  for (let lib = 1; lib <= spec.libs; lib++) {
    const segments = Math.min(Math.floor(left / (spec.libs - lib + 1)), MOST_LIB_SEGMENTS);
    const hole = guards > 0;
    if (segments < LEAST_SEGMENTS) {
      asm.textOnly(`lib${lib}`, LIB_SIZES.text);
      if (hole) asm.guard(PAGE_SIZE);
    } else {
      asm.object(`lib${lib}`, LIB_SIZES, extrasFor(segments, ['rodata', 'relro']), hole);
    }
    left -= segments;
    if (hole) guards--;
    if (untouched > 0) {
      asm.anon(LIB_SIZES.bss, 0);
      untouched--;
    }
  }

  asm.at = Math.ceil(asm.at / NBPDR) * NBPDR;
  for (; left > 0; left--, asm.at += CHUNK) asm.anon(CHUNK, 4);
  for (; untouched > 0; untouched--, asm.at += CHUNK) asm.anon(CHUNK, 0);
  for (; guards > 0; guards--, asm.at += CHUNK) asm.guard(PAGE_SIZE);
  asm.stack(layout.stackTop);
  return { name, spec, maps: asm.maps, touched: asm.touched, text, data, heap };
}

/** The programs that need no definition. */
export const BUILT_IN_PROGRAMS: readonly ProgramSpec[] = [
  // The worked example of 60 entries: 4 guards, 4 untouched, 52 with an object, including the shared page's.
  completeSpec('sh60', { entries: 60, guards: 4, untouched: 4 }),
  completeSpec('cat', { libs: 1 }),
  // The shared page alone: a recorded exec starts from this, since its maps are separate ops.
  completeSpec('bare', { entries: 1, libs: 0, text: 0, data: 0, bss: 0 }),
];
