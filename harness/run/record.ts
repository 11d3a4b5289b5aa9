/**
 * RunRecord: what one variant did with one workload. Plain data and typed arrays throughout, so that structured clone
 * carries it between processes and comparison needs no machine.
 *
 * A record is a function of workload, variant and options alone: no time, no path, no host, no process id.
 */
import type { Snapshot } from '../../core/index.ts';

export { OUTCOME_STOPPED } from '../workload/names.ts';

/** How a run ended. Only `failed` is no outcome of the simulated kernel. */
export type Ended =
  | { readonly kind: 'done' }
  | {
      readonly kind: 'panic';
      /** index of the op that was being run */
      readonly op: number;
      /** the C function */
      readonly where: string;
      readonly reason: string;
      readonly values: Readonly<Record<string, number | string>>;
    }
  | Failure;

/** load: the variant never came to run. limit: wall time. memory: resident memory. killed: its process went away. */
export type FailureKind = 'load' | 'throw' | 'limit' | 'memory' | 'killed';

export interface Failure {
  readonly kind: 'failed';
  readonly how: FailureKind;
  /** index of the op that was being run, null if that is not known */
  readonly op: number | null;
  readonly message: string;
}

/** One entry per op that was run to its end. */
export interface PerOp {
  /** outcome: 0 ok, errno 1..99, 128 + signal, 256 not run, 257 stopped at a yield point */
  readonly code: Int32Array;
  /**
   * what the op returned or read: a child's number, an address, the time; 0 if nothing. Of one that was not run: the signal
   * that its process had died of
   */
  readonly value: Float64Array;
  /** pm_stats of the acting process's pmap after the op; 0 once the process has none */
  readonly residentCount: Int32Array;
  readonly wiredCount: Int32Array;
  /** top-level pages of that pmap: 1, 2 with page-table isolation, 0 once the process has none */
  readonly topPages: Uint8Array;
  /** op i changed counter counterIndex[k] by counterDelta[k] for k in counterFrom[i] .. counterFrom[i + 1] */
  readonly counterFrom: Uint32Array;
  readonly counterIndex: Uint8Array;
  readonly counterDelta: Int32Array;
}

/** Digests of the whole machine after an op, up to renaming of frames and objects. */
export interface Checkpoint {
  readonly op: number;
  readonly map: string;
  readonly tables: string;
  /** some call waits at a yield point: what it does to page tables is half done */
  readonly isMidCall: boolean;
  /**
   * resident_count, wired_count and top-level pages of every pmap: kernel_pmap, pmap0, then by age of the vmspaces. The two
   * that boot made count no top-level pages.
   */
  readonly pmaps: Int32Array;
}

/** Numbers that Checkpoint.pmaps has of each pmap. */
export const PMAP_FIELDS = 3;

/** Op `op` went on with the call that stopped in op `from`. */
export interface Resumed {
  readonly op: number;
  readonly from: number;
}

export interface RemoveCalls {
  calls: number;
  early: number;
}

export const PLACES = ['exit', 'exec', 'other'] as const;
export type Place = (typeof PLACES)[number];

/** What a process is when it exits or execs: exec'd since it was made; never exec'd, made by fork; never, shares a space. */
export const PROCESS_KINDS = ['execed', 'forked', 'vforked'] as const;
export type ProcessKind = (typeof PROCESS_KINDS)[number];

/** Exits, or execs, of processes of one kind. */
export interface KindCalls extends RemoveCalls {
  processes: number;
  /** of them: have read the shared page since they were made or last exec'd */
  touched: number;
}

export type ByKind = Readonly<Record<ProcessKind, Readonly<Record<'exit' | 'exec', KindCalls>>>>;

/** A gauge that is not back where it started although no process is left. */
export interface Leftover {
  readonly what: string;
  readonly start: number;
  readonly end: number;
}

/** What the end of the workload left behind; `left` is filled only when no process is alive. */
export interface Balance {
  readonly alive: number;
  readonly left: readonly Leftover[];
}

