/**
 * What-if: no invalidation IPIs for a dying pmap, as the author once proposed. The reviewer asked why there would be
 * any: the process is single-threaded by then (finding F12). Only the last user's pmap is dying; exec makes it live
 * again.
 *
 * It intends no difference: a dying pmap is not active on any other CPU than that of its process, so there is no IPI to
 * save. That leaves out other processes: if one unmaps a page of a file everywhere, from another CPU, while the exit is
 * at a yield point, the CPU of the dying pmap is not told, and keeps the translation.
 */
import { type Proc, defineVariant, vmMapRemove } from '../../core/index.ts';
import { landed } from '../landed.ts';

/** A bit of pm_flags that belongs to this variant; pmap_pinit clears it. */
const PMAP_DYING = 1 << 16;

function markDying(p: Proc): void {
  if (p.vmspace.refcnt === 1) p.vmspace.pmap.flags |= PMAP_DYING;
}

export const dyingPmapNoIpi = defineVariant({
  id: 'dying-pmap-no-ipi',
  after: 'landed',
  title: 'landed, without invalidation IPIs for a dying pmap',
  accounting: { topPagesInResidentCount: true },
  intends: [],
  hunks: {
    ...landed.hunks,
    invalidateOthers: (_m, pmap) => (pmap.flags & PMAP_DYING) === 0,
    execBeforeTeardown(m, p) {
      markDying(p);
      landed.hunks.execBeforeTeardown(m, p);
    },
    exitBeforeVmspaceExit(m, p) {
      markDying(p);
      landed.hunks.exitBeforeVmspaceExit(m, p);
    },
    vmspaceClear(m, _p, vm) {
      vmMapRemove(m, vm.map, vm.map.minOffset, vm.map.maxOffset);
      vm.pmap.flags &= ~PMAP_DYING;
    },
  },
});
