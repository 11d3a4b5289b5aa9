/**
 * State of the machine-independent VM: objects, map entries, maps, vmspaces. No behaviour.
 * FreeBSD: sys/vm/vm_map.h, sys/vm/vm_object.h.
 */
import type { Pmap } from './pmap.ts';

/** struct vmspace. vm_refcnt counts processes, not threads. */
export class Vmspace {
  readonly id: number;
  readonly pmap: Pmap;
  refcnt = 1;

  constructor(id: number, pmap: Pmap) {
    this.id = id;
    this.pmap = pmap;
  }
}
