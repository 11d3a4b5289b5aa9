/**
 * A CPU's control registers and memory accesses.
 */
import type { Machine } from '../hunks.ts';
import type { Controls, Cpu } from '../state/cpu.ts';
import type { Pmap } from '../state/pmap.ts';
import { PAGE_SIZE, VM_PROT_EXECUTE, VM_PROT_WRITE } from '../units.ts';
import { PG_NX_HI } from './entry.ts';
import { ACCESS_EXECUTE, ACCESS_USER, ACCESS_WRITE, walk } from './walk.ts';

/** Loads the control registers. Does not flush: see core/hw/tlb.ts for the loads that do. */
export function setControls(cpu: Cpu, controls: Controls): void {
  const { maxphyaddr, nxe } = controls;
  if (!(maxphyaddr >= 32 && maxphyaddr <= 52))
    throw new RangeError(`setControls: expected maxphyaddr in 32..52, got ${maxphyaddr}`);
  cpu.controls = controls;
  const frameBits = 2 ** (maxphyaddr - 32) - 1;
  cpu.reservedHi = (0xfffff & ~frameBits) | (nxe ? 0 : PG_NX_HI);
}

/**
 * A user-mode access of kind VM_PROT_READ, _WRITE or _EXECUTE at byte address `va` (below 2^53) through `pmap`, on the
 * current CPU. Returns 0 and leaves the physical byte address in m.accessPa, or the page-fault error code | 0x10000, or
 * 0x20000 for a general-protection fault.
 */
export function cpuAccess(m: Machine, pmap: Pmap, va: number, kind: number): number {
  const cpu = m.cpus[m.curcpu]!;
  const access =
    kind === VM_PROT_WRITE
      ? ACCESS_USER | ACCESS_WRITE
      : kind === VM_PROT_EXECUTE
        ? ACCESS_USER | ACCESS_EXECUTE
        : ACCESS_USER;
  const vaHi = Math.floor(va / 0x100000000) | 0;
  const vaLo = va | 0;
  const root = pmap.topUser !== 0 ? pmap.topUser : pmap.top;
  const frame = walk(m, cpu, root, vaHi, vaLo, access);
  if (frame < 0) return -frame;
  m.accessPa = frame * PAGE_SIZE + (vaLo & (PAGE_SIZE - 1));
  return 0;
}
