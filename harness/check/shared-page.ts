/**
 * The shared page's entry in every native process, and reads of it. Only the process itself may remove the entry, and
 * its children inherit that.
 */
import { MAP_ENTRY_NEEDS_COPY, PRS_NORMAL, type Proc, VM_INHERIT_SHARE, type Vmspace } from '../../core/inspect.ts';
import type { MapRows } from './maps.ts';
import { type Moment, type State, hex } from './state.ts';
import type { Violations } from './violations.ts';

/** Verbs with which a process can change the entry; and verbs that copy a vmspace. */
const CHANGING = new Set(['mmap', 'munmap', 'mprotect', 'minherit']);
const COPYING = new Set(['fork', 'unshare', 'go']);
const READING = new Set(['clock', 'touch-shared']);
const SIGSEGV = 128 + 11;
const READ_EXECUTE = 5;

/** What is known about a vmspace. */
interface SharedEntry {
  /** It got the entry from exec or its parent, and only its own users may have removed it since. */
  expected: boolean;
  /** A call since the last check may have changed the entry. */
  changing: boolean;
}

export class SharedPage {
  #known = new Map<Vmspace, SharedEntry>();
  /** The vmspace of each process before the noted op. */
  #vmspaces = new Map<Proc, Vmspace>();

  /** Call after every op, including those that are not checked. */
  note(
    report: Violations,
    live: readonly Vmspace[],
    { op, verb, code, acting }: Moment,
    nameOf: (p: Proc) => string,
  ): void {
    if (acting === null) return;
    const before = this.#vmspaces.get(acting) ?? acting.vmspace;
    const mine = this.#knownOf(before);
    if (CHANGING.has(verb)) mine.changing = true;
    const newest = live.at(-1);
    if (COPYING.has(verb) && newest !== undefined && !this.#known.has(newest)) this.#known.set(newest, { ...mine });
    if (code === SIGSEGV && READING.has(verb) && mine.expected && !mine.changing)
      report.happened('shared-page-signal', op, nameOf(acting), 'the time', 'SIGSEGV');
    this.#vmspaces.set(acting, acting.vmspace);
  }

  #knownOf(vm: Vmspace): SharedEntry {
    let known = this.#known.get(vm);
    if (known === undefined) this.#known.set(vm, (known = { expected: false, changing: false }));
    return known;
  }

  check(state: State, maps: readonly MapRows[]): void {
    const { m, report, nameOf } = state;
    for (const vm of state.freed) this.#known.delete(vm);
    const changed = new Set<SharedEntry>();
    for (const p of m.procs.values()) {
      this.#vmspaces.set(p, p.vmspace);
      const shared = p.sysent.sharedPage;
      if (p.state !== PRS_NORMAL || shared === null || p.vmspace === m.vmspace0) continue;
      const rows = maps.find(({ vm }) => vm === p.vmspace);
      if (rows === undefined) continue;
      const what = entryAt(rows, shared.base, shared.len, m.vm.sharedPage);
      const known = this.#knownOf(p.vmspace);
      if (what === null) known.expected = true;
      else if (known.changing) known.expected = false;
      changed.add(known);
      if (what !== null && known.expected)
        report.broken('shared-page-entry', nameOf(p), `${hex(shared.base)}: the shared page, r-x, shared`, what);
    }
    for (const known of changed) known.changing = false;
    if (this.#vmspaces.size > 2 * m.procs.size + 64)
      for (const p of this.#vmspaces.keys()) if (!m.procs.has(p.pid)) this.#vmspaces.delete(p);
  }
}

/** Returns null if the entry is as exec makes it. */
function entryAt(
  { entries }: MapRows,
  base: number,
  len: number,
  object: State['m']['vm']['sharedPage'],
): string | null {
  const entry = entries.find(({ start, end }) => start < base + len && end > base);
  if (entry === undefined) return 'no entry';
  const isSound =
    entry.start === base &&
    entry.end === base + len &&
    entry.object === object &&
    entry.offset === 0 &&
    entry.protection === READ_EXECUTE &&
    entry.maxProtection === READ_EXECUTE &&
    entry.inheritance === VM_INHERIT_SHARE &&
    (entry.eflags & MAP_ENTRY_NEEDS_COPY) === 0;
  return isSound
    ? null
    : `${hex(entry.start)} to ${hex(entry.end)}, protection ${entry.protection}, object ${entry.object?.id ?? 0}`;
}
