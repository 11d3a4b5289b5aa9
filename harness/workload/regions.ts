/**
 * The memory that a random process has mapped, and which part of it an op is about.
 *
 * Numbers are decoded with boundaries first: half of all numbers mean a place where the kernel has a case of its own
 * (the start, end or 2M boundary of a region, one page, 512 pages, part of a page, the hole behind a region, all of the
 * address space).
 */
import { NBPDR, PAGE_SIZE } from '../../core/units.ts';
import { formatSize } from './size.ts';

/** The random inputs of one op; each number is taken modulo the number of choices. */
export interface Choice {
  readonly verb: number;
  readonly who: number;
  readonly where: number;
  readonly from: number;
  readonly size: number;
  readonly how: number;
}

/** Memory that a process has mapped and may still have. */
export interface Region {
  /** its address, or the name that has it */
  readonly at: number | string;
  readonly pages: number;
  /** rights that all of it has, as letters */
  readonly prot: string;
  /** those that it may be given; '': it is not mapped any more */
  readonly max: string;
}

export interface Space {
  /** the latest, and the latest changed, first */
  readonly regions: Region[];
}

/** Part of a region; region null: everything. */
export interface Span {
  readonly text: string;
  readonly region: Region | null;
  /** pages within the region that it touches, and more behind it */
  readonly first: number;
  readonly pages: number;
}

const FIRST_REGION = 0x4000000000;
/** Room for one region; the largest fill it, and so lie next to each other. */
const SLOT = 2 ** 22;
const SLOTS = 8;
/** Distances to where the first slots are repeated: one table further at each level. The last needs five levels. */
const FAR = [0, 0, 0, 0, 0, 2 ** 30, 2 ** 39, 2 ** 40, 2 ** 48];
export const SUPERPAGE = NBPDR / PAGE_SIZE;
export const SIZES = [1, 1, 2, 3, 8, SUPERPAGE, 16, SUPERPAGE + 1, 40, 2 * SUPERPAGE];
/** Pages that one op accesses at most. */
const MOST_ACCESSED = SUPERPAGE + 1;
export const ALL_RIGHTS = 'rwx';
/** Of these choices, one in so many is one that most are not. */
export const SELDOM = 8;
/** No address space begins lower. */
const LEAST_ADDRESS = '0x1000';
const HALF_PAGE = PAGE_SIZE / 2;

export const hex = (address: number): string => `0x${address.toString(16)}`;
export const pagesText = (pages: number): string => formatSize(pages * PAGE_SIZE);

/** The last 2M of user memory. */
export const AT_TOP = `top-${pagesText(SUPERPAGE)}`;

export const isAtTop = (at: Region['at']): boolean => typeof at === 'string' && at.startsWith(AT_TOP);

/** Where a region begins that has a fixed address. */
export function placeOf(where: number, la57: boolean): number {
  const far = FAR[Math.floor(where / (SELDOM * SLOTS)) % (la57 ? FAR.length : FAR.length - 1)];
  return FIRST_REGION + far + (Math.floor(where / SELDOM) % (far === 0 ? SLOTS : 2)) * SLOT;
}

/** The address of a page of a region; behind it, if it has no such page. */
export const pageOf = (at: Region['at'], page: number): Region['at'] => {
  if (typeof at === 'number') return at + page * PAGE_SIZE;
  return page === 0 ? at : `${at}+${pagesText(page)}`;
};

const addressText = (at: Region['at'], page: number): string => {
  const address = pageOf(at, page);
  return typeof address === 'number' ? hex(address) : address;
};

/** Which page a span begins with. */
function firstPage({ pages }: Region, from: number): number {
  const rest = Math.floor(from / SELDOM);
  switch (from % SELDOM) {
    case 1:
      return pages - 1;
    case 2:
      return pages > SUPERPAGE ? SUPERPAGE : 0;
    case 3:
    case 4:
      return rest % pages;
    default:
      return 0;
  }
}

