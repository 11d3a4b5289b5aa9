/**
 * The resident-page index of an object: page index -> frame, with nearest-neighbour lookup on either side.
 *
 * It is a radix tree of 32-way nodes, only as high as the largest index needs; nodes live in the machine's PageIndex.
 * FreeBSD: sys/vm/vm_radix.c vm_radix_insert, vm_radix_lookup, _lookup_ge, _lookup_le, _remove, _replace.
 */
import { KernelPanic } from '../panic.ts';
import { INDEX_MAX_HEIGHT, INDEX_SHIFT, INDEX_SLOTS, type PageIndex } from '../state/page-index.ts';
import type { VmObject } from '../state/vm.ts';
import type { Frame } from '../units.ts';

/** Number of heights whose digits are in the low 30 bits of an index. */
const LOW_HEIGHTS = 6;
const LOW = 2 ** (INDEX_SHIFT * LOW_HEIGHTS);

/** SPAN[h]: number of indices below a node of height h. */
const SPAN = Float64Array.from({ length: INDEX_MAX_HEIGHT + 1 }, (_, h) => 2 ** (INDEX_SHIFT * (h + 1)));

/** Marks an object whose pages, the validity of one, or backing change. */
export function contentsChanged(index: PageIndex, object: VmObject): void {
  object.contents = ++index.changes;
}

/** Digit of pindex at a height. FreeBSD: vm_radix_slot */
function digit(pindex: number, height: number): number {
  if (pindex < LOW) return height < LOW_HEIGHTS ? (pindex >>> (INDEX_SHIFT * height)) & (INDEX_SLOTS - 1) : 0;
  return height < LOW_HEIGHTS
    ? ((pindex % LOW) >>> (INDEX_SHIFT * height)) & (INDEX_SLOTS - 1)
    : (Math.floor(pindex / LOW) >>> (INDEX_SHIFT * (height - LOW_HEIGHTS))) & (INDEX_SLOTS - 1);
}

/** FreeBSD: vm_radix_node_get */
function newNode(index: PageIndex): number {
  const free = index.freeHead;
  if (free !== 0) {
    index.freeHead = index.bitmaps[free];
    index.bitmaps[free] = 0;
    return free;
  }
  const node = index.highWater++;
  if (node === index.bitmaps.length) {
    const bitmaps = new Int32Array(node * 2);
    bitmaps.set(index.bitmaps);
    index.bitmaps = bitmaps;
    const slots = new Int32Array(node * 2 * INDEX_SLOTS);
    slots.set(index.slots);
    index.slots = slots;
  }
  return node;
}

/** FreeBSD: vm_radix_node_put */
function freeNode(index: PageIndex, node: number): void {
  index.bitmaps[node] = index.freeHead;
  index.freeHead = node;
}

/** Empties the index. No object may still refer to it. FreeBSD: none */
export function radixReset(index: PageIndex): void {
  index.slots.fill(0, 0, index.highWater * INDEX_SLOTS);
  index.bitmaps.fill(0, 0, index.highWater);
  index.highWater = 1;
  index.freeHead = 0;
}

/** Frame at pindex, 0 if none is resident. FreeBSD: vm_radix_lookup */
export function radixLookup(index: PageIndex, object: VmObject, pindex: number): Frame {
  let node = object.indexRoot;
  if (node === 0) return 0;
  let height = object.indexHeight;
  if (height === 0) return pindex < INDEX_SLOTS ? index.slots[(node << INDEX_SHIFT) + pindex] : 0;
  if (pindex >= SPAN[height]) return 0;
  const { slots } = index;
  while (height > 0) {
    node = slots[(node << INDEX_SHIFT) + digit(pindex, height)];
    if (node === 0) return 0;
    height--;
  }
  return slots[(node << INDEX_SHIFT) + (pindex & (INDEX_SLOTS - 1))];
}

/** Inserts a frame. Panics if the index is taken. FreeBSD: vm_radix_insert */
export function radixInsert(index: PageIndex, object: VmObject, pindex: number, frame: Frame): void {
  contentsChanged(index, object);
  let root = object.indexRoot;
  if (root === 0) {
    root = newNode(index);
    let height = 0;
    while (pindex >= SPAN[height]) height++;
    object.indexRoot = root;
    object.indexHeight = height;
  } else {
    while (pindex >= SPAN[object.indexHeight]) {
      const above = newNode(index);
      index.slots[above << INDEX_SHIFT] = root;
      index.bitmaps[above] = 1;
      root = above;
      object.indexRoot = root;
      object.indexHeight++;
    }
  }
  let node = root;
  for (let height = object.indexHeight; height > 0; height--) {
    const d = digit(pindex, height);
    let child = index.slots[(node << INDEX_SHIFT) + d];
    if (child === 0) {
      child = newNode(index);
      index.slots[(node << INDEX_SHIFT) + d] = child;
      index.bitmaps[node] |= 1 << d;
    }
    node = child;
  }
  const d = pindex & (INDEX_SLOTS - 1);
  const at = (node << INDEX_SHIFT) + d;
  if (index.slots[at] !== 0) throw new KernelPanic('vm_radix_insert', 'key is already present', { pindex });
  index.slots[at] = frame;
  index.bitmaps[node] |= 1 << d;
}

