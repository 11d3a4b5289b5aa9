/**
 * The tree of a map: a threaded top-down splay tree that knows the largest free gap of every subtree.
 *
 * A missing child pointer holds the neighbour in address order instead (a thread), so a node's left pointer is a child
 * iff it differs from the last ancestor at which the search went right. On the way down the subtrees that are broken off
 * are hung on two spines in reverse: the left one linked through `right`, the right one through `left`, both ending at
 * the header; maxFree of a spine node is then that of its outer side only. On the way up the spines are turned round and
 * maxFree is completed. Every step down is counted.
 * FreeBSD: sys/vm/vm_map.c vm_map_splay and around.
 */
import { VM_MAP_DOWNGRADES, VM_MAP_LOOKUPS, VM_MAP_SPLAY_STEPS, VM_MAP_UPGRADES } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { KernelPanic } from '../panic.ts';
import { MAP_WRITE_LOCKED, type VmMap, type VmMapEntry } from '../state/vm.ts';
import type { Va } from '../units.ts';

/** The spines of the splay that is going on. */
let leftSpine: VmMapEntry;
let rightSpine: VmMapEntry;
let steps = 0;

function maxFreeLeft(root: VmMapEntry, ancestor: VmMapEntry): number {
  return root.left !== ancestor ? root.left.maxFree : root.start - ancestor.end;
}

function maxFreeRight(root: VmMapEntry, ancestor: VmMapEntry): number {
  return root.right !== ancestor ? root.right.maxFree : ancestor.start - root.end;
}

/**
 * One step to the left: root goes to the right spine, first rotated with its left child if asked. Returns the next root,
 * null at a thread. FreeBSD: SPLAY_LEFT_STEP
 */
function stepLeft(top: VmMapEntry, rotate: boolean): VmMapEntry | null {
  let root = top;
  let y = root.left;
  let { maxFree } = root;
  steps++;
  // maxFree is the right side's unless the left side explains it.
  if (maxFree > 0 && maxFree <= maxFreeLeft(root, leftSpine)) maxFree = maxFreeRight(root, rightSpine);
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
  root.left = rightSpine;
  rightSpine = root;
  return y !== leftSpine ? y : null;
}

/** The mirror image. FreeBSD: SPLAY_RIGHT_STEP */
function stepRight(top: VmMapEntry, rotate: boolean): VmMapEntry | null {
  let root = top;
  let y = root.right;
  let { maxFree } = root;
  steps++;
  if (maxFree > 0 && maxFree <= maxFreeRight(root, rightSpine)) maxFree = maxFreeLeft(root, leftSpine);
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
  root.right = leftSpine;
  leftSpine = root;
  return y !== rightSpine ? y : null;
}

/**
 * Splits the tree at addr into the spines; subtrees without a gap of `length` count as empty. Returns the entry that
 * holds addr, or null. FreeBSD: vm_map_splay_split
 */
function splitAt(map: VmMap, addr: Va, length: number): VmMapEntry | null {
  const { header } = map;
  leftSpine = header;
  rightSpine = header;
  let { root } = map;
  while (root !== null && root.maxFree >= length) {
    if (addr < root.start) {
      const y = root.left;
      root = stepLeft(root, y !== leftSpine && y.maxFree >= length && addr < y.start);
    } else if (addr >= root.end) {
      const y = root.right;
      root = stepRight(root, y !== rightSpine && y.maxFree >= length && addr >= y.end);
    } else {
      break;
    }
  }
  return root;
}

/** Hangs all of root's right subtree on the right spine: its successor comes to the top. FreeBSD: vm_map_splay_findnext */
function findNext(root: VmMapEntry): void {
  let hi = root.right === rightSpine ? null : root.right;
  if (hi === null) return;
  const left = leftSpine;
  leftSpine = root;
  while (hi !== null) hi = stepLeft(hi, hi.left !== root);
  leftSpine = left;
}

/** FreeBSD: vm_map_splay_findprev */
function findPrev(root: VmMapEntry): void {
  let lo = root.left === leftSpine ? null : root.left;
  if (lo === null) return;
  const right = rightSpine;
  rightSpine = root;
  while (lo !== null) lo = stepRight(lo, lo.right !== root);
  rightSpine = right;
}

/** Turns the left spine round and hangs it below root; tail goes to its lower end. Returns the gap of that side. */
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
  m.counters[VM_MAP_SPLAY_STEPS] += steps;
  steps = 0;
}

/** The predecessor becomes the root. */
function rootFromLeft(m: Machine, map: VmMap): VmMapEntry {
  const { header } = map;
  const root = leftSpine;
  const left = mergeLeft(header, root, root.right);
  setRoot(m, map, root, left, mergeSucc(header, root, rightSpine));
  return root;
}

/** The successor becomes the root. */
function rootFromRight(m: Machine, map: VmMap): VmMapEntry {
  const { header } = map;
  const root = rightSpine;
  const next = root.left;
  const left = mergePred(header, root, leftSpine);
  setRoot(m, map, root, left, mergeRight(header, root, next));
  return root;
}

/** Brings the entry that holds addr, or a neighbour, to the root of a tree that is not empty. FreeBSD: vm_map_splay */
function splay(m: Machine, map: VmMap, addr: Va): VmMapEntry {
  const root = splitAt(map, addr, 0);
  const { header } = map;
  if (root === null) return leftSpine !== header ? rootFromLeft(m, map) : rootFromRight(m, map);
  const left = mergeLeft(header, root, leftSpine);
  setRoot(m, map, root, left, mergeRight(header, root, rightSpine));
  return root;
}

