/**
 * RunRecord: what one variant did with one workload. It is plain data and typed arrays throughout, so that structured
 * clone can carry it between processes and comparison needs no machine.
 *
 * A record depends only on workload, variant and options: it contains no time, path, host or process id.
 */
import type { InstanceCounts, Snapshot } from '../../core/index.ts';

export { OUTCOME_STOPPED } from '../workload/names.ts';

/** How a run ended. All kinds except `failed` are outcomes of the simulated kernel. */
export type Ended =
  | { readonly kind: 'done' }
  | {
      readonly kind: 'panic';
      /** index of the op being run */
      readonly op: number;
      /** the C function */
      readonly where: string;
      readonly reason: string;
      readonly values: Readonly<Record<string, number | string>>;
    }
  | Failure;

/** load: the variant could not be loaded. limit: wall time. memory: resident memory. killed: its process died. */
export type FailureKind = 'load' | 'throw' | 'limit' | 'memory' | 'killed';

export interface Failure {
  readonly kind: 'failed';
  readonly how: FailureKind;
  /** index of the op being run, null if unknown */
  readonly op: number | null;
  readonly message: string;
}

/** One entry per op that ran to completion. */
export interface PerOp {
  /** outcome: 0 ok, errno 1..99, 128 + signal, 256 not run, 257 stopped at a yield point */
  readonly code: Int32Array;
  /**
   * what the op returned or read: a child's number, an address, the time; 0 if it has no value. Of an op that was not run:
   * the signal that killed its process, or ASLEEP; of one that stopped: the number of the yield point, which no process sees
   */
  readonly value: Float64Array;
  /** pm_stats of the acting process's pmap after the op; 0 if the process no longer has one */
  readonly residentCount: Int32Array;
  readonly wiredCount: Int32Array;
  /** top-level pages of that pmap: 1, or 2 with page-table isolation; 0 if the process no longer has one */
  readonly topPages: Uint8Array;
  /**
   * 4K pages that the acting process's pmap maps in the span that the op was about, if it may take mappings away or wire
   * them; those of them that the map does not allow (core/mapped). 0 after any other op.
   */
  readonly mappedPages: Int32Array;
  readonly excessPages: Int32Array;
  /**
   * Op i changed the counters as list n = counterList[i] says: counter counterIndex[k] by counterDelta[k], for k in
   * counterFrom[n] .. counterFrom[n + 1]. Equal lists have one number; they are numbered in the order of their first ops.
   */
  readonly counterList: Uint32Array;
  readonly counterFrom: Uint32Array;
  readonly counterIndex: Uint8Array;
  readonly counterDelta: Float64Array;
}

/**
 * Digests of the whole machine after an op; independent of frame and object numbers. An op that only made a process has the
 * digest of the maps alone, and in `pmaps` the child's; while many processes are alive, so have most exits, with every pmap.
 */
export interface Checkpoint {
  readonly op: number;
  readonly map: string;
  /** empty: not taken */
  readonly tables: string;
  /** some call is stopped at a yield point and has updated the page tables only partly */
  readonly isMidCall: boolean;
  /**
   * resident_count, wired_count, top-level pages, pages mapped and those that the map does not allow, of every pmap:
   * kernel_pmap, pmap0, then by age of the vmspaces. The two that boot made count no top-level pages, and nothing mapped.
   */
  readonly pmaps: Int32Array;
}

/** Numbers that Checkpoint.pmaps has of each pmap. */
export const PMAP_FIELDS = 5;

/** Op `op` resumed the call that stopped in op `from`. */
export interface Resumed {
  readonly op: number;
  readonly from: number;
}

/** A process that a signal killed during op `op`, which may be another process's. */
export interface Killed {
  readonly op: number;
  readonly process: string;
  readonly signal: string;
}

export interface RemoveCalls {
  calls: number;
  early: number;
}

export const PLACES = ['exit', 'exec', 'other'] as const;
export type Place = (typeof PLACES)[number];

/**
 * Kind of a process when it exits or execs: it has exec'd since its creation; it has not and was made by fork; it has
 * not and shares a vmspace.
 */
