/**
 * Infers the maps that the kernel made at an exec. strace and ktrace do not show them, since they are not system calls.
 * The evidence is what the program did outside of the mappings that it made itself.
 *
 * An image is four segments, as linkers have laid them out since 2018: r-- (headers), r-x, r-- (constants), rw- (data),
 * and anonymous memory after the data (bss) if it was written. A segment extends to the last page seen, and is at least
 * one page.
 */
import { PAGE_SIZE } from '../../../core/units.ts';
import {
  type PageEvidence,
  type RangeSet,
  type Run,
  SEEN_CLEARED,
  SEEN_EXECUTE,
  SEEN_PROTECTED,
  SEEN_WRITE,
} from './ranges.ts';

/** A map of an exec event of `vmtrace-1`. */
export interface ImageMap {
  readonly start: string;
  readonly end: string;
  readonly prot: string;
  readonly flags: readonly string[];
  readonly file: string | null;
  readonly off: number;
}

export interface ImageNames {
  readonly path: string;
  /** The file that is mapped, if it is not the path: the interpreter of a script. */
  readonly program?: string;
  /** The run-time linker; null for a static program, undefined if the recording does not tell. */
  readonly loader: string | null | undefined;
}

export interface Inferred {
  readonly maps: readonly ImageMap[];
  /** The run-time linker; null for a static program, and for one that does not show that it is dynamic. */
  readonly loader: string | null;
  /** Locations of Linux's [vvar] and [vdso], if the recording shows them: [start, end) each. */
  readonly vvar: readonly [number, number] | null;
  readonly vdso: readonly [number, number] | null;
  /** FreeBSD's shared page, if it is known. */
  readonly sharedPage: number | null;
}

export const NOTHING_INFERRED: Inferred = { maps: [], loader: null, vvar: null, vdso: null, sharedPage: null };

/** FreeBSD's shared page until 13.1. */
export const SHARED_PAGE = 0x7ffffffff000;

/** Pages that are further apart than this belong to different images. */
const CLUSTER_GAP = 4096;
/**
 * Where Linux loads position-independent programs: two thirds up the address space, plus up to 2^40 bytes of
 * randomisation.
 */
const LINUX_PIE = [0x555555554000 / PAGE_SIZE, 0x565555556000 / PAGE_SIZE] as const;
/** [vdso] is directly below the linker, and [vvar] and [vvar_vclock] are below it. */
const VDSO_PAGES = 2;
const VVAR_PAGES = 6;
/** End of the stack if there is no evidence of one. */
const STACK_END = SHARED_PAGE;
const STACK_SIZE = 8 * 2 ** 20;
const UNKNOWN_LOADER = '(ld-unknown)';

interface Cluster {
  readonly runs: Run[];
  readonly seen: number;
}

export const hex = (n: number): string => `0x${n.toString(16)}`;

const firstOf = (runs: readonly Run[], seen: number): number => runs.find((run) => run.seen & seen)?.first ?? -1;
const lastOf = (runs: readonly Run[], seen: number): number => runs.findLast((run) => run.seen & seen)?.last ?? -1;

/**
 * Infers the maps of an image from evidence outside of `mapped`, the ranges that its processes mapped themselves.
 * `linked`: the image has mapped code.
 */
export function inferMaps(
  evidence: PageEvidence,
  mapped: RangeSet,
  { path, program = path, loader }: ImageNames,
  linked: boolean,
): Inferred {
  const clusters = clustersOf(evidence.runs, mapped);
  const top = clusters.at(-1);
  const stack = top !== undefined && (top.seen & (SEEN_EXECUTE | SEEN_PROTECTED)) === 0 ? clusters.pop()! : null;
  const images = clusters.filter(isImage);
  const linker = loader === undefined && (linked || images.length > 1) ? UNKNOWN_LOADER : (loader ?? null);
  const names = [program, linker ?? program];
  const shared = images.length > 1 ? linuxKernelPages(images[0], images[1]) : null;
  const maps: ImageMap[] = [];
  for (const cluster of clusters) {
    const image = images.indexOf(cluster);
    if (image >= 0) maps.push(...segments(cluster.runs, names[image] ?? `${program} (image ${image + 1})`));
    else maps.push(map(cluster.runs[0].first, cluster.runs.at(-1)!.last + 1, 'rw-', null, 0));
  }
  const end = stack === null ? STACK_END : (stack.runs.at(-1)!.last + 1) * PAGE_SIZE;
  if (end >= STACK_SIZE)
    maps.push(
      map(
        end / PAGE_SIZE - (stack === null ? 1 : end / PAGE_SIZE - stack.runs[0].first),
        end / PAGE_SIZE,
        'rw-',
        '[stack]',
        0,
      ),
    );
  return { maps, loader: linker, vvar: shared?.vvar ?? null, vdso: shared?.vdso ?? null, sharedPage: null };
}

/**
 * The parts of maps that a process can have from its exec: in address order, apart from each other (where two estimates
 * overlap, the lower one holds), and below the shared page, which is the kernel's own.
 */
