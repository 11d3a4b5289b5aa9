/**
 * The tree of a map: a threaded top-down splay tree that tracks the largest free gap in every subtree.
 *
 * A missing child pointer holds the neighbour in address order instead (a thread), so a node's left pointer is a child
 * iff it differs from the last ancestor where the search went right. On the way down, the subtrees that are split off
 * are collected on two spines in reverse: the left one linked through `right`, the right one through `left`, both
 * ending at the header; maxFree of a spine node then covers its outer side only. On the way up, the spines are reversed
 * and maxFree is completed. Every step down is counted. FreeBSD: sys/vm/vm_map.c vm_map_splay and around.
 */
import { VM_MAP_DOWNGRADES, VM_MAP_LOOKUPS, VM_MAP_SPLAY_STEPS, VM_MAP_UPGRADES } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { KernelPanic } from '../panic.ts';
import { MAP_WRITE_LOCKED, type Splay, type VmMap, type VmMapEntry } from '../state/vm.ts';
import type { Va } from '../units.ts';

/** FreeBSD: vm_map_entry_max_free_left */
const maxFreeLeft = (root: VmMapEntry, ancestor: VmMapEntry): number =>
  root.left !== ancestor ? root.left.maxFree : root.start - ancestor.end;
/** FreeBSD: vm_map_entry_max_free_right */
const maxFreeRight = (root: VmMapEntry, ancestor: VmMapEntry): number =>
  root.right !== ancestor ? root.right.maxFree : ancestor.start - root.end;

/**
 * Steps left: moves root to the right spine, first rotating it with its left child if requested. Returns the next root,
 * null at a thread. FreeBSD: SPLAY_LEFT_STEP
 */
function stepLeft(spines: Splay, top: VmMapEntry, rotate: boolean): VmMapEntry | null {
  let root = top;
  let y = root.left;
  let { maxFree } = root;
  spines.steps++;
  // maxFree is the right side's unless the left side accounts for it.
  if (maxFree > 0 && maxFree <= maxFreeLeft(root, spines.left)) maxFree = maxFreeRight(root, spines.right);
  if (rotate) {
    const z = y.right;
    if (z !== root) {
      root.left = z;
      y.right = root;
      if (maxFree < y.maxFree) root.maxFree = maxFree = Math.max(maxFree, z.maxFree);
    } else if (maxFree < y.maxFree) {
      root.maxFree = maxFree = Math.max(maxFree, root.start - y.end);
    }
    root = y;
    y = root.left;
  }
  root.maxFree = maxFree;
  root.left = spines.right;
  spines.right = root;
  return y !== spines.left ? y : null;
}

/** The mirror image of stepLeft. FreeBSD: SPLAY_RIGHT_STEP */
function stepRight(spines: Splay, top: VmMapEntry, rotate: boolean): VmMapEntry | null {
  let root = top;
  let y = root.right;
  let { maxFree } = root;
  spines.steps++;
  if (maxFree > 0 && maxFree <= maxFreeRight(root, spines.right)) maxFree = maxFreeLeft(root, spines.left);
  if (rotate) {
    const z = y.left;
    if (z !== root) {
      root.right = z;
      y.left = root;
      if (maxFree < y.maxFree) root.maxFree = maxFree = Math.max(maxFree, z.maxFree);
    } else if (maxFree < y.maxFree) {
      root.maxFree = maxFree = Math.max(maxFree, y.start - root.end);
    }
    root = y;
    y = root.right;
  }
  root.maxFree = maxFree;
  root.right = spines.left;
  spines.left = root;
  return y !== spines.right ? y : null;
}

function beginSplay(spines: Splay, { header }: VmMap): void {
  spines.left = header;
  spines.right = header;
  spines.steps = 0;
}

/**
 * Splits the tree at addr into the spines; subtrees without a gap of `length` count as empty. Returns the entry that
 * holds addr, or null. FreeBSD: vm_map_splay_split
 */
