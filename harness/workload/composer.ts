/**
 * Composes the text of a random workload, op by op. Tracks which processes are alive, what is mapped and who waits for
 * whom, so that each op has something to act on.
 */
import { PAGE_SIZE } from '../../core/units.ts';
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
  readonly start: number;
  readonly pages: number;
  /** Rights that all of it still has, as letters. */
  prot: string;
}

/** Memory of a child: shared with its parent, copied from it, or set up by its program. */
export type ChildMemory = 'shared' | 'copied' | 'new';

interface Space {
  readonly regions: Region[];
}

export interface Runner {
  readonly name: string;
  readonly parent: Runner | null;
  space: Space;
  /** vforked child that has neither exec'd nor exited: this process waits for it */
  blockedBy: Runner | null;
  /** its ABI has a shared page */
  hasShared: boolean;
}

const FIRST_REGION = 0x4000000000;
/** Room for one region; two in three are smaller than the span of a page-table page, one crosses its boundary. */
const SLOT = 2 ** 22;
const SLOTS = 64;
const SIZES = [1, 1, 2, 3, 4, 8, 16, 40, 513];
export const PROTECTIONS = ['rw', 'r', 'rw', 'rx', 'rwx', '-'];
const PROGRAMS = ['sh60', 'cat'];
/** A program of an ABI without a shared page, which one exec in this many takes. */
const WITHOUT_SHARED = 'old';
const OTHER_ABI = 8;
/** What its text needs beside ops: files of each residence. f0 is in memory. */
const FILES = ['file f1 resident=none', 'file f2 resident=even'];
/** Yield points to stop at. An exit reaches the second only if it is not the last user of its vmspace. */
const STOPS = ['refcnt-tested', 'refcnt-tested', 'release-failed', 'ppwait-cleared', 'fork-unlocked'];

export const pick = <T>(from: readonly T[], choice: number): T => from[choice % from.length];

function memoryFor(parent: Space, memory: ChildMemory): Space {
  if (memory === 'shared') return parent;
  return { regions: memory === 'new' ? [] : parent.regions.map((region) => ({ ...region })) };
}

/** Builds the text of a workload; the caller chooses the next verb. */
export class Composer {
  readonly lines: string[] = [];
  readonly #alive: Runner[] = [];
  readonly #most: number;
  readonly #cpus: number;
  readonly #hasOtherAbi: boolean;
  #made = 0;
  /** The process stopped within a call, and who is alive when that call ends: no one else stops until it resumes. */
  #stopped: { readonly runner: Runner; readonly goOn: readonly Runner[] } | null = null;

  /** hasOtherAbi: the machine runs programs of other ABIs than its own. */
  constructor(most: number, cpus: number, hasOtherAbi: boolean) {
    this.#most = most;
    this.#cpus = cpus;
    this.#hasOtherAbi = hasOtherAbi;
  }

  /** What comes before the first op. */
  get head(): readonly string[] {
    return this.#hasOtherAbi ? [...FILES, `program ${WITHOUT_SHARED} entries=20 abi=no-shared`] : FILES;
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

  /** Makes all processes exit, the youngest first. */
  finish(): void {
    this.go();
    for (const runner of this.#alive.toReversed()) this.exit(runner, 0);
  }

  op(runner: Runner, text: string, choice: Choice): void {
    const cpu = this.#cpus > 1 ? `@${choice.how % this.#cpus}` : '';
    this.lines.push(`${runner.name}${cpu}: ${text}`);
  }

  /** Returns a span within a region of the process, and the region; null if it has mapped nothing. */
  span(runner: Runner, { where, from, size }: Choice): { text: string; region: Region } | null {
    const { regions } = runner.space;
    if (regions.length === 0) return null;
    const region = pick(regions, where);
    const first = from % region.pages;
    const count = 1 + (size % (region.pages - first));
    const start = `0x${(region.start + first * PAGE_SIZE).toString(16)}`;
    return { text: `${start} ${formatSize(count * PAGE_SIZE)}`, region };
  }

  map(runner: Runner, choice: Choice): void {
    const start = FIRST_REGION + (choice.where % SLOTS) * SLOT;
    const pages = pick(SIZES, choice.size);
    const size = formatSize(pages * PAGE_SIZE);
    const prot = pick(PROTECTIONS, choice.how);
    const place = `fixed 0x${start.toString(16)}`;
    const file = `file f${choice.where % 3}`;
    const kinds = [
      { what: 'anon', prot, shared: '' },
      { what: 'anon', prot: 'rw', shared: '' },
      { what: 'anon', prot: 'rw', shared: ' shared' },
      { what: file, prot, shared: '' },
      { what: file, prot: 'rw', shared: ' shared' },
      { what: 'guard', prot: '-', shared: '' },
    ];
    const kind = pick(kinds, choice.from);
    this.op(runner, `mmap ${kind.what} ${size} ${kind.prot}${kind.shared} ${place}`, choice);
    const { regions } = runner.space;
    const same = regions.findIndex((region) => region.start === start);
    if (same >= 0) regions.splice(same, 1);
    regions.push({ start, pages, prot: kind.prot });
  }

  makeChild(runner: Runner, verb: string, memory: ChildMemory, choice: Choice): void {
    if (this.#alive.length >= this.#most) return;
    const space = memoryFor(runner.space, memory);
    const child = this.#child(runner, space);
    if (memory === 'new') child.hasShared = true;
    this.op(runner, `${verb} -> ${child.name}`, choice);
    this.#alive.push(child);
    if (verb === 'vfork') runner.blockedBy = child;
  }

  #child(parent: Runner, space: Space): Runner {
    return { name: `p${++this.#made}`, parent, space, blockedBy: null, hasShared: parent.hasShared };
  }

  exec(runner: Runner, choice: Choice): void {
    runner.hasShared = !this.#hasOtherAbi || choice.how % OTHER_ABI !== 0;
    this.op(runner, `exec ${runner.hasShared ? pick(PROGRAMS, choice.size) : WITHOUT_SHARED}`, choice);
    runner.space = { regions: [] };
    this.#unblock(runner);
  }

  exit(runner: Runner, status: number): void {
    this.lines.push(`${runner.name}: exit${status === 0 ? '' : ` ${status}`}`);
    this.#alive.splice(this.#alive.indexOf(runner), 1);
    this.#gone(runner);
  }

  /** Starts a call that others may run alongside; go() finishes it. */
  stop(runner: Runner, choice: Choice): void {
    if (this.#stopped !== null) return;
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
    this.#stopped = { runner, goOn };
  }

  /** A call is stopped: others run before it goes on. */
  get isStopped(): boolean {
    return this.#stopped !== null;
  }

  go(): void {
    if (this.#stopped === null) return;
    const { runner, goOn } = this.#stopped;
    this.#stopped = null;
    this.lines.push(`${runner.name}: go`);
    this.#alive.push(...goOn);
    if (goOn.length === 0) this.#gone(runner);
  }

  #gone(runner: Runner): void {
    this.#unblock(runner);
    if (runner.parent !== null && this.#alive.includes(runner.parent)) {
      this.lines.push(`${runner.parent.name}: wait ${runner.name}`);
    }
  }

  #start(choice: Choice): void {
    const name = `p${++this.#made}`;
    const runner: Runner = { name, parent: null, space: { regions: [] }, blockedBy: null, hasShared: true };
    this.#alive.push(runner);
    this.exec(runner, choice);
  }

  #unblock(child: Runner): void {
    if (child.parent?.blockedBy === child) child.parent.blockedBy = null;
  }
}
