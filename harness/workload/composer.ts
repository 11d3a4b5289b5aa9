/**
 * Composes the text of a random workload, op by op. Tracks which processes are alive, what is mapped and who waits for
 * whom, so that each op has something to act on.
 */
import {
  ALL_RIGHTS,
  AT_TOP,
  type Choice,
  type Region,
  SELDOM,
  SIZES,
  SUPERPAGE,
  type Space,
  type Span,
  accessedOf,
  hex,
  isAtTop,
  pageOf,
  pagesText,
  placeOf,
  replace,
  spanOf,
} from './regions.ts';

/** Memory of a child: shared with its parent, copied from it, or set up by its program. */
export type ChildMemory = 'shared' | 'copied' | 'new';

export interface Runner {
  readonly name: string;
  readonly parent: Runner | null;
  space: Space;
  /** vforked child that has neither exec'd nor exited: this process waits for it */
  blockedBy: Runner | null;
  program: ProgramName;
  /** what it may do again since it began its program */
  latest: string[];
}

export const PROTECTIONS = ['rw', 'r', 'rw', 'rx', 'rwx', '-'];

interface ProgramTraits {
  /** its `program` line; '' if it needs none */
  readonly line: string;
  readonly hasShared: boolean;
  /** it has text, data and a heap */
  readonly hasText: boolean;
}

const PROGRAMS = {
  bare: { line: '', hasShared: true, hasText: false },
  small: { line: 'program small entries=5 libs=0 text=2p', hasShared: true, hasText: true },
  cat: { line: '', hasShared: true, hasText: true },
  sh60: { line: '', hasShared: true, hasText: true },
  old: { line: 'program old entries=20 abi=no-shared', hasShared: false, hasText: true },
  linux: { line: 'program linux entries=20 abi=linux', hasShared: true, hasText: true },
  lowered: { line: 'program lowered entries=20 abi=lowered', hasShared: true, hasText: true },
} as const satisfies Readonly<Record<string, ProgramTraits>>;
type ProgramName = keyof typeof PROGRAMS;

const NATIVE = 'bare small bare bare bare small bare bare bare small bare cat bare small bare sh60'.split(
  ' ',
) as ProgramName[];
const ALL_ABIS: readonly ProgramName[] = [...NATIVE, 'old', 'linux', 'lowered'];
/** Files by what of them lies in memory. */
const FILES = ['', 'file f1 resident=none', 'file f2 resident=even', '', '', 'file f5 resident=none'];
/** Yield points to stop at. An exit reaches the second only if it is not the last user of its vmspace. */
const STOPS = [
  'refcnt-tested',
  'refcnt-tested',
  'release-failed',
  'ppwait-cleared',
  'fork-unlocked',
  'pages-removed',
  'vmspace0-active',
];
/** Ops that can be done twice, and how far back one of them may lie. */
const AGAIN = /^(?:munmap|mprotect|minherit|mlock|munlock|madvise|msync|read|write|run|mmap .* fixed) /;
const MOST_BACK = 3;
/** With more CPUs than these, threads run on the first, on the last, and on either side of the halves of a CPU set. */
const FEW_CPUS = 8;
const WORD_CPUS = 32;

export const pick = <T>(from: readonly T[], choice: number): T => from[choice % from.length];

/** Half of the files are mapped in any size, and so in part; of the others, each size has one, mapped as a whole. */
const fileFor = ({ where, size, how }: Choice): number =>
  Math.floor(how / SELDOM) % 2 === 0 ? where % 3 : 3 + ((size % SIZES.length) % 3);

function memoryFor(parent: Space, memory: ChildMemory): Space {
  if (memory === 'shared') return parent;
  return { regions: memory === 'new' ? [] : [...parent.regions] };
}

/** Builds the text of a workload; the caller chooses the next verb. */
export class Composer {
  readonly lines: string[] = [];
  readonly #alive: Runner[] = [];
  readonly #most: number;
  readonly #cpus: readonly number[];
  readonly #la57: boolean;
  readonly #programs: readonly ProgramName[];
  readonly #used = new Set<string>();
  #made = 0;
  #named = 0;
  /** The processes stopped within a call, and who is alive when that call ends. */
  readonly #stopped: { readonly runner: Runner; readonly goOn: readonly Runner[] }[] = [];

  /** most: processes alive at a time. machine: its settings as in a `machine` line. */
  constructor(most: number, machine: string) {
    this.#most = most;
    const cpus = Number(/\bcpus=(\d+)/.exec(machine)?.[1] ?? 1);
    this.#cpus =
      cpus > FEW_CPUS ? [0, WORD_CPUS - 1, WORD_CPUS, cpus - 1] : Array.from({ length: cpus }, (_one, i) => i);
    this.#la57 = /\bla57=on/.test(machine);
    // Programs of other ABIs than the machine's own cannot be said for these.
    this.#programs = /\b(?:la57|lower-shared)=on/.test(machine) ? NATIVE : ALL_ABIS;
  }

