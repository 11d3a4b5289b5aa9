/**
 * The table of scenarios of the review outside pmap.c: every scenario under every revision, and under the control whose
 * hook does not test the reference count. A row contains the observations, column by column.
 */
import { expect, it } from 'vitest';
import {
  DEFAULT_CONFIG,
  type Machine,
  type MachineConfig,
  PAGE_SIZE,
  type Proc,
  SYSENT_NATIVE_LA48,
  type Sysent,
  VM_PROT_READ,
  VM_PROT_WRITE,
  access,
  bootMachine,
  procCreate,
  resetMachine,
  runOn,
  sysExec,
} from '../../core/index.ts';
import { variantById } from '../../variants/index.ts';
import { SHARED_PAGE, STACK, entriesOf, image, mapAnon, removes } from './kernel.ts';

const COLUMNS = [
  'baseline',
  'toplevel-accounting',
  'double-count-fix',
  'shared-page-unmap',
  'landed',
  'unmap-without-refcount-check',
] as const;

const A = 0x400000;

/** One machine shared by all cells. */
let only: Machine | null = null;

export function machineOf(id: string, config: Partial<MachineConfig> = {}): Machine {
  const { hunks } = variantById(id)!;
  only ??= bootMachine(DEFAULT_CONFIG, hunks);
  resetMachine(only, { ...DEFAULT_CONFIG, ...config }, hunks);
  return only;
}

/**
 * A process with three entries that have an object: a written page, the stack and, if its ABI has one, the shared page.
 */
export function plain(m: Machine, touch = true, sysent: Sysent = SYSENT_NATIVE_LA48): Proc {
  const p = procCreate(m, sysent, m.config.pti);
  runOn(m, p, 0);
  const stack = { ...STACK, start: sysent.usrStack - STACK.len };
  const top = { start: sysent.usrStack - PAGE_SIZE, pages: 1, access: VM_PROT_WRITE };
  sysExec(m, p, image([stack], [top]));
  mapAnon(m, p, A, 1);
  access(m, p, A, VM_PROT_WRITE);
  const shared = p.sysent.sharedPage;
  if (touch && shared !== null) expect(access(m, p, shared.base, VM_PROT_READ)).toBe(0);
  return p;
}

export const child = (m: Machine): Proc => m.procs.get(m.retval)!;

export function on(m: Machine, p: Proc): Proc {
  runOn(m, p, 0);
  return p;
}

/** Calls of pmap_remove, and how many returned early. */
export function removed(m: Machine, act: () => void): [number, number] {
  const { calls: made, early } = removes(m, act);
  return [made, early];
}

export const hasEntry = (p: Proc): boolean => entriesOf(p.vmspace.map).some(({ start }) => start === SHARED_PAGE);

/** Outcome of a read of the shared page. */
export function read(m: Machine, p: Proc): string {
  const signal = access(m, on(m, p), SHARED_PAGE, VM_PROT_READ);
  return signal === 0 ? `${m.faults} faults` : `signal ${signal}`;
}

/** One row: `observe` returns the cell of a column. */
export function row(title: string, expected: readonly unknown[], observe: (id: string) => unknown): void {
  it.each(COLUMNS.map((id, i) => [id, expected[i]] as const))(`${title}: %s`, (id, cell) => {
    expect(observe(id)).toEqual(cell);
  });
}

export const same = (cell: unknown): unknown[] => COLUMNS.map(() => cell);
