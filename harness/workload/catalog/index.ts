/** The named workloads: hand-written text, each a situation that the review or the kernel's code argues about. */

/** What each workload does, by name, in the order in which they are listed: the first comment of its file. */
export const CATALOG: Readonly<Record<string, string>> = {
  'exit-touched': 'One process of 60 map entries reads the clock in the shared page and exits',
  'exit-untouched': 'One process of 60 map entries exits without ever touching the shared page',
  'exec-touched': 'A process that touched the shared page execs in place, twice, and exits',
  'exec-untouched': 'A process that never touches the shared page execs in place, twice, and exits',
  'exit-touched-pti': 'The 60-entry exit under page-table isolation: two top-level pages instead of one',
  'exec-touched-pti': 'Exec in place under page-table isolation, shared page touched',
  'exec-touched-la57':
    'Exec in place and a fork with five-level page tables and page-table isolation, shared page touched',
  'exec-touched-lower-shared':
    'Exec in place and a fork where the shared page lies a page lower, as on AMD family 17h, and is touched',
  'exec-across-abis': 'Exec from one ABI to the next: the shared page at its place, a page lower, and left to a vdso',
  'exit-touched-no-pcid': 'The 60-entry exit on a machine without process-context identifiers',
  'fork-loop': 'A 60-entry parent forks children that exit without touching the shared page',
  'fork-loop-touch': "A 60-entry parent forks children that touch the shared page and exit: the review's benchmark",
  'fork-loop-touch-pti': "The fork loop of the review's benchmark under page-table isolation",
  'vfork-execfail': "A vforked child's exec fails and it exits; then the parent catches a signal and reads the clock",
  'vfork-execfail-pti': 'The vforked child whose exec fails, under page-table isolation',
  'vfork-exec': "Vforked children exec: each takes an address space of its own, the parent's stays whole",
  spawn: 'posix_spawn of a program that exists, and of one that does not',
  'rfork-peers': 'Two processes share one address space: the first exit must leave the survivor its shared page',
  'rfork-peers-two-cpus':
    'A peer on another CPU keeps running while the other one exits: whose translations must be shot down?',
  shootdown:
    'Two processes use one address space on two CPUs: what one protects or unmaps, the other one may not use any more',
  'sharers-exit-together':
    'Two sharers of a touched page exit at the same time: both see two references, neither unmaps the page',
  pipeline: 'A shell runs a pipeline of three: fork, exec, touch, exit',
  subshells: 'A shell forks subshells that never exec and never touch the shared page',
  signals: 'A caught signal runs through the shared page; an uncaught one ends the process',
  'copy-on-write':
    "Parent and child write to memory that they share since the fork, one before and one after the other's exit",
  inheritance: 'Memory shared with, copied to, zeroed for and kept from a child',
  unshare: 'A process that shares its address space takes a copy of its own, then both exit',
  churn: 'Memory is mapped, written, protected and unmapped over and over',
  protections: 'Rights are taken away and given back; what is not allowed ends in a signal',
  'stack-growth': 'The stack grows by three faults, each an entry of its own',
  'heap-and-files': 'The break moves up and down; a file is mapped privately and shared by two processes',
  'mlocked-exit': 'A process exits with memory locked: what is wired stays mapped until its entry is removed',
  'shared-page-unmapped': 'A process unmaps its shared page, or puts memory of its own there, and exits',
  sparse: 'One page here and there: nearly every mapping needs page-table pages of its own',
  'kernel-memory': 'Kernel memory is freed while processes live: pmap_remove of kernel_pmap',
  'msync-wide':
    'One msync over nearly the whole address space, with one page at its low end, and one more with a page at its top',
  superpage: 'A 4M buffer is promoted to a superpage and given back: the page-table page in reserve goes with it',
  'superpage-exit': 'A process exits with a promoted superpage, its forked child too',
};
