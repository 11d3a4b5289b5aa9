/**
 * The final vm_map_remove with which exit and exec empty an address space: what pmap_remove_pages must have removed
 * before it, where pmap_remove_pages may have run, and how often the removal calls pmap_remove.
 */
import { REMOVE_CALLS } from '../../core/counters.ts';
import type { Machine, Proc, VmMap, VmMapEntry, Vmspace } from '../../core/inspect.ts';
import { MANAGED, WIRED } from './bits.ts';
import { type Accounting, bits, hex, rootsOf } from './state.ts';
import type { Survey } from './survey.ts';
import type { Violations } from './violations.ts';

export interface Sweep {
  readonly m: Machine;
  readonly accounting: Accounting;
  readonly survey: Survey;
  readonly report: Violations;
  /** number of the op being run, and the process that owns the map */
  readonly op: number;
  readonly who: string;
}

/** p clears vm's map, by calling `clear`. */
export function checkSweep(sweep: Sweep, p: Proc, vm: Vmspace, clear: () => void): void {
  const { m, report, op, who } = sweep;
  // Someone else drops the last reference: pmap_remove_pages has not run, and the process has already switched vmspace.
  const leaving = p.vmspace === m.vmspace0;
  if (leaving || p.vmspace === vm) checkRemoved(sweep, vm, leaving);
  const entries = withObject(vm.map);
  const before = m.counters[REMOVE_CALLS];
  clear();
  const calls = m.counters[REMOVE_CALLS] - before;
  // A revision may pass one range, the shared page's, twice.
  if (calls !== entries && calls !== entries + 1)
    report.happened('sweep-calls', op, who, `${entries} calls, or one more`, `${calls}`);
}

function checkRemoved({ m, accounting, survey, report, op, who }: Sweep, vm: Vmspace, leaving: boolean): void {
  const { pmap, refcnt } = vm;
  survey.take(m, [pmap]);
  const { leaves } = survey;
  const [{ pages, leafFrom, leafTo, tableFrom, tableTo }] = survey.spaces;
  for (let row = leafFrom; row < leafTo; row++) {
    const lo = leaves.lo[row];
    if ((lo & MANAGED) === 0 || (lo & WIRED) !== 0) continue;
    report.happened('removed-pages', op, who, `${hex(leaves.va[row])}: unmanaged or wired`, bits(lo));
    break;
  }
  const roots = rootsOf(pmap);
  const tables = tableTo - tableFrom - 1 + pmap.reserved.size;
  const resident = pages + tables + (accounting.topPagesInResidentCount ? roots : 0);
  if (resident !== pmap.stats.residentCount || (leafFrom === leafTo && tables > 0))
    report.happened('removed-pages', op, who, `resident_count ${resident}`, `${pmap.stats.residentCount}`);
  const loaded = m.cpus.filter(({ curpmap }) => curpmap === pmap).map(({ id }) => id);
  const [users, cpus] = leaving ? [0, ''] : [1, String(m.curcpu)];
  if (refcnt !== users || loaded.join() !== cpus)
    report.happened(
      'removed-pages-where',
      op,
      who,
      `vm_refcnt ${users}, CPU ${cpus}`,
      `${refcnt}, CPU ${loaded.join()}`,
    );
}

/** Counts the entries that have an object. A pointer without a child holds the neighbour. */
function withObject({ header, root }: VmMap): number {
  const visit = (node: VmMapEntry, before: VmMapEntry, after: VmMapEntry): number =>
    Number(node.object !== null) +
    (node.left === before ? 0 : visit(node.left, before, node)) +
    (node.right === after ? 0 : visit(node.right, node, after));
  return root === null ? 0 : visit(root, header, header);
}
