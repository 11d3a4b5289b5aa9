/** Maps and their entries. */
import {
  MAP_ENTRY_COW,
  MAP_ENTRY_GUARD,
  MAP_ENTRY_IN_TRANSITION,
  MAP_ENTRY_NEEDS_COPY,
  MAP_ENTRY_STACK_GAP_DN,
  MAP_ENTRY_USER_WIRED,
  MAP_ENTRY_VN_EXEC,
  OBJT_VNODE,
  type VmMap,
  type VmMapEntry,
  type Vmspace,
} from '../../core/inspect.ts';
import { PAGE } from './bits.ts';
import { type State, hex } from './state.ts';

/** VM_PROT_WRITE. FreeBSD: sys/vm/vm.h */
const PROT_WRITE = 2;

/** Entries of a vmspace in tree order. */
export interface MapRows {
  readonly vm: Vmspace;
  readonly who: string;
  readonly entries: readonly VmMapEntry[];
}

/** The state of a map at the last check. */
interface Before {
  readonly timestamp: number;
  readonly structure: number;
}

export class Maps {
  #before = new Map<Vmspace, Before>();

  /** Checks every map; returns the entries for other checks to use. */
  check(state: State): MapRows[] {
    const { m, report } = state;
    const before = this.#before;
    this.#before = new Map();
    const rows = m.vmspaces.map((vm): MapRows => {
      const who = state.who(vm.pmap);
      const { map } = vm;
      const entries = entriesOf(state, map, who);
      let structure = 0;
      for (const entry of entries) {
        checkEntry(state, entry, who);
        structure = Math.imul(structure ^ (entry.start / PAGE), 0x01000193) ^ ((entry.end / PAGE) * 31);
        structure = Math.imul(structure ^ entry.protection ^ ((entry.object?.id ?? 0) << 3), 0x85ebca6b);
      }
      const last = before.get(vm);
      if (last !== undefined) checkTimestamp(state, map, last, structure, who);
      this.#before.set(vm, { timestamp: map.timestamp, structure });
      if (map.locked !== 0 || map.busy !== 0)
        report.broken('map-locks', who, 'unlocked, not busy', `lock ${map.locked}, busy ${map.busy}`);
      return { vm, who, entries };
    });
    if (m.vm.deferred !== null) report.broken('map-locks', null, 'no deleted entry', hex(m.vm.deferred.start));
    for (const { map, id } of state.freed)
      if (map.nentries !== 0 || map.size !== 0 || map.root !== null)
        report.broken('map-counts', `vmspace ${id}`, 'empty when freed', `${map.nentries} entries, ${map.size} bytes`);
    return rows;
  }
}

function checkTimestamp({ report }: State, { timestamp }: VmMap, last: Before, structure: number, who: string): void {
  const least = last.timestamp + (structure === last.structure ? 0 : 1);
  if (timestamp < least) report.broken('map-timestamp', who, `at least ${least}`, timestamp);
}

/**
 * Returns the entries in tree order. A pointer without a child holds the neighbour: the last entry passed on that side.
 */
function entriesOf({ report }: State, map: VmMap, who: string): VmMapEntry[] {
  const { header } = map;
  const entries: VmMapEntry[] = [];
  const most = map.nentries + 1;
  /** Returns the largest gap next to any entry in the subtree of node. */
  const visit = (node: VmMapEntry, before: VmMapEntry, after: VmMapEntry): number => {
    if (entries.length > most) return 0;
    const left = node.left === before ? node.start - before.end : visit(node.left, before, node);
    entries.push(node);
    const right = node.right === after ? after.start - node.end : visit(node.right, node, after);
    const gap = Math.max(left, right);
    if (node.maxFree !== gap) report.broken('map-max-free', who, `${hex(node.start)}: ${gap}`, node.maxFree);
    return gap;
  };
  if (map.root !== null) visit(map.root, header, header);
  const [first, last] = entries.length === 0 ? [header, header] : [entries[0], entries[entries.length - 1]];
  if (header.right !== first || header.left !== last)
    report.broken(
      'map-tree',
      who,
      `ends ${hex(first.start)}, ${hex(last.start)}`,
      `${hex(header.right.start)}, ${hex(header.left.start)}`,
    );
  let size = 0;
  let end = header.end;
  for (const entry of entries) {
    const isAligned = entry.start % PAGE === 0 && entry.end % PAGE === 0;
    if (!isAligned || entry.start < end || entry.end <= entry.start || entry.end > header.start)
      report.broken(
        'map-order',
        who,
        `aligned, from ${hex(end)} on, below ${hex(header.start)}`,
        `${hex(entry.start)} to ${hex(entry.end)}`,
      );
    ({ end } = entry);
    if ((entry.eflags & MAP_ENTRY_GUARD) === 0) size += entry.end - entry.start;
  }
  report.same('map-counts', who, entries.length, map.nentries, 'entries ');
  report.same('map-counts', who, size, map.size, 'bytes ');
  return entries;
}

function checkEntry({ report }: State, entry: VmMapEntry, who: string): void {
  const { eflags, object, protection, maxProtection, wiredCount } = entry;
  const has = (flag: number): boolean => (eflags & flag) !== 0;
  const where = (): string => `${hex(entry.start)}: `;
  const isGuard = has(MAP_ENTRY_GUARD);
  if ((protection & ~maxProtection) !== 0)
    report.broken('entry-protection', who, `${where()}within ${maxProtection}`, protection);
  if (isGuard ? object !== null || entry.charged || maxProtection !== 0 : has(MAP_ENTRY_STACK_GAP_DN))
    report.broken(
      'entry-guard',
      who,
      `${where()}a guard is bare, a gap a guard`,
      `flags ${hex(eflags)}, object ${object?.id ?? 0}`,
    );
  const awaitsCopy = has(MAP_ENTRY_NEEDS_COPY);
  const isWritableWired = (protection & PROT_WRITE) !== 0 && has(MAP_ENTRY_USER_WIRED);
  let root = object;
  for (let hops = 0; root !== null && root.backing !== null && hops < 10_000; hops++) root = root.backing;
  if ((awaitsCopy && (!has(MAP_ENTRY_COW) || isWritableWired)) || (has(MAP_ENTRY_VN_EXEC) && root?.type !== OBJT_VNODE))
    report.broken(
      'entry-copy',
      who,
      `${where()}as the invariant says`,
      `flags ${hex(eflags)}, protection ${protection}`,
    );
  if (wiredCount < 0 || (has(MAP_ENTRY_USER_WIRED) && wiredCount < 1) || has(MAP_ENTRY_IN_TRANSITION) || entry.wiring)
    report.broken(
      'entry-wiring',
      who,
      `${where()}0 or more, 1 or more for the user, at rest`,
      `${wiredCount}, flags ${hex(eflags)}`,
    );
}