function splitAt(spines: Splay, map: VmMap, addr: Va, length: number): VmMapEntry | null {
  beginSplay(spines, map);
  let { root } = map;
  while (root !== null && root.maxFree >= length) {
    if (addr < root.start) {
      const y = root.left;
      root = stepLeft(spines, root, y !== spines.left && y.maxFree >= length && addr < y.start);
    } else if (addr >= root.end) {
      const y = root.right;
      root = stepRight(spines, root, y !== spines.right && y.maxFree >= length && addr >= y.end);
    } else {
      break;
    }
  }
  return root;
}

/** Moves root's right subtree to the right spine, its successor on top. FreeBSD: vm_map_splay_findnext */
function findNext(spines: Splay, root: VmMapEntry): void {
  let hi = root.right === spines.right ? null : root.right;
  if (hi === null) return;
  const left = spines.left;
  spines.left = root;
  while (hi !== null) hi = stepLeft(spines, hi, hi.left !== root);
  spines.left = left;
}

/** FreeBSD: vm_map_splay_findprev */
function findPrev(spines: Splay, root: VmMapEntry): void {
  let lo = root.left === spines.left ? null : root.left;
  if (lo === null) return;
  const right = spines.right;
  spines.right = root;
  while (lo !== null) lo = stepRight(spines, lo, lo.right !== root);
  spines.right = right;
}

/** Hangs the left spine below root, reversed, above tail. Returns that gap. FreeBSD: vm_map_splay_merge_left_walk */
function mergeLeftWalk(
  header: VmMapEntry,
  root: VmMapEntry,
  lower: VmMapEntry,
  gap: number,
  spine: VmMapEntry,
): number {
  let maxFree = gap;
  let tail = lower;
  let node = spine;
  do {
    node.maxFree = maxFree = Math.max(node.maxFree, maxFree);
    const up = node.right;
    node.right = tail;
    tail = node;
    node = up;
  } while (node !== header);
  root.left = tail;
  return maxFree;
}

/** FreeBSD: vm_map_splay_merge_right_walk */
function mergeRightWalk(
  header: VmMapEntry,
  root: VmMapEntry,
  lower: VmMapEntry,
  gap: number,
  spine: VmMapEntry,
): number {
  let maxFree = gap;
  let tail = lower;
  let node = spine;
  do {
    node.maxFree = maxFree = Math.max(node.maxFree, maxFree);
    const up = node.left;
    node.left = tail;
    tail = node;
    node = up;
  } while (node !== header);
  root.right = tail;
  return maxFree;
}

/** The spine's first node is root's predecessor. FreeBSD: vm_map_splay_merge_pred */
function mergePred(header: VmMapEntry, root: VmMapEntry, spine: VmMapEntry): number {
  const gap = root.start - spine.end;
  if (spine !== header) return mergeLeftWalk(header, root, root, gap, spine);
  root.left = header;
  header.right = root;
  return gap;
}

/** FreeBSD: vm_map_splay_merge_left */
function mergeLeft(header: VmMapEntry, root: VmMapEntry, spine: VmMapEntry): number {
  const gap = maxFreeLeft(root, spine);
  if (spine === header) return gap;
  return mergeLeftWalk(header, root, root.left === spine ? root : root.left, gap, spine);
}

/** FreeBSD: vm_map_splay_merge_succ */
function mergeSucc(header: VmMapEntry, root: VmMapEntry, spine: VmMapEntry): number {
  const gap = spine.start - root.end;
  if (spine !== header) return mergeRightWalk(header, root, root, gap, spine);
  root.right = header;
  header.left = root;
  return gap;
}

/** FreeBSD: vm_map_splay_merge_right */
function mergeRight(header: VmMapEntry, root: VmMapEntry, spine: VmMapEntry): number {
  const gap = maxFreeRight(root, spine);
  if (spine === header) return gap;
  return mergeRightWalk(header, root, root.right === spine ? root : root.right, gap, spine);
}

function setRoot(m: Machine, map: VmMap, root: VmMapEntry | null, left: number, right: number): void {
  if (root !== null) root.maxFree = Math.max(left, right);
  map.root = root;
  m.counters[VM_MAP_SPLAY_STEPS] += m.vm.splay.steps;
}

