/**
 * What the bench measures, as data. How each task is carried out: harness/bench/tasks/ here, native/yardstick.c in C.
 */

export interface BenchTask {
  readonly id: string;
  readonly title: string;
  /** What one operation is. */
  readonly operation: string;
  /** How times are shown: of one operation, or operations in a second. */
  readonly unit: 'ns' | 'us' | 'per second';
  /** Workload that it runs, by name; null: it calls the machine itself. */
  readonly workload: string | null;
  /** Recording whose text it is given, by name. */
  readonly recording?: string;
  /** It reaches members of the seam, so variants can differ in it. */
  readonly seam: boolean;
  /** The yardstick has it too; most that the time may be of its, null: no aim is set. */
  readonly native: boolean;
  readonly aim: number | null;
}

const PAIR = 'enter and remove of one page';
const CYCLE = 'pinit, 181 pages entered in 60 entries, remove_pages, 60 pmap_remove, release';

/** In the order in which they are measured and shown. */
export const TASKS: readonly BenchTask[] = [
  {
    id: 'enter-remove-dense',
    title: 'enter + remove, dense',
    operation: `${PAIR}; its page-table page stays`,
    unit: 'ns',
    workload: null,
    seam: true,
    native: true,
    aim: 1.4,
  },
  {
    id: 'enter-remove-sparse',
    title: 'enter + remove, sparse',
    operation: `${PAIR}; three page-table pages are made and freed`,
    unit: 'ns',
    workload: null,
    seam: true,
    native: true,
    aim: 1.6,
  },
  {
    id: 'extract',
    title: 'extract',
    operation: 'pmap_extract of one of 100,000 pages in random order',
    unit: 'ns',
    workload: null,
    seam: false,
    native: true,
    aim: 1.2,
  },
  {
    id: 'walk-independent',
    title: 'walk, independent',
    operation: 'page walk with all checks to one of 100,000 pages in random order',
    unit: 'ns',
    workload: null,
    seam: false,
    native: true,
    aim: 1,
  },
  {
    id: 'walk-dependent',
    title: 'walk, dependent',
    operation: 'the same, each address the result of the walk before',
    unit: 'ns',
    workload: null,
    seam: false,
    native: true,
    aim: 1,
  },
  {
    id: 'exit-cycle',
    title: 'exit cycle',
    operation: CYCLE,
    unit: 'us',
    workload: null,
    seam: true,
    native: true,
    aim: 1.3,
  },
  {
    id: 'exit-cycle-full',
    title: 'exit cycle, no early exit',
    operation: `${CYCLE}; removeIsNoop always answers no`,
    unit: 'us',
    workload: null,
    seam: true,
    native: true,
    aim: null,
  },
  {
    id: 'remove-calls',
    title: '60 pmap_remove',
    operation: '60 calls of pmap_remove on an emptied pmap',
    unit: 'us',
    workload: null,
    seam: true,
    native: true,
    aim: null,
  },
  {
    id: 'remove-calls-full',
    title: '60 pmap_remove, no early exit',
    operation: '60 calls of pmap_remove on an emptied pmap; removeIsNoop always answers no',
    unit: 'us',
    workload: null,
    seam: true,
    native: true,
    aim: null,
  },
  {
    id: 'fork-loop',
    title: 'fork loop',
    operation: 'fork, a write to the stack, exit, wait',
    unit: 'per second',
    workload: 'fork-loop',
    seam: true,
    native: false,
    aim: null,
  },
  {
    id: 'fork-loop-touch',
    title: 'fork loop, shared page touched',
    operation: 'fork, a write to the stack, a read of the shared page, exit, wait',
    unit: 'per second',
    workload: 'fork-loop-touch',
    seam: true,
    native: false,
    aim: null,
  },
  {
    id: 'decode-make12',
    title: 'decoding of make12',
    operation: 'one recorded line, checked against its schema and turned into ops; unpacked before',
    unit: 'per second',
    workload: null,
    recording: 'make12',
    seam: false,
    native: false,
    aim: null,
  },
  {
    id: 'replay-make12',
    title: 'replay of make12',
    operation: 'one recorded event, decoded before',
    unit: 'per second',
    workload: 'make12',
    seam: true,
    native: false,
    aim: null,
  },
];

export const taskById = (id: string): BenchTask | undefined => TASKS.find((task) => task.id === id);
