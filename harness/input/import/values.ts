/** Parses numbers, protections and flags as strace and kdump print them. */

/**
 * Parses a number below 2^53, decimal or hexadecimal; null (NULL) is 0. Returns NaN for other text: no address or
 * length is larger.
 */
export function numberOf(text: string | undefined): number {
  if (text === 'NULL') return 0;
  const n = text !== undefined && /^-?(0x[0-9a-f]+|\d+)$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(n) ? n : NaN;
}

/** Parses a descriptor; -1 may be written with 32 or 64 bits. Returns NaN for other text. */
export const fdOf = (text: string | undefined): number =>
  text !== undefined && /^(?:0xf{8}|0xf{16}|4294967295|18446744073709551615)$/.test(text) ? -1 : numberOf(text);

/** The descriptor in `3` or, as strace -y has it, `3</lib/x>`. Returns NaN for other text. */
export const descriptorNumberOf = (text = ''): number => fdOf(/^[^<]*/.exec(text)![0]);

/** Are a decimal and a hexadecimal number of 64 bits the same? */
export const isSameNumber = (decimal: string, hexadecimal: string): boolean =>
  BigInt.asUintN(64, BigInt(decimal)) === BigInt(hexadecimal);

const PROT_BITS: readonly (readonly [string, number])[] = [
  ['PROT_READ', 1],
  ['PROT_WRITE', 2],
  ['PROT_EXEC', 4],
];
const NO_BITS = new Set(['PROT_NONE', 'PROT_GROWSDOWN', 'PROT_GROWSUP', 'PROT_SEM', 'PROT_BTI', 'PROT_MTE']);

/**
 * Parses `0x3<PROT_READ|PROT_WRITE>`, `PROT_READ|PROT_WRITE` or `0x3` into 'rw-', without the maximum that FreeBSD's
 * PROT_MAX adds; null for any other text.
 */
export function protOf(text: string): string | null {
  const bits = /^0x[0-9a-f]+|^\d+/.exec(text);
  if (bits !== null) return protText(Number(bits[0]));
  if (text === '') return null;
  let value = 0;
  for (const word of text.replace(/PROT_MAX\([^)]*\)\|?/, '').split('|')) {
    const known = PROT_BITS.find(([name]) => name === word);
    if (known === undefined && !NO_BITS.has(word) && !word.startsWith('0x') && word !== '') return null;
    value |= known?.[1] ?? 0;
  }
  return protText(value);
}

const protText = (bits: number): string => `${bits & 1 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${bits & 4 ? 'x' : '-'}`;

/** The maximum protection that FreeBSD's PROT_MAX gives, in the same forms; undefined if it is not there. */
export function maxProtOf(text: string): string | undefined {
  const bits = /^(0x[0-9a-f]+|\d+)/.exec(text);
  const max = bits === null ? /PROT_MAX\(([^)]*)\)/.exec(text)?.[1] : `${(Number(bits[0]) >>> 16) & 7}`;
  return max === undefined || max === '0' ? undefined : (protOf(max) ?? undefined);
}

export interface MapFlags {
  /** Name, value, and the bits that hold it if they are more. */
  readonly names: readonly (readonly [string, number, number?])[];
  /** The uppermost bits are a number: the first of them, and what it is called, if it is. */
  readonly top: { readonly shift: number; readonly nameOf: (n: number) => string | null };
  /** Those that change an address space in a way that a replay does not follow. */
  readonly leftOut: ReadonlySet<string>;
}

/** FreeBSD: sys/sys/mman.h. mmap refuses all others; a replay follows those that matter beyond the place. */
export const FREEBSD_FLAGS: MapFlags = {
  names: [
    ['SHARED', 1],
    ['PRIVATE', 2],
    ['FIXED', 0x10],
    ['RESERVED0020', 0x20],
    ['RESERVED0040', 0x40],
    ['HASSEMAPHORE', 0x200],
    ['STACK', 0x400],
    ['NOSYNC', 0x800],
    ['ANON', 0x1000],
    ['GUARD', 0x2000],
    ['EXCL', 0x4000],
    ['NOCORE', 0x20000],
    ['PREFAULT_READ', 0x40000],
    ['32BIT', 0x80000],
  ],
  top: { shift: 24, nameOf: (n) => (n === 1 ? 'ALIGNED_SUPER' : `ALIGNED(${n})`) },
  leftOut: new Set(),
};