/** Makes the predecessor the root. */
function rootFromLeft(m: Machine, map: VmMap): VmMapEntry {
  const { header } = map;
  const { left: root, right } = m.vm.splay;
  const left = mergeLeft(header, root, root.right);
  setRoot(m, map, root, left, mergeSucc(header, root, right));
  return root;
}

/** Makes the successor the root. */
function rootFromRight(m: Machine, map: VmMap): VmMapEntry {
  const { header } = map;
  const { left: spine, right: root } = m.vm.splay;
  const next = root.left;
  const left = mergePred(header, root, spine);
  setRoot(m, map, root, left, mergeRight(header, root, next));
  return root;
}

/** Makes the entry that holds addr, or a neighbour, the root of a non-empty tree. FreeBSD: vm_map_splay */
function splay(m: Machine, map: VmMap, addr: Va): VmMapEntry {
  const spines = m.vm.splay;
  const root = splitAt(spines, map, addr, 0);
  const { header } = map;
  if (root === null) return spines.left !== header ? rootFromLeft(m, map) : rootFromRight(m, map);
  const left = mergeLeft(header, root, spines.left);
  setRoot(m, map, root, left, mergeRight(header, root, spines.right));
  return root;
}

/** Returns the next entry, or the header after the last. FreeBSD: vm_map_entry_succ */
export function vmMapEntrySucc(entry: VmMapEntry): VmMapEntry {
  let after = entry.right;
  if (after.left.start > entry.start) {
    do after = after.left;
    while (after.left !== entry);
  }
  return after;
}

/** Returns the previous entry, or the header before the first. FreeBSD: vm_map_entry_pred */
export function vmMapEntryPred(entry: VmMapEntry): VmMapEntry {
  let prior = entry.left;
  if (prior.right.start < entry.start) {
    do prior = prior.right;
    while (prior.right !== entry);
  }
  return prior;
}

/**
 * The entry that holds addr, else the one before it, else the header; entryHolds tells which. Restructures the tree
 * even under a read lock: the kernel upgrades the lock for that, which is counted. FreeBSD: vm_map_lookup_entry
 */
export function vmMapLookupEntry(m: Machine, map: VmMap, addr: Va): VmMapEntry {
  const { counters } = m;
  counters[VM_MAP_LOOKUPS]++;
  const { root } = map;
  if (root === null) return map.header;
  if (addr >= root.start && root.end > addr) return root;
  if (map.locked !== MAP_WRITE_LOCKED) {
    counters[VM_MAP_UPGRADES]++;
    counters[VM_MAP_DOWNGRADES]++;
  }
  const entry = splay(m, map, addr);
  return addr < entry.start ? map.header : entry;
}

/** Does the result of vmMapLookupEntry hold addr? FreeBSD: vm_map_lookup_entry */
export const entryHolds = (map: VmMap, entry: VmMapEntry, addr: Va): boolean =>
  entry !== map.header && addr < entry.end;

/**
 * Inserts an entry into a gap, or as one part of the entry it was cloned from, which shrinks to the other part.
 * FreeBSD: vm_map_entry_link
 */
export function vmMapEntryLink(m: Machine, map: VmMap, entry: VmMapEntry): void {
  map.nentries++;
  const { header } = map;
  const spines = m.vm.splay;
  const root = splitAt(spines, map, entry.start, 0);
  let left: number;
  let right: number;
  if (root === null) {
    left = mergePred(header, entry, spines.left);
    right = mergeSucc(header, entry, spines.right);
  } else if (entry.start === root.start) {
    if (entry.end >= root.end) throw new KernelPanic('vm_map_entry_link', 'clip_start not within entry');
    findPrev(spines, root);
    root.offset += entry.end - root.start;
    root.start = entry.end;
    left = mergePred(header, entry, spines.left);
    const gap = mergePred(entry, root, entry);
    right = root.maxFree = Math.max(gap, mergeRight(header, root, spines.right));
  } else {
    if (entry.end !== root.end) throw new KernelPanic('vm_map_entry_link', 'clip_start not within entry');
    findNext(spines, root);
    entry.offset += entry.start - root.start;
    root.end = entry.start;
    const gap = mergeLeft(header, root, spines.left);
    left = root.maxFree = Math.max(gap, mergeSucc(entry, root, entry));
    right = mergeSucc(header, entry, spines.right);
  }
  setRoot(m, map, entry, left, right);
}