  /** What comes before the first op. */
  get head(): readonly string[] {
    return [...this.#used].toSorted();
  }

  /**
   * Returns the process that acts: one of those that do not wait. Returns null if there is none; then it has started a
   * new process instead.
   */
  next(choice: Choice): Runner | null {
    const ready = this.#alive.filter((runner) => runner.blockedBy === null);
    if (ready.length > 0) return pick(ready, choice.who);
    this.#start(choice);
    return null;
  }

  /** Finishes the stopped calls and makes all processes exit, the youngest first. isLookedAt: after a snapshot. */
  finish(isLookedAt: boolean): void {
    while (this.#stopped.length > 0) this.go(0);
    const [first] = this.#alive;
    if (isLookedAt && first !== undefined) this.lines.push(`${first.name}: snapshot`);
    for (const runner of this.#alive.toReversed()) this.exit(runner, 0);
  }

  /** One op in a few runs in a second thread, or on another CPU. */
  op(runner: Runner, text: string, { how }: Choice): void {
    const thread = Math.floor(how / 64) % SELDOM === 1 ? '/t' : '';
    const cpu = this.#cpus.length > 1 ? `@${pick(this.#cpus, Math.floor(how / 512))}` : '';
    const line = `${runner.name}${thread}${cpu}: ${text}`;
    this.lines.push(line);
    if (AGAIN.test(text)) runner.latest.push(line);
  }

  /** One of the latest ops of a process once more; not one that makes or ends something. */
  again({ latest }: Runner, choice: number): void {
    if (latest.length > 0) this.lines.push(pick(latest.slice(-MOST_BACK), choice));
  }

  /** Any other process, or the same if there is none. */
  other(runner: Runner, choice: number): Runner {
    const others = this.#alive.filter((one) => one !== runner);
    return others.length === 0 ? runner : pick(others, choice);
  }

  span(runner: Runner, choice: Choice): Span | null {
    return spanOf(runner.space, choice);
  }

  accessed(runner: Runner, choice: Choice): { readonly text: string; readonly region: Region } | null {
    return accessedOf(runner.space, choice);
  }

  map(runner: Runner, choice: Choice): void {
    const pages = pick(SIZES, choice.size);
    const prot = pick(PROTECTIONS, choice.how);
    const number = fileFor(choice);
    const file = `f${number}`;
    const off = choice.how % SELDOM === 7 ? '+4K' : '';
    const kinds = [
      { what: 'anon', prot: 'rw', more: '' },
      { what: 'anon', prot: 'rw', more: ' shared' },
      { what: 'anon', prot, more: '' },
      { what: `file ${file}${off}`, prot: 'rw', more: '' },
      { what: `file ${file}${off}`, prot: 'rw', more: ' shared' },
      { what: `file ${file}`, prot: 'rw', more: ' shared' },
      { what: `file ${file}${off}`, prot, more: '' },
      { what: 'guard', prot: '-', more: '' },
      { what: 'anon', prot, more: ' shared' },
      { what: 'anon', prot: 'r', more: ' max r' },
      { what: 'stack', prot: 'rw', more: '' },
      { what: 'phys', prot: 'rw', more: ' shared' },
    ];
    const kind = pick(kinds, choice.from % SELDOM < 3 ? 0 : Math.floor(choice.from / SELDOM));
    if (kind.what.startsWith('file')) this.#use(FILES[number]);
    const isFixed = kind.what !== 'stack' && choice.where % SELDOM < 6;
    const start = isFixed ? (this.#beside(runner, choice) ?? placeOf(choice.where, this.#la57)) : `m${++this.#named}`;
    const place = isFixed ? ` fixed ${typeof start === 'number' ? hex(start) : start}` : ` -> ${start}`;
    this.op(runner, `mmap ${kind.what} ${pagesText(pages)} ${kind.prot}${kind.more}${place}`, choice);
    const max = kind.what === 'guard' ? '' : kind.more === ' max r' ? 'r' : ALL_RIGHTS;
    replace(runner.space, { at: start, pages, prot: kind.prot, max });
  }

  /** One in a few mappings lies over the region that was mapped or changed last, or right behind it. */
  #beside(runner: Runner, { where, how }: Choice): Region['at'] | null {
    const [latest] = runner.space.regions;
    if (latest === undefined || isAtTop(latest.at) || where % SELDOM !== 5) return null;
    return pageOf(latest.at, Math.floor(how / SELDOM) % 2 === 0 ? 0 : latest.pages);
  }

  /** Maps 2M that end where user memory ends, in place of the shared page. */
  mapAtTop(runner: Runner, choice: Choice): void {
    const what = pick(['anon 2M rw', 'anon 2M rw', 'anon 2M rw shared', 'file f0 2M rw shared'], choice.size);
    this.op(runner, `mmap ${what} fixed ${AT_TOP}`, choice);
    replace(runner.space, { at: AT_TOP, pages: SUPERPAGE, prot: 'rw', max: ALL_RIGHTS });
  }

  /** Moves the break; what it adds is memory like any other. */
  brk(runner: Runner, pages: number, choice: Choice): void {
    this.op(runner, `brk ${pages < 0 ? '' : '+'}${pages}p`, choice);
    if (pages > 0 && this.hasText(runner)) replace(runner.space, { at: 'heap', pages, prot: 'rw', max: ALL_RIGHTS });
  }

  makeChild(runner: Runner, verb: string, memory: ChildMemory, choice: Choice): void {
    if (this.#alive.length >= this.#most) return;
    const child = this.#child(runner, memoryFor(runner.space, memory));
    if (memory === 'new') {
      child.program = 'small';
      this.#use(PROGRAMS.small.line);
    }
    this.op(runner, `${verb} -> ${child.name}`, choice);
    this.#alive.push(child);
    if (verb === 'vfork') runner.blockedBy = child;
  }

  /** A spawned child whose exec fails has exited. */
  spawnFailing(runner: Runner, choice: Choice): void {
    this.op(runner, `spawn ENOENT -> p${++this.#made}`, choice);
  }

  #child(parent: Runner, space: Space): Runner {
    return { name: `p${++this.#made}`, parent, space, blockedBy: null, program: parent.program, latest: [] };
  }

  exec(runner: Runner, choice: Choice): void {
    runner.program = pick(this.#programs, choice.size);
    this.#use(PROGRAMS[runner.program].line);
    this.op(runner, `exec ${runner.program}`, choice);
    runner.space = { regions: [] };
    runner.latest = [];
    this.#unblock(runner);
  }

  /** Is dead then. */
  execFailLate(runner: Runner, choice: Choice): void {
    this.op(runner, 'execfail ENOMEM late', choice);
    this.#alive.splice(this.#alive.indexOf(runner), 1);
    this.#gone(runner);
  }

  exit(runner: Runner, status: number): void {
    this.lines.push(`${runner.name}: exit${status === 0 ? '' : ` ${status}`}`);
    this.#alive.splice(this.#alive.indexOf(runner), 1);
    this.#gone(runner);
  }

  /** Starts a call that others may run alongside; go() finishes it. */
  stop(runner: Runner, choice: Choice): void {
    const point = pick(STOPS, choice.how);
    this.lines.push(`${runner.name}: stop ${point}`);
    this.#alive.splice(this.#alive.indexOf(runner), 1);
    const goOn: Runner[] = [];
    if (point === 'ppwait-cleared') {
      this.exec(runner, choice);
      goOn.push(runner);
    } else if (point === 'fork-unlocked') {
      const child = this.#child(runner, memoryFor(runner.space, 'copied'));
      this.lines.push(`${runner.name}: fork -> ${child.name}`);
      goOn.push(runner, child);
    } else this.lines.push(`${runner.name}: exit`);
    this.#stopped.push({ runner, goOn });
  }

  /** Finishes one of the stopped calls. */
  go(choice: number): void {
    if (this.#stopped.length === 0) return;
    const [{ runner, goOn }] = this.#stopped.splice(choice % this.#stopped.length, 1);
    this.lines.push(`${runner.name}: go`);
    this.#alive.push(...goOn);
    if (goOn.length === 0) this.#gone(runner);
  }

  hasShared(runner: Runner): boolean {
    return PROGRAMS[runner.program].hasShared;
  }

  hasText(runner: Runner): boolean {
    return PROGRAMS[runner.program].hasText;
  }

  #use(line: string): void {
    if (line !== '') this.#used.add(line);
  }

  #gone(runner: Runner): void {
    this.#unblock(runner);
    if (runner.parent !== null && this.#alive.includes(runner.parent)) {
      this.lines.push(`${runner.parent.name}: wait ${runner.name}`);
    }
  }

  #start(choice: Choice): void {
    const name = `p${++this.#made}`;
    const runner: Runner = { name, parent: null, space: { regions: [] }, blockedBy: null, program: 'bare', latest: [] };
    this.#alive.push(runner);
    this.exec(runner, choice);
  }

  #unblock(child: Runner): void {
    if (child.parent?.blockedBy === child) child.parent.blockedBy = null;
  }
}