/** Linux: mman-common.h, and mman.h of x86 */
export const LINUX_FLAGS: MapFlags = {
  names: [
    ['SHARED', 1, 0xf],
    ['PRIVATE', 2, 0xf],
    ['SHARED_VALIDATE', 3, 0xf],
    ['DROPPABLE', 8, 0xf],
    ['FIXED', 0x10],
    ['ANON', 0x20],
    ['32BIT', 0x40],
    ['ABOVE4G', 0x80],
    ['GROWSDOWN', 0x100],
    ['DENYWRITE', 0x800],
    ['EXECUTABLE', 0x1000],
    ['LOCKED', 0x2000],
    ['NORESERVE', 0x4000],
    ['POPULATE', 0x8000],
    ['NONBLOCK', 0x10000],
    ['STACK', 0x20000],
    ['HUGETLB', 0x40000],
    ['SYNC', 0x80000],
    ['FIXED_NOREPLACE', 0x100000],
    ['UNINITIALIZED', 0x4000000],
  ],
  // The size of huge pages, which only HUGETLB asks for.
  top: { shift: 26, nameOf: () => null },
  leftOut: new Set(['DROPPABLE', 'GROWSDOWN', 'LOCKED', 'POPULATE', 'HUGETLB']),
};

export interface MapFlagsRead {
  /** Names without `MAP_`, with ANONYMOUS as ANON. */
  readonly flags: readonly string[];
  /** Those that a replay does not follow, and those that are not known, as written. */
  readonly lost: readonly string[];
}

/** Parses names, a number, a number with names (`0x2<MAP_PRIVATE>`), or names with a number. Null for any other text. */
export function mapFlagsOf(text: string, system: MapFlags): MapFlagsRead | null {
  const number = /^(0x[0-9a-f]+|0)</.exec(text)?.[1];
  const words = number === undefined ? text.replace(/^[0-9a-f]*<(.*)>$/, '$1').split('|') : [number];
  const flags: string[] = [];
  const lost: string[] = [];
  for (const word of words) {
    const bits = numberOf(word);
    if (bits >= 0 && bits < 2 ** 32) decode(bits, system, flags, lost);
    else if (/^MAP_\w+(\(\d+\))?$/.test(word)) named(word, system, flags, lost);
    else if (!word.endsWith('<<MAP_HUGE_SHIFT')) return null;
  }
  const populates = !flags.includes('NONBLOCK');
  for (const flag of flags)
    if (system.leftOut.has(flag) && (flag !== 'POPULATE' || populates)) lost.push(`MAP_${flag}`);
  return { flags, lost };
}

function decode(bits: number, { names, top }: MapFlags, flags: string[], lost: string[]): void {
  const upper = bits >>> top.shift;
  let rest = bits % 2 ** top.shift;
  for (const [name, bit, mask = bit] of names) {
    if ((rest & mask) !== bit) continue;
    flags.push(name);
    rest &= ~mask;
  }
  const name = upper === 0 ? null : top.nameOf(upper);
  if (name !== null) flags.push(name);
  if (rest !== 0) lost.push(`0x${rest.toString(16)}`);
}

function named(word: string, { names, top }: MapFlags, flags: string[], lost: string[]): void {
  const flag = word === 'MAP_ANONYMOUS' ? 'ANON' : word.slice(4);
  if (flag === 'FILE') return;
  flags.push(flag);
  const n = flag === 'ALIGNED_SUPER' ? 1 : Number(/^ALIGNED\((\d+)\)$/.exec(flag)?.[1] ?? 0);
  if (!names.some(([name]) => name === flag) && (n === 0 || top.nameOf(n) !== flag)) lost.push(word);
}

/** The end of the part of the address space that belongs to processes, on FreeBSD and Linux alike. */
export const USER_END = 2 ** 47;

/** Does a range lie below it? */
export const inUserSpace = (addr: number, len: number): boolean => addr >= 0 && len >= 0 && addr + len <= USER_END;