/** Removes an entry; mergeNext: its successor takes over its range. FreeBSD: vm_map_entry_unlink */
export function vmMapEntryUnlink(m: Machine, map: VmMap, entry: VmMapEntry, mergeNext: boolean): void {
  const { header } = map;
  const spines = m.vm.splay;
  const root = splitAt(spines, map, entry.start, 0);
  if (root === null) throw new KernelPanic('vm_map_entry_unlink', 'unlink object not mapped', { start: entry.start });
  findPrev(spines, root);
  findNext(spines, root);
  if (mergeNext) {
    spines.right.start = root.start;
    spines.right.offset = root.offset;
  }
  if (spines.left !== header) {
    rootFromLeft(m, map);
  } else if (spines.right !== header) {
    rootFromRight(m, map);
  } else {
    header.left = header;
    header.right = header;
    setRoot(m, map, null, 0, 0);
  }
  map.nentries--;
}

/** Moves the end of an entry by `grow` bytes. FreeBSD: vm_map_entry_resize */
export function vmMapEntryResize(m: Machine, map: VmMap, entry: VmMapEntry, grow: number): void {
  const { header } = map;
  const spines = m.vm.splay;
  const root = splitAt(spines, map, entry.start, 0);
  if (root === null) throw new KernelPanic('vm_map_entry_resize', 'resize object not mapped', { start: entry.start });
  findNext(spines, root);
  entry.end += grow;
  const left = mergeLeft(header, root, spines.left);
  setRoot(m, map, root, left, mergeSucc(header, root, spines.right));
}

/**
 * The lowest address at or above `from` with `length` free bytes. If there is none, an address so high that length
 * bytes from it exceed the map's end. FreeBSD: vm_map_findspace
 */
export function vmMapFindspace(m: Machine, map: VmMap, from: Va, length: number): Va {
  const { header } = map;
  const none = map.maxOffset - length + 1;
  let start = Math.max(from, map.minOffset);
  if (start >= map.maxOffset || length > map.maxOffset - start) return none;
  if (map.root === null) return start;
  const spines = m.vm.splay;
  const found = splitAt(spines, map, start, length);
  let gapEnd = spines.right.start;
  let root: VmMapEntry;
  if (found !== null) {
    root = found;
    start = root.end;
    if (root.right !== spines.right) gapEnd = start;
    const left = mergeLeft(header, root, spines.left);
    setRoot(m, map, root, left, mergeRight(header, root, spines.right));
  } else {
    root = spines.right !== header ? rootFromRight(m, map) : rootFromLeft(m, map);
  }
  if (length <= gapEnd - start) return start;
  if (root.right === header || length > root.right.maxFree) return none;
  // The first gap that is large enough is in the right subtree.
  beginSplay(spines, map);
  let at: VmMapEntry | null = root;
  let leftGap = 0;
  while (at !== null) {
    if (length <= leftGap) {
      const y: VmMapEntry = at.left;
      at = stepLeft(spines, at, y !== spines.left && length <= maxFreeLeft(y, spines.left));
    } else {
      const y: VmMapEntry = at.right;
      at = stepRight(spines, at, y !== spines.right && length > maxFreeLeft(y, at));
    }
    if (at !== null) leftGap = maxFreeLeft(at, spines.left);
  }
  root = spines.left;
  const left = mergeLeft(header, root, root.right);
  if (spines.right === header) {
    setRoot(m, map, root, left, mergeSucc(header, root, spines.right));
  } else {
    const y = spines.right;
    const next = y.left;
    const gap = mergePred(root, y, root);
    y.maxFree = Math.max(gap, mergeRight(header, y, next));
    setRoot(m, map, root, left, y.maxFree);
  }
  return root.end;
}
