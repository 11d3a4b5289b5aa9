/** Sizes in workload notation: `8` bytes, `3p` pages, `64K`, `4M`, `1G`; also hexadecimal, `0x1000`. */
import { PAGE_SIZE } from '../../core/units.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, p: PAGE_SIZE, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
/** No size on a machine with 57-bit addresses is larger. */
const MAX_SIZE = 2 ** 57;

/** Bytes, or NaN if the text is not a size. */
export function parseSize(text: string): number {
  const parts = /^(0x[0-9a-fA-F]{1,15}|\d{1,18})([pKMG]?)$/.exec(text);
  if (parts === null) return NaN;
  const bytes = Number(parts[1]) * UNITS[parts[2]];
  return bytes <= MAX_SIZE ? bytes : NaN;
}

/** The shortest notation that parseSize reads back exactly: whole G or M, else pages, else bytes. */
export function formatSize(bytes: number): string {
  for (const unit of ['G', 'M', 'p'] as const) {
    if (bytes > 0 && bytes % UNITS[unit] === 0) return `${bytes / UNITS[unit]}${unit}`;
  }
  return String(bytes);
}
