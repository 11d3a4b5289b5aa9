/** Finds map entries by address without splaying the tree, so that looking changes nothing that is counted. */
import type { VmMap, VmMapEntry } from '../state/vm.ts';
import type { Va } from '../units.ts';

/** The lowest entry that ends above va, else the header. FreeBSD: none */
export function firstEndingAfter({ header, root }: VmMap, va: Va): VmMapEntry {
  let [before, after] = [header, header];
  for (let node = root; node !== null;) {
    if (node.end <= va) {
      // A pointer without a child holds the neighbour.
      if (node.right === after) return after;
      before = node;
      node = node.right;
    } else {
      if (node.start <= va || node.left === before) return node;
      after = node;
      node = node.left;
    }
  }
  return header;
}
