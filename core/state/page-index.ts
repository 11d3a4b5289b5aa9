/**
 * Storage of the resident-page index of all objects: radix-tree nodes of 32 slots with a bitmap each, in flat arrays.
 * No behaviour; core/vm/radix.ts walks it. Node 0 is unused.
 */

/** Slots per node, and its base-2 logarithm. */
export const INDEX_SLOTS = 32;
export const INDEX_SHIFT = 5;
/** Maximum height of a node: 11 digits of 5 bits hold any page index. */
export const INDEX_MAX_HEIGHT = 10;
const FIRST_NODES = 1024;

export class PageIndex {
  /** Slot s of node n is at n * INDEX_SLOTS + s: a frame at height 0, otherwise a node; 0 if empty. */
  slots = new Int32Array(FIRST_NODES * INDEX_SLOTS);
  /** Bit s: slot s is in use. */
  bitmaps = new Int32Array(FIRST_NODES);
  /** Nodes from this number up have not been used since the last reset. */
  highWater = 1;
  /** Free nodes below highWater, linked through their bitmap. */
  freeHead = 0;
  /** Changes so far of what objects hold: VmObject.contents. */
  changes = 0;
  /** Nodes on the path to an index, by height, for the search in progress. */
  readonly path = new Int32Array(INDEX_MAX_HEIGHT + 1);
}
