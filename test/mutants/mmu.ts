/** Faults planted in the MMU. `test/mutants.test.ts` shows that the recorded accesses and sequences catch each. */
import type { Mutant } from './mutant.ts';

const walk = 'core/hw/walk.ts';
const tlb = 'core/hw/tlb.ts';

export const mmuMutants: readonly Mutant[] = [
  {
    fault: 'user accesses may use supervisor pages',
    file: walk,
    find: 'if (byUser && !userPage) denied = FAULT_PRESENT;',
    replace: '',
  },
  {
    fault: 'CR0.WP is ignored for read-only pages',
    file: walk,
    find: '(rightsLo & PG_RW) === 0 && (byUser || wp)',
    replace: '(rightsLo & PG_RW) === 0 && byUser',
  },
  {
    fault: 'EFLAGS.AC does not lift SMAP',
    file: walk,
    find: '(execute ? smep : smap && !ac)',
    replace: '(execute ? smep : smap)',
  },
  {
    fault: 'SMEP is not enforced',
    file: walk,
    find: '(execute ? smep : smap && !ac)',
    replace: '(!execute && smap && !ac)',
  },
  {
    fault: 'protection keys are one bit wide in PKRU',
    file: walk,
    find: 'pkru >>> (key * 2)',
    replace: 'pkru >>> key',
  },
  {
    fault: 'the right to write comes from the leaf alone',
    file: walk,
    find: 'rightsLo &= lo;',
    replace: 'rightsLo = lo;',
  },
  {
    fault: 'NX of upper levels is forgotten',
    file: walk,
    find: 'rightsHi |= hi & PG_NX_HI;',
    replace: 'rightsHi = hi & PG_NX_HI;',
  },
  {
    fault: 'PS is accepted in the PML4',
    file: walk,
    find: 'level === 3 ? RESERVED_1G : PG_PS;',
    replace: 'level === 3 ? RESERVED_1G : 0;',
  },
  {
    fault: 'reserved address bits are not checked',
    file: walk,
    find: '(hi & cpu.reservedHi) !== 0 ||',
    replace: '',
  },
  {
    fault: 'upper levels are not marked accessed',
    file: walk,
    find: 'if ((lo & PG_A) === 0) setBits(m, cpu, table, at, lo | PG_A);',
    replace: '',
  },
  {
    fault: 'a write does not set the dirty bit',
    file: walk,
    find: '((access & ACCESS_WRITE) !== 0 ? PG_M : 0)',
    replace: '0',
  },
  {
    fault: 'I/D is not reported for SMEP without NX',
    file: walk,
    find: 'nxe || smep ? access',
    replace: 'nxe ? access',
  },
  {
    fault: 'a 1G page translates like a 2M page',
    file: walk,
    find: 'level === 2 ? 511 : 0x3ffff',
    replace: '511',
  },
  {
    fault: 'a write through a clean TLB entry sets no dirty bit',
    file: tlb,
    find: 'const clean = (access & ACCESS_WRITE) !== 0 && (rights & PG_M) === 0;',
    replace: 'const clean = false;',
  },
  {
    fault: 'INVLPG leaves the paging-structure caches',
    file: tlb,
    find: 'cpu.pscGeneration++;\n  drop(cpu, cpu.tag, vaHi, vaLo);',
    replace: 'drop(cpu, cpu.tag, vaHi, vaLo);',
  },
  {
    fault: 'INVLPG leaves the TLB',
    file: tlb,
    find: 'cpu.pscGeneration++;\n  drop(cpu, cpu.tag, vaHi, vaLo);',
    replace: 'cpu.pscGeneration++;',
  },
  {
    fault: 'a CR3 load never flushes where there are PCIDs',
    file: tlb,
    find: 'if (keep && cpu.controls.pcide)',
    replace: 'if (cpu.controls.pcide)',
  },
  {
    fault: 'INVPCID of an address acts on the current PCID',
    file: tlb,
    find: 'drop(cpu, tagOf(cpu, pcid), vaHi, vaLo);',
    replace: 'drop(cpu, cpu.tag, vaHi, vaLo);',
  },
  {
    fault: 'INVPCID of all contexts leaves global pages',
    file: tlb,
    find: 'flushAllPcids(cpu);\n      flushGlobal(cpu);\n      return;',
    replace: 'flushAllPcids(cpu);\n      return;',
  },
  {
    fault: 'G counts although CR4.PGE is off',
    file: tlb,
    find: 'cpu.controls.pge && (leafLo & PG_G) !== 0',
    replace: '(leafLo & PG_G) !== 0',
  },
];
