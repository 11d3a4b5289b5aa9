/** Memory of the kernel's own. FreeBSD: sys/vm/vm_kern.c. */
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { IN_KMEM_FREE } from '../places.ts';
import { pmapRemove } from '../pmap/index.ts';
import { PAGE_SIZE, type Va } from '../units.ts';

/** Where the kernel's memory begins. FreeBSD: VM_MIN_KERNEL_ADDRESS */
const MIN_KERNEL_ADDRESS: Va = 2 ** 64 - 2 ** 41;

/**
 * The kernel gives a page of its own back: one pmap_remove() of kernel_pmap. There is no kernel map here, so it finds
 * nothing. m.retval: kernel_pmap's resident_count. FreeBSD: kmem_free, _kmem_unback
 */
export function kmemFree(m: Machine): void {
  const { kernelPmap } = m;
  m.retval = kernelPmap.stats.residentCount;
  enterPlace(m, IN_KMEM_FREE);
  pmapRemove(m, kernelPmap, MIN_KERNEL_ADDRESS, MIN_KERNEL_ADDRESS + PAGE_SIZE);
  leavePlace(m);
}