/** Replaces the frame at pindex, which must hold one. FreeBSD: vm_radix_replace */
export function radixReplace(index: PageIndex, object: VmObject, pindex: number, frame: Frame): void {
  contentsChanged(index, object);
  let node = object.indexRoot;
  for (let height = object.indexHeight; height > 0; height--)
    node = index.slots[(node << INDEX_SHIFT) + digit(pindex, height)];
  index.slots[(node << INDEX_SHIFT) + (pindex & (INDEX_SLOTS - 1))] = frame;
}

/** Removes the frame at pindex, and the nodes that become empty. FreeBSD: vm_radix_remove */
export function radixRemove(index: PageIndex, object: VmObject, pindex: number): void {
  contentsChanged(index, object);
  const { slots, bitmaps, path } = index;
  const top = object.indexHeight;
  let node = object.indexRoot;
  for (let height = top; height > 0; height--) {
    path[height] = node;
    node = slots[(node << INDEX_SHIFT) + digit(pindex, height)];
  }
  let d = pindex & (INDEX_SLOTS - 1);
  for (let height = 0; ; height++) {
    slots[(node << INDEX_SHIFT) + d] = 0;
    bitmaps[node] &= ~(1 << d);
    if (bitmaps[node] !== 0) return;
    freeNode(index, node);
    if (height === top) {
      object.indexRoot = 0;
      object.indexHeight = 0;
      return;
    }
    node = path[height + 1];
    d = digit(pindex, height + 1);
  }
}

/** Frees all nodes of an object without looking at the frames. FreeBSD: vm_radix_reclaim_allnodes */
export function radixReclaim(index: PageIndex, object: VmObject): void {
  contentsChanged(index, object);
  if (object.indexRoot !== 0) reclaimNode(index, object.indexRoot, object.indexHeight);
  object.indexRoot = 0;
  object.indexHeight = 0;
}

/** FreeBSD: vm_radix_reclaim_allnodes_int */
function reclaimNode(index: PageIndex, node: number, height: number): void {
  let bits = index.bitmaps[node];
  while (bits !== 0) {
    const d = 31 - Math.clz32(bits & -bits);
    bits &= bits - 1;
    const at = (node << INDEX_SHIFT) + d;
    if (height > 0) reclaimNode(index, index.slots[at], height - 1);
    index.slots[at] = 0;
  }
  freeNode(index, node);
}

/** Frame with the least index at or above pindex, 0 if there is none. FreeBSD: vm_radix_lookup_ge */
export function radixLookupGe(index: PageIndex, object: VmObject, pindex: number): Frame {
  const top = object.indexHeight;
  if (object.indexRoot === 0 || pindex >= SPAN[top]) return 0;
  const { slots, bitmaps, path } = index;
  let node = object.indexRoot;
  let height = top;
  // Go down the path of pindex as far as it exists.
  for (;;) {
    const d = height === 0 ? pindex & (INDEX_SLOTS - 1) : digit(pindex, height);
    const child = slots[(node << INDEX_SHIFT) + d];
    path[height] = node;
    if (child === 0) break;
    if (height === 0) return child;
    node = child;
    height--;
  }
  // Go up to the first node with a slot to the right, then down its left edge.
  for (; height <= top; height++) {
    node = path[height];
    const d = digit(pindex, height);
    const right = d === INDEX_SLOTS - 1 ? 0 : bitmaps[node] & (-1 << (d + 1));
    if (right === 0) continue;
    node = slots[(node << INDEX_SHIFT) + (31 - Math.clz32(right & -right))];
    for (; height > 0; height--) {
      const bits = bitmaps[node];
      node = slots[(node << INDEX_SHIFT) + (31 - Math.clz32(bits & -bits))];
    }
    return node;
  }
  return 0;
}

/** Frame with the greatest index at or below pindex, 0 if there is none. FreeBSD: vm_radix_lookup_le */
export function radixLookupLe(index: PageIndex, object: VmObject, pindex: number): Frame {
  const top = object.indexHeight;
  if (object.indexRoot === 0) return 0;
  const { slots, bitmaps, path } = index;
  const key = pindex >= SPAN[top] ? SPAN[top] - 1 : pindex;
  let node = object.indexRoot;
  let height = top;
  for (;;) {
    const d = digit(key, height);
    const child = slots[(node << INDEX_SHIFT) + d];
    path[height] = node;
    if (child === 0) break;
    if (height === 0) return child;
    node = child;
    height--;
  }
  for (; height <= top; height++) {
    node = path[height];
    const left = bitmaps[node] & ((1 << digit(key, height)) - 1);
    if (left === 0) continue;
    node = slots[(node << INDEX_SHIFT) + (31 - Math.clz32(left))];
    for (; height > 0; height--) node = slots[(node << INDEX_SHIFT) + (31 - Math.clz32(bitmaps[node]))];
    return node;
  }
  return 0;
}