/** One of the regions: the latest in every second case. */
const regionOf = (regions: readonly Region[], where: number): Region =>
  regions[where % SELDOM < SELDOM / 2 ? 0 : where % regions.length];

/** A span of the memory: within a region, beyond it, or everything; null if nothing has been mapped. */
export function spanOf({ regions }: Space, { where, from, size }: Choice): Span | null {
  const kind = size % SELDOM;
  if (kind === 4) return { text: `${LEAST_ADDRESS} .. top`, region: null, first: 0, pages: 0 };
  if (regions.length === 0) return null;
  const region = regionOf(regions, where);
  const first = firstPage(region, from);
  const left = region.pages - first;
  const start = addressText(region.at, first);
  const whole = (pages: number): Span => ({ text: `${start} ${pagesText(pages)}`, region, first, pages });
  switch (kind) {
    case 1:
      return whole(1);
    case 2:
      return whole(isAtTop(region.at) ? left : SUPERPAGE);
    case 3:
      return { text: `${start} ${upToNext(region, first, regions)}`, region, first, pages: left };
    case 5:
      return whole(1 + (Math.floor(size / SELDOM) % left));
    case 6:
      return inPart(region, first, 1 + (Math.floor(size / SELDOM) % left));
    default:
      return whole(left);
  }
}

/** Ends within its last page; begins within its first one too, if its number of pages is even. */
function inPart(region: Region, first: number, pages: number): Span {
  const isLate = pages % 2 === 0;
  const start = addressText(region.at, first) + (isLate ? `+${HALF_PAGE}` : '');
  const text = `${start} ${pages * PAGE_SIZE - HALF_PAGE - (isLate ? HALF_PAGE : 0)}`;
  return { text, region, first, pages };
}

/** The size up to and with the region behind this one, with the hole between them; else to the end of the slot. */
function upToNext({ at, pages }: Region, first: number, regions: readonly Region[]): string {
  if (typeof at === 'string') return pagesText((isAtTop(at) ? pages : 2 * pages) - first);
  const start = at + first * PAGE_SIZE;
  const ends = regions.flatMap((one) =>
    typeof one.at === 'number' && one.at > at ? [one.at + one.pages * PAGE_SIZE] : [],
  );
  return formatSize((ends.length === 0 ? at + SLOT : Math.min(...ends)) - start);
}

/** What an access goes to: pages within a region. */
export function accessedOf(
  { regions }: Space,
  { where, from, size }: Choice,
): { readonly text: string; readonly region: Region } | null {
  if (regions.length === 0) return null;
  const region = regionOf(regions, where);
  const first = firstPage(region, from);
  const most = Math.min(region.pages - first, MOST_ACCESSED);
  const start = addressText(region.at, first);
  const kind = size % SELDOM;
  if (kind < 4) return { text: kind % 2 === 1 ? start : `${start} ${pagesText(most)}`, region };
  return { text: `${start} ${pagesText(1 + (Math.floor(size / SELDOM) % most))}`, region };
}

/** A region is mapped, in place of those that it covers. */
export function replace({ regions }: Space, region: Region): void {
  const { at, pages } = region;
  const isLeft = (one: Region): boolean =>
    typeof at === 'string' || typeof one.at === 'string'
      ? one.at !== at
      : one.at + one.pages * PAGE_SIZE <= at || one.at >= at + pages * PAGE_SIZE;
  regions.splice(0, regions.length, region, ...regions.filter(isLeft));
}

/** A span is changed: its region falls into the span, what is before it, and what is behind it. */
export function change({ regions }: Space, { region, first, pages }: Span, to: (region: Region) => Region): void {
  if (region === null) {
    regions.splice(0, regions.length, ...regions.map(to));
    return;
  }
  const end = Math.min(first + pages, region.pages);
  const part = (from: number, count: number): Region[] =>
    count > 0 ? [{ ...region, at: pageOf(region.at, from), pages: count }] : [];
  regions.splice(regions.indexOf(region), 1);
  regions.unshift(...part(first, end - first).map(to), ...part(0, first), ...part(end, region.pages - end));
}