export const PROCESS_KINDS = ['execed', 'forked', 'vforked'] as const;
export type ProcessKind = (typeof PROCESS_KINDS)[number];

/** Exits, or execs, of processes of one kind. */
export interface KindCalls extends RemoveCalls {
  processes: number;
  /** how many of them have read the shared page since their creation or last exec */
  touched: number;
}

export type ByKind = Readonly<Record<ProcessKind, Readonly<Record<'exit' | 'exec', KindCalls>>>>;

/** A gauge that is not back at its initial value although no process is left. */
export interface Leftover {
  readonly what: string;
  readonly start: number;
  readonly end: number;
}

/** Leaks at the end of the workload; `left` is filled only if no process is alive. */
export interface Balance {
  readonly alive: number;
  readonly left: readonly Leftover[];
}

/** How faithful the replay of a recording was: a replay that maps nothing must not look clean. */
export interface ReplayStats {
  /** page accesses made for the recording's faults, touches and pages resident at exec */
  accesses: number;
  /** of these accesses: without a fault, completed after one or more faults, ended in a signal */
  hits: number;
  faulted: number;
  signals: number;
  /** faults in the recording: on an absent page, on a present one */
  recordedFaults: number;
  recordedFaultsPresent: number;
  /** recorded faults on an absent page that found it already mapped: because of prefault, or of an extra mapping */
  mappedAlready: number;
  /** faults taken where the recording has none: at a touch, or a second one for the same access */
  extraFaults: number;
  /** ops that returned an errno */
  failedOps: number;
  readonly byKind: ByKind;
}

/** An invariant that did not hold after an op. */
export interface Violation {
  readonly name: string;
  readonly op: number;
  /** name of the process, null for the whole machine */
  readonly process: string | null;
  readonly expected: string;
  readonly got: string;
}

/** Consecutive ops of a run, op by op. A record contains all of them as one part. */
export interface RunPart {
  /** number of ops that ran to completion */
  readonly ops: number;
  readonly perOp: PerOp;
  /** counters before its first op (booting counts too) */
  readonly start: Float64Array;
  /** op numbers are those of the workload */
  readonly checkpoints: readonly Checkpoint[];
  /** ops that resumed a stopped call, in order; op numbers are those of the workload */
  readonly resumed: readonly Resumed[];
  /** in order; op numbers are those of the workload */
  readonly killed: readonly Killed[];
  readonly violations: readonly Violation[];
  /** calls into the pmap layer; null unless requested */
  readonly events: RecordedEvents | null;
  /** the whole machine after each op that was asked for; absent: none was */
  readonly states?: readonly MachineState[];
}

/** The result of a run. */
export interface RunEnd {
  readonly workload: string;
  readonly variant: string;
  readonly ended: Ended;
  /** number of ops that ran to completion */
  readonly ops: number;
  /** counters before the first op (booting counts too) and after the last */
  readonly start: Float64Array;
  readonly totals: Float64Array;
  readonly removeByPlace: Readonly<Record<Place, RemoveCalls>>;
  readonly balance: Balance;
  /** null unless the workload is a recording */
  readonly replay: ReplayStats | null;
  /** violations of all parts */
  readonly violations: readonly Violation[];
  /** the whole state after op `op`, as plain data; null if not requested or if the run did not reach it */
  readonly state: { readonly op: number; readonly machine: Snapshot } | null;
  /** null unless requested */
  readonly profile: Profile | null;
  /** counters that only this run's core has, with what the ops added, and those that it has not; absent: none */
  readonly apart?: Apart;
  /** how often functions that a patch changes were entered; absent: nothing is changed */
  readonly entered?: Entered;
}

/** Counters of a patched core that are no counters of this program, or the reverse. */
export interface Apart {
  readonly counters: Readonly<Record<string, number>>;
  readonly missing: readonly string[];
}

/** By changed function, in calls. */
export interface Entered {
  readonly calls: Readonly<Record<string, number>>;
  /** functions that a machine enters before the first op, which are not counted then */
  readonly atBoot: readonly string[];
}

export type RunRecord = RunPart & RunEnd;

