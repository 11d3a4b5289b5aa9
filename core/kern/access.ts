/**
 * User-mode memory accesses: through the page tables, taking the faults that occur. FreeBSD: sys/amd64/amd64/trap.c
 * trap_pfault, sys/vm/vm_fault.c vm_fault_trap.
 */
import type { Machine } from '../hunks.ts';
import { userAccess } from '../hw/cpu.ts';
import { physRead, physWrite } from '../hw/phys.ts';
import { KernelPanic } from '../panic.ts';
import type { Proc } from '../state/proc.ts';
import { type Frame, PAGE_SIZE, VM_PROT_READ, VM_PROT_WRITE, truncPage } from '../units.ts';
import { KERN_OUT_OF_BOUNDS, KERN_RESOURCE_SHORTAGE, KERN_SUCCESS, VM_FAULT_NORMAL } from '../vm/codes.ts';
import { vmFault } from '../vm/fault.ts';
import { SIGBUS, SIGSEGV } from './errno.ts';

/** More consecutive faults on one access than any kernel needs. */
const ENOUGH_FAULTS = 100;

/**
 * Process p, which is running, accesses the byte at va; kind is VM_PROT_READ, _WRITE or _EXECUTE. Returns 0, or the
 * resulting signal without delivering it. m.faults, m.faultResult and m.accessPa hold the details. FreeBSD:
 * trap_pfault, vm_fault_trap
 */
export function access(m: Machine, p: Proc, va: number, kind: number): number {
  const vm = p.vmspace;
  m.faults = 0;
  m.faultResult = KERN_SUCCESS;
  while (userAccess(m, va, kind) !== 0) {
    if (m.faults === ENOUGH_FAULTS)
      throw new KernelPanic('vm_fault_trap', 'the access faults again and again', { va, kind });
    m.faults++;
    const rv = vmFault(m, vm.map, truncPage(va), kind, VM_FAULT_NORMAL);
    m.faultResult = rv;
    if (rv !== KERN_SUCCESS) return rv === KERN_OUT_OF_BOUNDS || rv === KERN_RESOURCE_SHORTAGE ? SIGBUS : SIGSEGV;
  }
  return 0;
}

/** The frame of a byte of physical memory, and the first word of its aligned 8 bytes there. */
const frameOfByte = (pa: number): Frame => Math.floor(pa / PAGE_SIZE);
const wordInFrame = (pa: number): number => ((pa % PAGE_SIZE) >>> 3) << 1;

/** The 8-byte word at a physical address; exact up to 2^53. FreeBSD: none */
export function physWord(m: Machine, pa: number): number {
  const frame = frameOfByte(pa);
  const at = wordInFrame(pa);
  return (physRead(m, frame, at + 1) >>> 0) * 2 ** 32 + (physRead(m, frame, at) >>> 0);
}

/** Reads the aligned 8-byte word at va like access(); the value goes to m.retval. FreeBSD: none */
export function peek(m: Machine, p: Proc, va: number): number {
  const signal = access(m, p, va, VM_PROT_READ);
  if (signal === 0) m.retval = physWord(m, m.accessPa);
  return signal;
}

/** Writes the aligned 8-byte word at va like access(). FreeBSD: none */
export function poke(m: Machine, p: Proc, va: number, value: number): number {
  const signal = access(m, p, va, VM_PROT_WRITE);
  if (signal === 0) {
    const pa = m.accessPa;
    const frame = frameOfByte(pa);
    const at = wordInFrame(pa);
    physWrite(m, frame, at, (value % 2 ** 32) | 0);
    physWrite(m, frame, at + 1, Math.floor(value / 2 ** 32) | 0);
    m.page.nonZero[frame] = 1;
  }
  return signal;
}
