/**
 * Composes the text of a random workload, op by op. Tracks which processes are alive, what is mapped and who waits for
 * whom, so that each op has something to act on.
 *
 * Numbers are decoded with boundaries first: half of all numbers mean a place where the kernel has a case of its own
 * (the start, end or 2M boundary of a region, one page, 512 pages, the hole behind a region, all of the address space).
 */
import { NBPDR, PAGE_SIZE } from '../../core/units.ts';
import { formatSize } from './size.ts';

/** The random inputs of one op; each number is taken modulo the number of choices. */
export interface Choice {
  readonly verb: number;
  readonly who: number;
  readonly where: number;
  readonly from: number;
  readonly size: number;
  readonly how: number;
}

/** Memory that a process has mapped and may still have. */
export interface Region {
  /** its address, or the name that has it */
  readonly at: number | string;
  readonly pages: number;
  /** Rights that all of it still has, as letters. */
  prot: string;
}

/** Memory of a child: shared with its parent, copied from it, or set up by its program. */
export type ChildMemory = 'shared' | 'copied' | 'new';

interface Space {
  /** the latest first */
  readonly regions: Region[];
}

export interface Runner {
  readonly name: string;
  readonly parent: Runner | null;
  space: Space;
  /** vforked child that has neither exec'd nor exited: this process waits for it */
  blockedBy: Runner | null;
  program: ProgramName;
}

const FIRST_REGION = 0x4000000000;
/** Room for one region; the largest fill it, and so lie next to each other. */
const SLOT = 2 ** 22;
const SLOTS = 16;
const SUPERPAGE = NBPDR / PAGE_SIZE;
const SIZES = [1, 1, 2, 3, 8, SUPERPAGE, 16, SUPERPAGE + 1, 40, 2 * SUPERPAGE];
/** Pages that one op accesses at most. */
const MOST_ACCESSED = SUPERPAGE + 1;
export const PROTECTIONS = ['rw', 'r', 'rw', 'rx', 'rwx', '-'];
/** Of these choices, one in so many is one that most are not. */
const SELDOM = 8;

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
const FILES = { f0: '', f1: 'file f1 resident=none', f2: 'file f2 resident=even' };
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
/** No address space begins lower. */
const LEAST_ADDRESS = '0x1000';

export const pick = <T>(from: readonly T[], choice: number): T => from[choice % from.length];

const hex = (address: number): string => `0x${address.toString(16)}`;
const pagesText = (pages: number): string => formatSize(pages * PAGE_SIZE);

/** The last 2M of user memory. */
const AT_TOP = `top-${pagesText(SUPERPAGE)}`;

/** The address of a page of a region. */
const pageOf = ({ at }: Region, page: number): string => {
  if (typeof at === 'number') return hex(at + page * PAGE_SIZE);
  return page === 0 ? at : `${at}+${pagesText(page)}`;
};

function memoryFor(parent: Space, memory: ChildMemory): Space {
  if (memory === 'shared') return parent;
  return { regions: memory === 'new' ? [] : parent.regions.map((region) => ({ ...region })) };
}

/** Which page a span begins with. */
function firstPage({ pages }: Region, from: number): number {
  const rest = Math.floor(from / SELDOM);
  switch (from % SELDOM) {
    case 1:
      return pages - 1;
    case 2:
      return pages > SUPERPAGE ? SUPERPAGE : 0;
    case 3:
    case 4:
      return rest % pages;
    default:
      return 0;
  }
}

/** Builds the text of a workload; the caller chooses the next verb. */
export class Composer {
  readonly lines: string[] = [];
  readonly #alive: Runner[] = [];
  readonly #most: number;
  readonly #cpus: number;
  readonly #programs: readonly ProgramName[];
  readonly #used = new Set<string>();
  #made = 0;
  #named = 0;
  /** The processes stopped within a call, and who is alive when that call ends. */
  readonly #stopped: { readonly runner: Runner; readonly goOn: readonly Runner[] }[] = [];

