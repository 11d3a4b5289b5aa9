/** The kernel's own memory. FreeBSD: sys/vm/vm_kern.c. */
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { pageLimit } from '../page/page.ts';
import { IN_KMEM_FREE } from '../places.ts';
import { pmapRemove } from '../pmap/index.ts';
import { PAGE_SIZE, type Pages, type Va } from '../units.ts';

/** Start of kernel memory. FreeBSD: VM_MIN_KERNEL_ADDRESS */
const MIN_KERNEL_ADDRESS: Va = 2 ** 64 - 2 ** 41;

/**
 * The kernel frees a page of its own: one pmap_remove() of kernel_pmap. There is no kernel map here, so the call finds
 * nothing mapped. m.retval: kernel_pmap's resident_count. FreeBSD: kmem_free, _kmem_unback
 */
export function kmemFree(m: Machine): void {
  const { kernelPmap } = m;
  m.retval = kernelPmap.stats.residentCount;
  enterPlace(m, IN_KMEM_FREE);
  pmapRemove(m, kernelPmap, MIN_KERNEL_ADDRESS, MIN_KERNEL_ADDRESS + PAGE_SIZE);
  leavePlace(m);
}

/**
 * The kernel takes all free pages but `spare`, and gives them back to the first who waits for memory; pages that are
 * freed meanwhile go to it too. FreeBSD: kmem_malloc, vm_wait
 */
export const kmemTake = (m: Machine, spare: Pages): void => pageLimit(m, spare);
