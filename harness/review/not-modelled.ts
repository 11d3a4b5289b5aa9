/** Why a function of the kernel has no counterpart in `core`: phrases of the section Fidelity of README.md. */

/** By what `FILE NAME` contains; the first that fits holds. */
const REASONS: readonly (readonly [fits: RegExp, phrase: string])[] = [
  [
    /^(?!sys\/)|^sys\/(?:arm|arm64|i386|mips|powerpc|riscv|sparc64)\//,
    'The kernel is FreeBSD main of October 2021, amd64',
  ],
  [/^sys\/(?:amd64\/(?:ia32|linux32)|compat)\/|freebsd32|ia32/, '32-bit processes'],
  [/aslr|clustering_anon/i, 'ASLR'],
  [/^sys\/security\/mac|\bmac_/, 'MAC'],
  [/ptrace|^sys\/kern\/sys_process\.c/, 'ptrace'],
  [/^sys\/kern\/sysv_|shmexit|shmfork/, 'SysV shm'],
  [/aio/, 'AIO'],
  [/^sys\/amd64\/vmm\/|_ept|pmap_type_guest|pmap_emulate_a|_(?:accessed|modified|global|valid|rw)_bit$/, 'EPT'],
  [/pkru/, 'pmaps have none'],
  [/fake|fictitious|mapdev|mapbios|device_pager|sg_pager|cdev/, 'fictitious pages'],
  [
    /pageout|swap|laund|pqbatch|pqstate|pagequeue|enqueue|dequeue|activate$|vm_meter|_oom/,
    'nothing is paged out, and no daemon runs by itself',
  ],
  [
    /\bpmap_(?:kenter|kremove|kextract|growkernel|qenter|qremove|map|large_|pti_|k?m?san_|quick_)|^sys\/vm\/vm_(?:kern|init)\.c|uma_|kva|vmem/,
    'mappings of the kernel for itself',
  ],
  [/memattr|cache|pat_|change_(?:attr|prot|props)|flush|clflush|wb_/, 'cache attributes'],
  [/^sys\/(?:fs|ufs|contrib\/openzfs)\/|^sys\/kern\/vfs_|vnode|\bvn_|imgact/, 'without locking or truncation'],
  [
    /kern_(?:mutex|rwlock|sx|lock|rmlock)\.c|sleep|_busy|busied|trylock|_pip_|_wait|wakeup/,
    'locks are counted and never waited for',
  ],
  [/kern_(?:tc|clock|clocksource|timeout)\.c|callout/, 'Nothing is timed'],
];

const OTHERS = 'no comment in `core` names it';

/** Every phrase that there is. */
export const PHRASES: readonly string[] = [...REASONS.map(([, phrase]) => phrase), OTHERS];

export const notModelled = (file: string, name: string): string =>
  REASONS.find(([fits]) => fits.test(`${file} ${name}`))?.[1] ?? OTHERS;