  /** hasOtherAbi: the machine runs programs of other ABIs than its own. */
  constructor(most: number, cpus: number, hasOtherAbi: boolean) {
    this.#most = most;
    this.#cpus = cpus;
    this.#programs = hasOtherAbi ? ALL_ABIS : NATIVE;
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

  /** Finishes the stopped calls and makes all processes exit, the youngest first. */
  finish(): void {
    while (this.#stopped.length > 0) this.go(0);
    for (const runner of this.#alive.toReversed()) this.exit(runner, 0);
  }

  /** One op in a few runs in a second thread, or on another CPU. */
  op(runner: Runner, text: string, { how }: Choice): void {
    const thread = Math.floor(how / 64) % SELDOM === 1 ? '/t' : '';
    const cpu = this.#cpus > 1 ? `@${Math.floor(how / 512) % this.#cpus}` : '';
    this.lines.push(`${runner.name}${thread}${cpu}: ${text}`);
  }

  /** Any other process, or the same if there is none. */
  other(runner: Runner, choice: number): Runner {
    const others = this.#alive.filter((one) => one !== runner);
    return others.length === 0 ? runner : pick(others, choice);
  }

  /** Returns a span of the process's memory: within a region, beyond it, or everything; null if it has mapped nothing. */
  span(runner: Runner, { where, from, size }: Choice): { text: string; region: Region | null } | null {
    const { regions } = runner.space;
    if (size % SELDOM === 4 || regions.length === 0)
      return size % SELDOM === 4 ? { text: `${LEAST_ADDRESS} .. top`, region: null } : null;
    const at = where % SELDOM < 4 ? 0 : where % regions.length;
    const region = regions[at];
    const first = firstPage(region, from);
    const start = pageOf(region, first);
    switch (size % SELDOM) {
      case 1:
        return { text: `${start} ${pagesText(1)}`, region };
      case 2:
        return { text: `${start} ${pagesText(region.at === AT_TOP ? region.pages - first : SUPERPAGE)}`, region };
      case 3:
        return { text: `${start} ${this.#upToNext(region, first, regions)}`, region };
      case 5: {
        const count = 1 + (Math.floor(size / SELDOM) % (region.pages - first));
        return { text: `${start} ${pagesText(count)}`, region };
      }
      default:
        return { text: `${start} ${pagesText(region.pages - first)}`, region };
    }
  }

  /** The size up to and with the region behind this one, with the hole between them; else to the end of the slot. */
  #upToNext({ at, pages }: Region, first: number, regions: readonly Region[]): string {
    if (typeof at === 'string') return pagesText((at === AT_TOP ? pages : 2 * pages) - first);
    const start = at + first * PAGE_SIZE;
    const ends = regions.flatMap((one) =>
      typeof one.at === 'number' && one.at > at ? [one.at + one.pages * PAGE_SIZE] : [],
    );
    return formatSize((ends.length === 0 ? at + SLOT : Math.min(...ends)) - start);
  }

  /** What an access goes to: pages within a region. */
  accessed(runner: Runner, { where, from, size }: Choice): { text: string; region: Region } | null {
    const { regions } = runner.space;
    if (regions.length === 0) return null;
    const region = regions[where % SELDOM < 4 ? 0 : where % regions.length];
    const first = firstPage(region, from);
    const most = Math.min(region.pages - first, MOST_ACCESSED);
    const start = pageOf(region, first);
    const kind = size % SELDOM;
    if (kind < 4) return { text: kind % 2 === 1 ? start : `${start} ${pagesText(most)}`, region };
    return { text: `${start} ${pagesText(1 + (Math.floor(size / SELDOM) % most))}`, region };
  }

  map(runner: Runner, choice: Choice): void {
    const pages = pick(SIZES, choice.size);
    const prot = pick(PROTECTIONS, choice.how);
    const file = `f${choice.where % 3}`;
    const off = choice.how % SELDOM === 7 ? '+4K' : '';
    const kinds = [
      { what: 'anon', prot: 'rw', more: '' },
      { what: 'anon', prot: 'rw', more: ' shared' },
      { what: 'anon', prot, more: '' },
      { what: `file ${file}${off}`, prot: 'rw', more: '' },
      { what: `file ${file}${off}`, prot: 'rw', more: ' shared' },
      { what: `file ${file}${off}`, prot, more: '' },
      { what: 'guard', prot: '-', more: '' },
      { what: 'anon', prot, more: ' shared' },
      { what: 'anon', prot: 'r', more: ' max r' },
      { what: 'stack', prot: 'rw', more: '' },
      { what: 'phys', prot: 'rw', more: ' shared' },
    ];
    const kind = pick(kinds, choice.from % SELDOM < 4 ? 0 : Math.floor(choice.from / SELDOM));
    if (kind.what.startsWith('file')) this.#use(FILES[file as keyof typeof FILES]);
    const isFixed = kind.what !== 'stack' && choice.where % SELDOM !== 7;
    const start = FIRST_REGION + (Math.floor(choice.where / SELDOM) % SLOTS) * SLOT;
    const name = isFixed ? '' : `m${++this.#named}`;
    const place = isFixed ? ` fixed ${hex(start)}` : ` -> ${name}`;
    this.op(runner, `mmap ${kind.what} ${pagesText(pages)} ${kind.prot}${kind.more}${place}`, choice);
    const { regions } = runner.space;
    const same = regions.findIndex(({ at }) => at === start);
    if (isFixed && same >= 0) regions.splice(same, 1);
    regions.unshift({ at: isFixed ? start : name, pages, prot: kind.prot });
  }

  /** Maps 2M that end where user memory ends, in place of the shared page. */
  mapAtTop(runner: Runner, choice: Choice): void {
    const what = pick(['anon 2M rw', 'anon 2M rw', 'anon 2M rw shared', 'file f0 2M rw shared'], choice.size);
    this.op(runner, `mmap ${what} fixed ${AT_TOP}`, choice);
    runner.space.regions.unshift({ at: AT_TOP, pages: SUPERPAGE, prot: 'rw' });
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
    return { name: `p${++this.#made}`, parent, space, blockedBy: null, program: parent.program };
  }

  exec(runner: Runner, choice: Choice): void {
    runner.program = pick(this.#programs, choice.size);
    this.#use(PROGRAMS[runner.program].line);
    this.op(runner, `exec ${runner.program}`, choice);
    runner.space = { regions: [] };
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
    const runner: Runner = { name, parent: null, space: { regions: [] }, blockedBy: null, program: 'bare' };
    this.#alive.push(runner);
    this.exec(runner, choice);
  }

  #unblock(child: Runner): void {
    if (child.parent?.blockedBy === child) child.parent.blockedBy = null;
  }
}