/** How faithful the replay of a recording was: a replay that maps nothing must not look clean. */
export interface ReplayStats {
  /** page accesses made for the recording's faults, touches and pages resident at exec */
  accesses: number;
  /** of them: no fault, one fault or more and then done, ended in a signal */
  hits: number;
  faulted: number;
  signals: number;
  /** faults in the recording: of an absent page, of a present one */
  recordedFaults: number;
  recordedFaultsPresent: number;
  /** recorded faults of an absent page that found it mapped already: prefault, or a mapping too many */
  mappedAlready: number;
  /** faults taken where the recording has none: at a touch, or a second one for one access */
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

/** Ops of a run that followed one another, op by op. A record holds all of them as one part. */
export interface RunPart {
  /** ops that were run to their end */
  readonly ops: number;
  readonly perOp: PerOp;
  /** counters before its first op (booting counts too) */
  readonly start: Float64Array;
  /** by number of the op in the workload */
  readonly checkpoints: readonly Checkpoint[];
  /** ops that went on with a stopped call, in order, by number of the op in the workload */
  readonly resumed: readonly Resumed[];
  readonly violations: readonly Violation[];
  /** calls into the pmap layer; null unless asked for */
  readonly events: RecordedEvents | null;
}

/** What a run came to. */
export interface RunEnd {
  readonly workload: string;
  readonly variant: string;
  readonly ended: Ended;
  /** ops that were run to their end */
  readonly ops: number;
  /** counters before the first op (booting counts too) and after the last */
  readonly start: Float64Array;
  readonly totals: Float64Array;
  readonly removeByPlace: Readonly<Record<Place, RemoveCalls>>;
  readonly balance: Balance;
  /** null unless the workload is a recording */
  readonly replay: ReplayStats | null;
  /** those of all parts */
  readonly violations: readonly Violation[];
  /** the whole state after op `op`, as plain data; null unless asked for, and if the run did not get there */
  readonly state: { readonly op: number; readonly machine: Snapshot } | null;
  /** null unless asked for */
  readonly profile: Profile | null;
}

export type RunRecord = RunPart & RunEnd;

/** Op i made events from[i] .. from[i + 1], each EVENT_WORDS numbers of `words` (core/events). */
export interface RecordedEvents {
  readonly from: Uint32Array;
  readonly words: Float64Array;
}

/**
 * What the ops came to, at the sites of the kernel where it was counted (core/calls). Node n of the tree of sites is
 * site[n] under node parent[n]; node 0 is the op itself. Op i charged delta[k] of quantity what[k] to node[k], for k in
 * from[i] .. from[i + 1]; the op that a run ended in is the last one. Quantities: the counters, then CHARGED_EXTRA.
 */
export interface Profile {
  readonly parent: Int32Array;
  readonly site: Uint8Array;
  readonly from: Uint32Array;
  readonly node: Uint16Array;
  readonly what: Uint8Array;
  readonly delta: Float64Array;
  /** sums over the pmaps of all address spaces at the end, read off them */
  readonly residentCount: number;
  readonly wiredCount: number;
}

/** What a run is asked for besides its record. */
export interface RunOptions {
  /** record calls into the pmap layer */
  readonly events?: boolean;
  /** charge what is counted to the places where it happens */
  readonly profile?: boolean;
  /** take the whole state after this op */
  readonly stateAfter?: number;
  /** check every invariant: after each op, or at checkpoints where there are CHECKED_OPS or more */
  readonly check?: boolean;
  /** end after this op */
  readonly until?: number;
  /** take digests of the whole machine at checkpoints, to compare. @default true */
  readonly digests?: boolean;
}

/** From this many ops on a workload is checked at checkpoints only: process exits, stops, snapshots and the end. */
export const CHECKED_OPS = 20_000;

/** A part without ops: of a run that is over, or that never got anywhere. */
export function emptyPart(): RunPart {
  return {
    ops: 0,
    perOp: {
      code: new Int32Array(),
      value: new Float64Array(),
      residentCount: new Int32Array(),
      wiredCount: new Int32Array(),
      topPages: new Uint8Array(),
      counterFrom: new Uint32Array(1),
      counterIndex: new Uint8Array(),
      counterDelta: new Int32Array(),
    },
    start: new Float64Array(),
    checkpoints: [],
    resumed: [],
    violations: [],
    events: null,
  };
}

/** The end of a run that never got anywhere, or whose process was lost with all that it had counted. */
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
