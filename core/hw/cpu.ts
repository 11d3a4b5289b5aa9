/** A CPU: its control registers, and memory accesses through its TLB, paging-structure caches and page walk. */
import { type Controls, Cpu } from '../state/cpu.ts';
import type { Hardware } from '../state/machine.ts';
import type { Pmap } from '../state/pmap.ts';
import { type Frame, PAGE_SIZE } from '../units.ts';
import { PG_A, PG_FRAME_HI, PG_M, PG_NX_HI, PG_PKU_MASK_HI, PG_RW, PG_U, PG_V } from './entry.ts';
import { pscFill, pscLookup } from './psc.ts';
import {
  flushEverything,
  loadCr3,
  returnToUser,
  TLB_EXECUTE,
  tlbFillProved,
  tlbFillWalked,
  tlbLookup,
  tlbReset,
} from './tlb.ts';
import {
  ACCESS_EXECUTE,
  ACCESS_USER,
  ACCESS_WRITE,
  GENERAL_PROTECTION,
  isCanonical,
  walk,
  walkFast,
  walkFrom,
  walkPrecise,
} from './walk.ts';

/**
 * Matches nothing: no table entry within RAM has all of these bits without being a superpage, and no TLB slot has all
 * of these rights.
 */
const NEVER = -1;

/** The control-register settings FreeBSD uses on a machine of 2021. */
export const FREEBSD_CONTROLS: Controls = {
  levels: 4,
  maxphyaddr: 46,
  wp: true,
  nxe: true,
  smep: true,
  smap: true,
  ac: false,
  pke: false,
  pkru: 0,
  pge: true,
  pcide: false,
};

/** Loads the control registers. Does not flush: core/hw/tlb.ts has the instructions that do. */
export function setControls(cpu: Cpu, controls: Controls): void {
  const { levels, maxphyaddr, nxe, pke, pkru } = controls;
  if (!(maxphyaddr >= 32 && maxphyaddr <= 52))
    throw new RangeError(`setControls: expected maxphyaddr of 32..52, got ${maxphyaddr}`);
  cpu.controls = controls;
  cpu.reservedHi = (PG_FRAME_HI & -(2 ** (maxphyaddr - 32))) | (nxe ? 0 : PG_NX_HI);
  cpu.levels = levels;
  // Pages with protection key 0 may take the fast path if that key allows everything.
  const slow = levels === 5 || (pke && (pkru & 3) !== 0);
  cpu.fastNeed = slow ? NEVER : PG_V | PG_A;
  cpu.fastBadHi = PG_FRAME_HI | (nxe ? 0 : PG_NX_HI) | (pke ? PG_PKU_MASK_HI : 0);
  cpu.tlbNeed.fill(NEVER);
  if (pke) return;
  cpu.tlbNeed[ACCESS_USER] = PG_U;
  cpu.tlbNeed[ACCESS_USER | ACCESS_WRITE] = PG_U | PG_RW | PG_M;
  cpu.tlbNeed[ACCESS_USER | ACCESS_EXECUTE] = PG_U | TLB_EXECUTE;
}

/**
 * Translates vaHi:vaLo on a CPU whose CR3 holds `root` and a PCID with this tag. Returns the frame of the 4 KiB page, or a
 * negative fault as in core/hw/walk.ts.
 */
export function translate(
  m: Hardware,
  cpu: Cpu,
  root: Frame,
  tag: number,
  vaHi: number,
  vaLo: number,
  access: number,
): number {
  const cached = tlbLookup(cpu, tag, vaHi, vaLo, access);
  if (cached >= 0) return cached;
  const frame = walkFast(m, cpu, root, vaHi, vaLo, access);
  if (frame < 0) return translateSlowly(m, cpu, root, tag, vaHi, vaLo, access);
  tlbFillProved(cpu, tag, vaHi, vaLo, frame, access);
  return frame;
}

/**
 * Starts from the lowest cached table. A fault is reported only after a full walk confirms it: on a fault, a processor
 * drops what it has cached for the address.
 */