/** The whole machine after op `op`. */
export interface MachineState {
  readonly op: number;
  readonly machine: Snapshot;
  /** digests of both planes, as of a checkpoint */
  readonly map: string;
  readonly tables: string;
  /** as of a checkpoint */
  readonly pmaps: Int32Array;
  /** per CPU, the number of the vmspace whose pmap is loaded there; 0: none of them */
  readonly cpus: Int32Array;
  /** names of the processes that are alive, by pid */
  readonly names: Readonly<Record<number, string>>;
}

/** Op i emitted events from[i] .. from[i + 1], each EVENT_WORDS numbers of `words` (core/events). */
export interface RecordedEvents {
  readonly from: Uint32Array;
  readonly words: Float64Array;
  /** kinds by number; absent: those of this program */
  readonly kinds?: readonly string[];
}

/**
 * What each op counted, by the kernel site where it was counted (core/calls). Node n of the tree of sites is
 * sites[site[n]] under node parent[n]; node 0 is the op itself. Op i charged delta[k] of quantity what[k] to node[k], for k in from[i]
 * .. from[i + 1]; the op in which the run ended is the last one. Quantities: the counters, then CHARGED_EXTRA.
 */
export interface Profile {
  readonly parent: Int32Array;
  readonly site: Uint8Array;
  readonly sites: readonly string[];
  readonly from: Uint32Array;
  readonly node: Uint16Array;
  readonly what: Uint8Array;
  readonly delta: Float64Array;
  /** sums over the pmaps of all address spaces at the end, read from the pmaps themselves */
  readonly residentCount: number;
  readonly wiredCount: number;
  /** by lock and line; absent: from a core that does not count so */
  readonly instances?: InstanceCounts;
}

/** Optional parts of a run's record, and limits. */
export interface RunOptions {
  /** record calls into the pmap layer */
  readonly events?: boolean;
  /** charge counters to the places where they change */
  readonly profile?: boolean;
  /** take the whole state after this op */
  readonly stateAfter?: number;
  /** take the whole machine after this op and each after it, up to `until`. Not compared, and large */
  readonly statesFrom?: number;
  /** check every invariant: after each op, or only at checkpoints if there are CHECKED_OPS ops or more */
  readonly check?: boolean;
  /** check: after one op in so many, and at checkpoints */
  readonly checkEach?: number;
  /** a member of the seam that does nothing, whatever the variant: a fault planted in all of them alike */
  readonly without?: 'vmspaceClear';
  /** end after this op */
  readonly until?: number;
  /** take digests of the whole machine at checkpoints, or only at ops that ask for them, to compare. @default true */
  readonly digests?: boolean | 'snapshots';
}

/**
 * A workload with at least this many ops is checked at checkpoints only: process exits, stops, snapshots and the end.
 */
export const CHECKED_OPS = 20_000;

/** A part without ops, for a run that is over or never started. */
export function emptyPart(): RunPart {
  return {
    ops: 0,
    perOp: {
      code: new Int32Array(),
      value: new Float64Array(),
      residentCount: new Int32Array(),
      wiredCount: new Int32Array(),
      topPages: new Uint8Array(),
      mappedPages: new Int32Array(),
      excessPages: new Int32Array(),
      counterList: new Uint32Array(),
      counterFrom: new Uint32Array(1),
      counterIndex: new Uint8Array(),
      counterDelta: new Float64Array(),
    },
    start: new Float64Array(),
    checkpoints: [],
    resumed: [],
    killed: [],
    violations: [],
    events: null,
  };
}

/** The end of a run that never started, or whose process was lost with all its counts. */
export function failedEnd(workload: string, variant: string, ended: Failure): RunEnd {
  return {
    workload,
    variant,
    ended,
    ops: 0,
    start: new Float64Array(),
    totals: new Float64Array(),
    removeByPlace: { exit: { calls: 0, early: 0 }, exec: { calls: 0, early: 0 }, other: { calls: 0, early: 0 } },
    balance: { alive: 0, left: [] },
    replay: null,
    violations: [],
    state: null,
    profile: null,
  };
}