/** The next entry, the header after the last. FreeBSD: vm_map_entry_succ */
export function vmMapEntrySucc(entry: VmMapEntry): VmMapEntry {
  let after = entry.right;
  if (after.left.start > entry.start) {
    do after = after.left;
    while (after.left !== entry);
  }
  return after;
}

/** The entry before, the header before the first. FreeBSD: vm_map_entry_pred */
export function vmMapEntryPred(entry: VmMapEntry): VmMapEntry {
  let prior = entry.left;
  if (prior.right.start < entry.start) {
    do prior = prior.right;
    while (prior.right !== entry);
  }
  return prior;
}

/**
 * The entry that holds addr, else the one before it, else the header; entryHolds tells. Restructures the tree also under
 * a read lock: the kernel upgrades the lock for that, which is counted. FreeBSD: vm_map_lookup_entry
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

/** Does the result of vmMapLookupEntry hold addr? */
export const entryHolds = (map: VmMap, entry: VmMapEntry, addr: Va): boolean =>
  entry !== map.header && addr < entry.end;

/**
 * Puts an entry into the tree: into a gap, or as a part of the entry that it was cloned from, which shrinks to the rest.
 * FreeBSD: vm_map_entry_link
 */
export function vmMapEntryLink(m: Machine, map: VmMap, entry: VmMapEntry): void {
  map.nentries++;
  const { header } = map;
  const root = splitAt(map, entry.start, 0);
  let left: number;
  let right: number;
  if (root === null) {
    left = mergePred(header, entry, leftSpine);
    right = mergeSucc(header, entry, rightSpine);
  } else if (entry.start === root.start) {
    if (entry.end >= root.end) throw new KernelPanic('vm_map_entry_link', 'clip_start not within entry');
    findPrev(root);
    root.offset += entry.end - root.start;
    root.start = entry.end;
    left = mergePred(header, entry, leftSpine);
    const gap = mergePred(entry, root, entry);
    right = root.maxFree = Math.max(gap, mergeRight(header, root, rightSpine));
  } else {
    if (entry.end !== root.end) throw new KernelPanic('vm_map_entry_link', 'clip_start not within entry');
    findNext(root);
    entry.offset += entry.start - root.start;
    root.end = entry.start;
    const gap = mergeLeft(header, root, leftSpine);
    left = root.maxFree = Math.max(gap, mergeSucc(entry, root, entry));
    right = mergeSucc(header, entry, rightSpine);
  }
  setRoot(m, map, entry, left, right);
}

/** Takes an entry out; mergeNext: its successor takes over its range. FreeBSD: vm_map_entry_unlink */
export function vmMapEntryUnlink(m: Machine, map: VmMap, entry: VmMapEntry, mergeNext: boolean): void {
  const { header } = map;
  const root = splitAt(map, entry.start, 0);
  if (root === null) throw new KernelPanic('vm_map_entry_unlink', 'unlink object not mapped', { start: entry.start });
  findPrev(root);
  findNext(root);
  if (mergeNext) {
    rightSpine.start = root.start;
    rightSpine.offset = root.offset;
  }
  if (leftSpine !== header) {
    rootFromLeft(m, map);
  } else if (rightSpine !== header) {
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
  const root = splitAt(map, entry.start, 0);
  if (root === null) throw new KernelPanic('vm_map_entry_resize', 'resize object not mapped', { start: entry.start });
  findNext(root);
  entry.end += grow;
  const left = mergeLeft(header, root, leftSpine);
  setRoot(m, map, root, left, mergeSucc(header, root, rightSpine));
}

/**
 * The lowest address at or above `start` with `length` free bytes; where there is none, an address so high that length
 * bytes from it go beyond the map's end. FreeBSD: vm_map_findspace
 */
export function vmMapFindspace(m: Machine, map: VmMap, from: Va, length: number): Va {
  const { header } = map;
  const none = map.maxOffset - length + 1;
  let start = Math.max(from, map.minOffset);
  if (start >= map.maxOffset || length > map.maxOffset - start) return none;
  if (map.root === null) return start;
  const found = splitAt(map, start, length);
  let gapEnd = rightSpine.start;
  let root: VmMapEntry;
  if (found !== null) {
    root = found;
    start = root.end;
    if (root.right !== rightSpine) gapEnd = start;
    const left = mergeLeft(header, root, leftSpine);
    setRoot(m, map, root, left, mergeRight(header, root, rightSpine));
  } else {
    root = rightSpine !== header ? rootFromRight(m, map) : rootFromLeft(m, map);
  }
  if (length <= gapEnd - start) return start;
  if (root.right === header || length > root.right.maxFree) return none;
  // The least gap that is large enough lies in the right subtree.
  leftSpine = header;
  rightSpine = header;
  let at: VmMapEntry | null = root;
  let leftGap = 0;
  while (at !== null) {
    if (length <= leftGap) {
      const y: VmMapEntry = at.left;
      at = stepLeft(at, y !== leftSpine && length <= maxFreeLeft(y, leftSpine));
    } else {
      const y: VmMapEntry = at.right;
      at = stepRight(at, y !== rightSpine && length > maxFreeLeft(y, at));
    }
    if (at !== null) leftGap = maxFreeLeft(at, leftSpine);
  }
  root = leftSpine;
  const left = mergeLeft(header, root, root.right);
  if (rightSpine === header) {
    setRoot(m, map, root, left, mergeSucc(header, root, rightSpine));
  } else {
    const y = rightSpine;
    const next = y.left;
    const gap = mergePred(root, y, root);
    y.maxFree = Math.max(gap, mergeRight(header, y, next));
    setRoot(m, map, root, left, y.maxFree);
  }
  return root.end;
}