function translateSlowly(
  m: Hardware,
  cpu: Cpu,
  root: Frame,
  tag: number,
  vaHi: number,
  vaLo: number,
  access: number,
): number {
  if (!isCanonical(cpu, vaHi)) return -GENERAL_PROTECTION;
  const { levels } = cpu.controls;
  let from = pscLookup(cpu, tag, vaHi, vaLo);
  let frame = -1;
  if (from > 0) {
    const table = cpu.tables[from];
    frame = walkFrom(m, cpu, from, table, cpu.tableRightsLo[from], cpu.tableRightsHi[from], vaHi, vaLo, access);
    if (frame < 0) cpu.pscGeneration++;
  }
  if (frame < 0) {
    from = levels - 1;
    frame = walkPrecise(m, cpu, root, vaHi, vaLo, access);
  }
  if (frame < 0) return frame;
  tlbFillWalked(cpu, tag, vaHi, vaLo);
  pscFill(cpu, tag, vaHi, vaLo, cpu.leafLevel, from);
  return frame;
}

const ACCESS_OF_KIND = [0, ACCESS_USER, ACCESS_USER | ACCESS_WRITE, 0, ACCESS_USER | ACCESS_EXECUTE];

/**
 * Makes a user-mode access of kind VM_PROT_READ, _WRITE or _EXECUTE at byte address `va` (below 2^53) on the current CPU. It
 * uses the tables that the CPU's user-mode CR3 names, not those of the running process. Returns 0 and leaves the physical byte
 * address in m.accessPa, or returns the page-fault error code | 0x10000, or 0x20000 for a general-protection fault.
 */
export function userAccess(m: Hardware, va: number, kind: number): number {
  return accessThrough(m, m.cpus[m.curcpu].userRoot, va, kind);
}

/** The same through `pmap`, which is walked without TLB if it is not loaded on the CPU. */
export const cpuAccess = (m: Hardware, pmap: Pmap, va: number, kind: number): number =>
  accessThrough(m, pmap.topUser !== 0 ? pmap.topUser : pmap.top, va, kind);

function accessThrough(m: Hardware, root: Frame, va: number, kind: number): number {
  const cpu = m.cpus[m.curcpu];
  const access = ACCESS_OF_KIND[kind];
  const vaHi = Math.floor(va / 0x100000000) | 0;
  const vaLo = va | 0;
  const loaded = cpu.userRoot === root;
  if (loaded && cpu.isolated) returnToUser(cpu);
  const frame =
    loaded && cpu.caching
      ? translate(m, cpu, root, cpu.userTag, vaHi, vaLo, access)
      : walk(m, cpu, root, vaHi, vaLo, access);
  if (frame < 0) return -frame;
  m.accessPa = frame * PAGE_SIZE + (vaLo & (PAGE_SIZE - 1));
  return 0;
}

/** Creates the CPUs that m's configuration asks for, in their power-on state with FreeBSD's control registers. */
export function resetCpus(m: Hardware): void {
  const { cpus, la57, pcid, pti } = m.config;
  if (!(Number.isInteger(cpus) && cpus >= 1 && cpus <= 64))
    throw new RangeError(`cpus: expected an integer of 1..64, got ${cpus}`);
  while (m.cpus.length < cpus) m.cpus.push(new Cpu(m.cpus.length));
  m.cpus.length = cpus;
  const controls: Controls = { ...FREEBSD_CONTROLS, levels: la57 ? 5 : 4, pge: !pti, pcide: pcid };
  for (const cpu of m.cpus) {
    setControls(cpu, controls);
    loadCr3(cpu, 0, 0, false);
    tlbReset(cpu);
    cpu.curpmap = null;
    cpu.pcidNext = 2;
    cpu.pcidGen = 1;
    cpu.userFlushPending = false;
  }
  m.curcpu = 0;
}

/** MOV to CR4 that changes PGE: turns global pages on or off and flushes everything. */
export function setPge(cpu: Cpu, pge: boolean): void {
  if (pge === cpu.controls.pge) return;
  setControls(cpu, { ...cpu.controls, pge });
  flushEverything(cpu);
}
