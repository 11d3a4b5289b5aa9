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

/** Name, value, and the bits that hold it if they are more. */
type MapFlags = readonly (readonly [string, number, number?])[];

/** FreeBSD: sys/sys/mman.h */
export const FREEBSD_FLAGS: MapFlags = [
  ['SHARED', 1],
  ['PRIVATE', 2],
  ['FIXED', 0x10],
  ['STACK', 0x400],
  ['ANON', 0x1000],
  ['GUARD', 0x2000],
  ['EXCL', 0x4000],
];

/** Linux: mman-common.h, and mman.h of x86 */
export const LINUX_FLAGS: MapFlags = [
  ['SHARED', 1, 0xf],
  ['PRIVATE', 2, 0xf],
  ['SHARED_VALIDATE', 3, 0xf],
  ['FIXED', 0x10],
  ['ANON', 0x20],
  ['32BIT', 0x40],
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
];

/** Names without `MAP_`, with ANONYMOUS as ANON; a number without names is decoded. Null for any other text. */
export function mapFlagsOf(text: string, numbers: MapFlags): string[] | null {
  const named = /^(?:(?:0x)?[0-9a-f]+<)?([A-Z_][\w|<()]*)>?$/.exec(text);
  if (named !== null) {
    const words = named[1].split('|').filter((word) => word.startsWith('MAP_'));
    return words.length === 0 ? null : words.map((word) => (word === 'MAP_ANONYMOUS' ? 'ANON' : word.slice(4)));
  }
  const bits = numberOf(text);
  return Number.isNaN(bits)
    ? null
    : numbers.filter(([, bit, mask = bit]) => (bits & mask) === bit).map(([name]) => name);
}

/** The end of the part of the address space that belongs to processes, on FreeBSD and Linux alike. */
export const USER_END = 2 ** 47;

/** Does a range lie below it? */
export const inUserSpace = (addr: number, len: number): boolean => addr >= 0 && len >= 0 && addr + len <= USER_END;
