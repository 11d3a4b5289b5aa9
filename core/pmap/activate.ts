/**
 * Loading a pmap on the current CPU. FreeBSD: sys/amd64/amd64/pmap.c pmap_activate_sw
 */
import { CR3_LOADS, PMAP_SWITCHES } from '../counters.ts';
import { enterCall, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { loadCr3, setUserCr3 } from '../hw/tlb.ts';
import { KernelPanic } from '../panic.ts';
import { EV_ACTIVATE } from '../places.ts';
import type { Cpu } from '../state/cpu.ts';
import type { Pmap } from '../state/pmap.ts';
import { clearActive, setActive } from './active.ts';
import { PMAP_PCID_USER_PT } from './invalidate.ts';

/**
 * First PCID past the ones that can be allocated; with page-table isolation each pmap takes two.
 * FreeBSD: PMAP_PCID_OVERMAX
 */
const PCID_OVERMAX = 0x1000;
const PCID_OVERMAX_PTI = 0x800;

/**
 * Makes sure that the pmap has a PCID on a CPU. Returns true if its old PCID is still valid, and so are the
 * translations cached under it. FreeBSD: pmap_pcid_alloc, pmap_pcid_alloc_checked
 */
function allocPcid(m: Machine, pmap: Pmap, cpu: Cpu): boolean {
  const { id } = cpu;
  if (pmap.pcidGen[id] === cpu.pcidGen) return true;
  const overmax = m.config.pti ? PCID_OVERMAX_PTI : PCID_OVERMAX;
  if (cpu.pcidNext > overmax) throw new KernelPanic('pmap_pcid_alloc', 'pcid_next', { cpu: id, next: cpu.pcidNext });
  if (cpu.pcidNext === overmax) {
    // All PCIDs are allocated: start a new generation, in which every pmap must allocate again. Generation 0 is never
    // used.
    cpu.pcidGen = (cpu.pcidGen + 1) | 0 || 1;
    cpu.pcidNext = 1;
  }
  pmap.pcid[id] = cpu.pcidNext++;
  pmap.pcidGen[id] = cpu.pcidGen;
  return false;
}

/**
 * Loads a pmap on the current CPU and unloads the previous one. Does nothing if it is already loaded.
 * FreeBSD: sys/amd64/amd64/pmap.c pmap_activate
 */
export function pmapActivate(m: Machine, pmap: Pmap): void {
  enterCall(m, EV_ACTIVATE, pmap.id, m.curcpu);
  const cpu = m.cpus[m.curcpu];
  if (cpu.curpmap !== pmap) load(m, cpu, pmap);
  leavePlace(m);
}

/**
 * Switches a CPU's translations, with and without PCIDs and page-table isolation. FreeBSD: pmap_activate_sw,
 * pmap_activate_sw_pcid_pti, pmap_activate_sw_pcid_nopti, pmap_activate_sw_nopcid_pti, pmap_activate_sw_nopcid_nopti
 */
function load(m: Machine, cpu: Cpu, pmap: Pmap): void {
  const old = cpu.curpmap;
  const { id } = cpu;
  m.counters[PMAP_SWITCHES]++;
  setActive(pmap, id);
  if (!m.config.pcid) {
    m.counters[CR3_LOADS]++;
    loadCr3(cpu, pmap.top, 0, false);
    if (pmap.topUser !== 0) setUserCr3(cpu, pmap.topUser, 0);
  } else {
    if (cpu.userFlushPending) {
      cpu.userFlushPending = false;
      if (old !== null) old.pcidGen[id] = 0;
    }
    const cached = allocPcid(m, pmap, cpu);
    const pcid = pmap.pcid[id];
    m.counters[CR3_LOADS]++;
    if (!m.config.pti) loadCr3(cpu, pmap.top, pcid, cached);
    else {
      loadCr3(cpu, pmap.top, pcid, false);
      if (pmap.topUser !== 0) {
        setUserCr3(cpu, pmap.topUser, pcid | PMAP_PCID_USER_PT);
        if (!cached) cpu.userFlushPending = true;
      }
    }
  }
  cpu.curpmap = pmap;
  if (old !== null) clearActive(old, id);
}
