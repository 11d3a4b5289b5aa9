/** The keys of a `machine` line with their defaults, and the address-space layout that results. */
import {
  KERNEL_RESIDENT,
  MAX_RAM,
  PAGE_SIZE,
  VM_MAXUSER_ADDRESS_LA48,
  VM_MAXUSER_ADDRESS_LA57,
} from '../../core/units.ts';
import type { Abi, MachineSettings } from './ops.ts';
import { formatSize, parseSize } from './size.ts';

export const DEFAULT_MACHINE: MachineSettings = Object.freeze({
  cpus: 1,
  pti: false,
  pcid: true,
  la57: false,
  superpages: false,
  ram: 2 ** 30,
  lowerShared: false,
  kernelResident: KERNEL_RESIDENT,
  agedRuns: 1,
});

type SettingValue = number | boolean;

/** One key: its meaning, the accepted values in words, and conversion to and from text (undefined: not accepted). */
export interface MachineKey {
  readonly key: string;
  readonly field: keyof MachineSettings;
  readonly meaning: string;
  readonly accepts: string;
  readonly parse: (text: string) => SettingValue | undefined;
  readonly format: (value: SettingValue) => string;
}

const SWITCH = {
  accepts: 'on or off',
  parse: (text: string): SettingValue | undefined => ({ on: true, off: false })[text],
  format: (value: SettingValue): string => (value ? 'on' : 'off'),
};

const MAX_CPUS = 64;
const MAX_AGED_RUNS = 64;
const MIN_RAM = 2 ** 24;

/** Files of up to this part of memory lie there from the start; the pages of larger ones take frames as they are looked for. */
export const FILES_SHARE = 4;

/** What the kernel takes beside the pages of processes, and a part of all pages for what is not counted one by one. */
const OWN_PAGES = 4096;
const SLACK = 1.02;

/** Bytes of memory, `least` or the next power of two that holds so many pages of processes beside those of files. */
export function ramFor(least: number, pages: number, filePages: number): number {
  let ram = least;
  const holds = (): boolean => {
    const frames = ram / PAGE_SIZE;
    return pages * SLACK + OWN_PAGES + (filePages > frames / FILES_SHARE ? 0 : filePages) <= frames;
  };
  while (ram < MAX_RAM && !holds()) ram *= 2;
  return ram;
}

export const MACHINE_KEYS: readonly MachineKey[] = [
  {
    key: 'cpus',
    field: 'cpus',
    meaning: 'processors',
    accepts: `a number from 1 to ${MAX_CPUS}`,
    parse: (text) => (/^\d{1,3}$/.test(text) && +text >= 1 && +text <= MAX_CPUS ? +text : undefined),
    format: String,
  },
  { key: 'pti', field: 'pti', meaning: 'page-table isolation: user mode has a root of its own', ...SWITCH },
  { key: 'pcid', field: 'pcid', meaning: 'process-context identifiers', ...SWITCH },
  { key: 'la57', field: 'la57', meaning: 'five page-table levels', ...SWITCH },
  { key: 'superpages', field: 'superpages', meaning: '2M mappings and promotion', ...SWITCH },
  {
    key: 'ram',
    field: 'ram',
    meaning: 'physical memory',
    accepts: `a power of two from ${formatSize(MIN_RAM)} to ${formatSize(MAX_RAM)}`,
    parse: (text) => {
      const bytes = parseSize(text);
      const accepted = bytes >= MIN_RAM && bytes <= MAX_RAM && Number.isInteger(Math.log2(bytes));
      return accepted ? bytes : undefined;
    },
    format: (value) => formatSize(Number(value)),
  },
  { key: 'lower-shared', field: 'lowerShared', meaning: 'the shared page lies one page lower', ...SWITCH },
  {
    key: 'kernel-resident',
    field: 'kernelResident',
    meaning: 'pages that kernel_pmap holds after boot',
    accepts: 'a number of pages from 0 to 99999',
    parse: (text) => (/^\d{1,5}$/.test(text) ? +text : undefined),
    format: String,
  },
  {
    key: 'frames',
    field: 'agedRuns',
    meaning: 'pages lie in sequence, or spread over K 2M frames as after a while',
    accepts: `sequential or aged:K, K from 2 to ${MAX_AGED_RUNS}`,
    parse: (text) => {
      if (text === 'sequential') return 1;
      const runs = Number(/^aged:(\d{1,2})$/.exec(text)?.[1]);
      return runs >= 2 && runs <= MAX_AGED_RUNS ? runs : undefined;
    },
    format: (value) => (value === 1 ? 'sequential' : `aged:${value}`),
  },
];

/** The fixed locations in a user address space. */
export interface AddressLayout {
  /** First address beyond what user mode can address on the machine. */
  readonly limit: number;
  /** sv_maxuser: first address beyond the map */
  readonly top: number;
  /** null: an ABI without one */
  readonly sharedPage: number | null;
  /** sv_usrstack: first address above the stack */
  readonly stackTop: number;
}

/**
 * Pages that Linux64 reserves for its vdso above the shared page. FreeBSD: sys/amd64/linux/linux_sysvec.c
 * LINUX_VDSOPAGE_SIZE
 */
const VDSO_PAGES = 2;

/** FreeBSD: sys/amd64/amd64/elf_machdep.c amd64_lower_shared_page */
export function addressLayout(machine: MachineSettings, abi: Abi = 'native'): AddressLayout {
  const limit = machine.la57 ? VM_MAXUSER_ADDRESS_LA57 : VM_MAXUSER_ADDRESS_LA48;
  const top = machine.lowerShared || abi === 'lowered' ? limit - PAGE_SIZE : limit;
  const stackTop = top - (abi === 'linux' ? VDSO_PAGES + 1 : 1) * PAGE_SIZE;
  return { limit, top, sharedPage: abi === 'no-shared' ? null : stackTop, stackTop };
}
