/**
 * Diff 97187: answers to the first round.
 *
 * Reviewer: pmap_alloc_pt_page(NULL) already counts the page, so the initial revision counts the top-level pages twice
 * in user_pt_page_count; and its early exit in pmap_remove can never be taken again.
 * Now they are counted once each, the early exit allows for them, and exec and exit unmap the shared page first.
 *
 * What it overlooks: other processes may use the same vmspace (findings F6, F8).
 */
import {
  type Machine,
  type Pmap,
  type Proc,
  defineVariant,
  pmapAllocPtPage,
  pmapFreePtPage,
  pmapResidentCountAdj,
  vmMapRemove,
} from '../core/index.ts';
import { toplevelAccounting } from './toplevel-accounting.ts';

/** Number of top-level pages of a pmap: one, or two if page-table isolation gives user mode its own root. */
export const topPages = (pmap: Pmap): number => 1 + Number(pmap.topUser !== 0);

/** Used at both call sites: the map entry is removed even if others still need it. */
function unmapSharedPage(m: Machine, p: Proc): void {
  const shared = p.sysent.sharedPage;
  if (shared !== null) vmMapRemove(m, p.vmspace.map, shared.base, shared.base + shared.len);
}

export const doubleCountFix = defineVariant({
  id: 'double-count-fix',
  after: 'toplevel-accounting',
  title: 'Count the top-level pages once; unmap the shared page on exec and exit',
  review: { diff: 97187 },
  accounting: { topPagesInResidentCount: true },
  intends: [
    { what: 'userPtPageCount', by: '-1 per live top-level page', why: 'they were counted twice' },
    {
      what: 'removeEarlyExits',
      by: 'up to -1 per exec that reuses, up to -1 per exit, up to +1 per pmap_remove call',
      why: 'the test tolerates top-level pages and the shared page no longer stays behind; only the call for it is full',
    },
    {
      what: 'delayedInvalidations',
      by: 'up to +1 per exec that reuses, up to +1 per exit, up to -1 per pmap_remove call',
      why: 'an early exit comes before them; the call for the shared page is full',
    },
    {
      what: 'pmapLocks',
      by: 'up to +1 per exec that reuses, up to +1 per exit, up to -1 per pmap_remove call',
      why: 'an early exit comes before the lock; the call for the shared page is full',
    },
    {
      what: 'removeLoops',
      by: 'fewer, +1 per exec that reuses, +1 per exit',
      why: 'an early exit comes before the loop; the call for the shared page is full',
    },
    {
      what: 'invlpgs',
      by: 'up to +1 per exec that reuses, up to +1 per exit',
      why: 'the shared page is unmapped while its pmap is still active',
    },
    {
      what: 'invpcids',
      by: 'up to +1 per exec that reuses, up to +1 per exit',
      why: 'one for each invlpg of a pmap with two roots, in the user-mode half',
    },
    { what: 'vmMapLocks', by: '+1 per exec that reuses, +1 per exit', why: 'vm_map_remove takes the map lock' },
    { what: 'vmMapLookups', by: '+1 per exec that reuses, +1 per exit', why: 'vm_map_remove looks for the entry' },
  ],
  hunks: {
    ...toplevelAccounting.hunks,
    pinitTopPage(m, pmap) {
      const frame = pmapAllocPtPage(m, null, 0); // counted in user_pt_page_count here
      pmapResidentCountAdj(m, pmap, 1);
      return frame;
    },
    releaseTopPage(m, pmap, frame, zeroed) {
      pmapFreePtPage(m, null, frame, zeroed);
      pmapResidentCountAdj(m, pmap, -1);
    },
    removeIsNoop: (_m, pmap) => pmap.stats.residentCount <= topPages(pmap),
    execBeforeTeardown: unmapSharedPage,
    exitBeforeVmspaceExit: unmapSharedPage,
  },
});