export function tidied(maps: readonly ImageMap[]): ImageMap[] {
  const kept: ImageMap[] = [];
  let last = 0;
  for (const one of maps.toSorted((a, b) => Number(a.start) - Number(b.start))) {
    const start = Math.max(Number(one.start), last);
    const end = Math.min(Number(one.end), SHARED_PAGE);
    if (end <= start) continue;
    const file = one.file === '[stack]' && end < STACK_SIZE ? null : one.file;
    const off = one.flags.includes('ANON') ? one.off : one.off + start - Number(one.start);
    kept.push({ ...one, start: hex(start), end: hex(end), file, off });
    last = end;
  }
  return kept;
}

const isImage = ({ seen }: Cluster): boolean => (seen & (SEEN_EXECUTE | SEEN_PROTECTED)) !== 0;

function clustersOf(runs: readonly Run[], mapped: RangeSet): Cluster[] {
  const clusters: { runs: Run[]; seen: number }[] = [];
  for (const run of runs) {
    const before = clusters.at(-1);
    const last = before?.runs.at(-1)?.last ?? -Infinity;
    const apart = run.first - last > CLUSTER_GAP || mapped.touches((last + 1) * PAGE_SIZE, run.first * PAGE_SIZE);
    if (before === undefined || apart) {
      clusters.push({ runs: [run], seen: run.seen });
    } else {
      before.runs.push(run);
      before.seen |= run.seen;
    }
  }
  return clusters;
}

/**
 * Finds where a Linux recording shows the kernel's own pages: the linker reads the header of [vdso] two pages below its
 * own. Removes them from the linker's cluster. Returns null if the program is not where Linux puts one or no such reads
 * were seen.
 */
function linuxKernelPages(
  program: Cluster,
  linker: Cluster,
): { vvar: [number, number]; vdso: [number, number] } | null {
  const at = program.runs[0].first;
  if (at < LINUX_PIE[0] || at >= LINUX_PIE[1]) return null;
  const { runs } = linker;
  const code = runs.findIndex(({ seen }) => (seen & ~1) !== 0);
  const header = runs.findIndex(
    ({ first, last }, i) => i < code && i > 0 && first === last && runs[i - 1].last === first - VDSO_PAGES,
  );
  if (header < 0) return null;
  const base = runs[header].first;
  const bottom = base - VDSO_PAGES - VVAR_PAGES;
  if (runs[0].first < bottom) return null;
  runs.splice(0, header);
  return {
    vvar: [bottom * PAGE_SIZE, (base - VDSO_PAGES) * PAGE_SIZE],
    vdso: [(base - VDSO_PAGES) * PAGE_SIZE, base * PAGE_SIZE],
  };
}

/** Page numbers, the end exclusive. */
function map(start: number, end: number, prot: string, file: string | null, off: number): ImageMap {
  const flags = file === null || file.startsWith('[') ? ['PRIVATE', 'ANON'] : ['PRIVATE'];
  return { start: hex(start * PAGE_SIZE), end: hex(end * PAGE_SIZE), prot, flags, file, off: off * PAGE_SIZE };
}

function segments(runs: readonly Run[], file: string): ImageMap[] {
  const written = firstOf(runs, SEEN_WRITE | SEEN_PROTECTED);
  const below = written < 0 ? runs : runs.filter(({ first }) => first < written);
  const firstCode = firstOf(below, SEEN_EXECUTE) >= 0 ? firstOf(below, SEEN_EXECUTE) : Math.max(written - 2, 1);
  const lastCode = Math.max(lastOf(below, SEEN_EXECUTE), firstCode);
  const base = Math.max(Math.min(runs[0].first, firstCode - 1), 0);
  const constants = below.find(({ first }) => first > lastCode)?.first ?? Math.max(written - 1, lastCode + 1);
  const codeEnd = written < 0 ? constants : Math.min(constants, written);
  const maps = [map(base, firstCode, 'r--', file, 0), map(firstCode, codeEnd, 'r-x', file, firstCode - base)];
  if (written < 0) return maps;
  if (codeEnd < written) maps.push(map(codeEnd, written, 'r--', file, codeEnd - base));
  return [...maps, ...dataMaps(runs, written, base, file)];
}

/** Data starts in the file page where the constants end, so its file offset is a page lower than its memory offset. */
function dataMaps(runs: readonly Run[], written: number, base: number, file: string): ImageMap[] {
  const last = lastOf(runs, SEEN_WRITE);
  const protectedEnd = lastOf(runs, SEEN_PROTECTED);
  const cleared = lastOf(runs, SEEN_CLEARED);
  const fileEnd = (cleared >= 0 ? cleared : Math.max(last, protectedEnd + 1)) + 1;
  const data = map(written, fileEnd, 'rw-', file, Math.max(written - base - 1, 0));
  return last >= fileEnd ? [data, map(fileEnd, last + 1, 'rw-', null, 0)] : [data];
}
