/** The answer of `cost`: what runs counted, priced; how variants compare alone and on many CPUs; what is left out. */
import type { ByInstance } from '../../core/instances.ts';
import { processKinds } from '../explain/processes.ts';
import type { RunRecord } from '../run/record.ts';
import { CHUNK_OPS, OP_NAMES, type Workload } from '../workload/ops.ts';
import { type MachineName, valuesOf } from './constants.ts';
import {
  CORNERS,
  type Contention,
  type Frames,
  INVALIDATION_LIST,
  type Life,
  type NamedLoad,
  PV_LIST,
  SHARED_OBJECT,
  collapse,
  contend,
  lifeOf,
} from './contention.ts';
import {
  type Counted,
  type LockedOps,
  PHASES,
  type Phase,
  type Span,
  countOf,
  countedIn,
  lifeWork,
  lockedOps,
  together,
} from './measure.ts';
import { PARTS_OF_A_CYCLE, type Range, type Work, priceOf, pricesOf, ratioOf } from './prices.ts';

/** Cycles of a phase, of all processes of a kind; the remainder is what a process life costs besides. */
export interface PhaseCost extends Range {
  readonly workload: string;
  readonly variant: string;
  readonly processes: string;
  readonly phase: Phase | 'remainder';
}

/** Modelled time of `b` less that of `a`, as a share of that of `a`: what the step costs, or saves if it is negative. */
export interface KindCost extends Range {
  readonly workload: string;
  readonly a: string;
  readonly b: string;
  readonly processes: string;
}

/**
 * How the speeds of two variants differ on so many CPUs, beside how they differ on one. none: less than a benchmark can
 * tell.
 */
export type Effect = 'none' | 'smaller' | 'same' | 'larger';

/** Process lives per second of `b`, of those of `a`. */
export interface RatioRow extends Range {
  readonly workload: string;
  readonly a: string;
  readonly b: string;
  readonly cpus: number;
  readonly frames: Frames;
  /** the typical ratio where the hottest lock collapses, see collapse; null: nothing is shared */
  readonly collapsing: number | null;
  readonly effect: Effect;
  /** with other constants of their ranges, the effect is larger instead of smaller, or the reverse */
  readonly flips: boolean;
  /** the busiest of what instances share, under `a` and `b`; empty: nothing is shared */
  readonly busiest: readonly [string, string];
}

export interface StationRow {
  readonly workload: string;
  readonly variant: string;
  readonly cpus: number;
  readonly frames: Frames;
  readonly name: string;
  readonly alike: number;
  readonly utilisation: number;
  /** cycles that a process life waits there */
  readonly waits: number;
}

/** How many times the process lives of one CPU so many do. */
export interface SpeedupRow {
  readonly workload: string;
  readonly variant: string;
  readonly cpus: number;
  readonly frames: Frames;
  readonly typical: number;
  /** no schedule of what instances share does better */
  readonly most: number;
}

/** What was counted that contention is about. */
export interface CountedRow {
  readonly workload: string;
  readonly variant: string;
  readonly lives: number;
  readonly locked: LockedOps;
  readonly pvLocks: ByInstance;
  readonly pvPages: ByInstance;
  readonly references: ByInstance;
  /** pv entries that pmap_copy made and pmap_remove_pages removed, and the neighbours in their lists */
  readonly pagesCopied: number;
  readonly pagesRemoved: number;
  readonly neighboursCopied: number;
  readonly neighboursRemoved: number;
  readonly pvListLocks: number;
  readonly sharers: number;
}

/** What no constant stands for. */
export const NOT_MODELLED: readonly string[] = [
  'user time, and time in which every process sleeps',
  'what fork, exit and wait do besides what is counted: one constant per process that ends, the same for every variant',
  'image activation, path lookup and read(2) in exec; the entry of system calls',
  'caches and TLBs as state: a flush costs its instruction, not the misses after it',
  'the scheduler, migration between CPUs, interrupts, power states',
  'locks that are not counted: allproc, proctree, pid hash, vnodes, page queues, per-domain free lists, UMA',
  'back-off and its idle time, lock hand-off between sockets, NUMA domains',
  'INVARIANTS and WITNESS, as in GENERIC of a development branch',
];

export interface CostReport {
  /** hash of the constants */
  readonly constants: string;
  readonly machine: MachineName;
  readonly phases: readonly PhaseCost[];
  readonly kinds: readonly KindCost[];
  readonly counted: readonly CountedRow[];
  readonly ratios: readonly RatioRow[];
  readonly speedups: readonly SpeedupRow[];
  readonly stations: readonly StationRow[];
  readonly notModelled: readonly string[];
}

/** What is asked of the model besides the runs. */
export interface Question {
  readonly machine: MachineName;
  readonly cpus: readonly number[];
  readonly frames: readonly Frames[];
  /** see remainderOf */
  readonly remainder: Work;
}

export type Rows = Omit<CostReport, 'constants' | 'machine' | 'notModelled'>;

interface Measured {
  readonly variant: string;
  readonly kinds: readonly string[];
  readonly groups: readonly Counted[];
  readonly life: Life;
  readonly row: CountedRow;
}

/** The rows of one workload: each variant is compared with the first. Throws RangeError: a run ended no process. */
export function costOf(workload: Workload, records: readonly RunRecord[], question: Question): Rows {
  const span = spanOf(workload);
  const all = records.map((record) => measured(workload, record, span, question.remainder));
  const [reference, ...others] = all;
  const solved = all.map(({ life }) => new Solved(life, question.machine));
  return {
    phases: all.flatMap((one) => phaseRows(workload.name, one, question)),
    kinds: others.flatMap((one) => kindRows(workload.name, reference, one, question)),
    counted: all.map(({ row }) => row),
    ratios: others.flatMap((_one, i) => ratioRows(workload.name, solved[0], solved[i + 1], question)),
    speedups: solved.flatMap((one) => speedupRows(workload.name, one, question)),
    stations: solved.flatMap((one) => stationRows(workload.name, one, question)),
  };
}

interface KindSpan extends Span {
  readonly kinds: readonly string[];
}

/** All ops of a workload, by kind of process. */
function spanOf(workload: Workload): KindSpan {
  const { ops, actors } = workload;
  const byProcess = processKinds(workload);
  const kinds = [...new Set(byProcess)];
  const groupOfProcess = byProcess.map((kind) => kinds.indexOf(kind));
  const chunk = (op: number): (typeof ops.chunks)[number] => ops.chunks[Math.floor(op / CHUNK_OPS)];
  return {
    kinds,
    from: 0,
    to: ops.length,
    groups: kinds.length,
    groupOf: (op) => groupOfProcess[actors[chunk(op).who[op % CHUNK_OPS]].process],
    verbOf: (op) => OP_NAMES[chunk(op).code[op % CHUNK_OPS]],
  };
}

function measured(workload: Workload, record: RunRecord, span: KindSpan, remainder: Work): Measured {
  const { variant, profile } = record;
  if (profile === null) throw new RangeError(`cost: the run of ${variant} has no profile`);
  const groups = countedIn(profile, span);
  const counted = together(groups);
  const { instances } = profile;
  return {
    variant,
    kinds: span.kinds,
    groups,
    life: lifeOf(variant, counted, remainder, profile),
    row: {
      workload: workload.name,
      variant,
      lives: countOf(counted, 'exits'),
      locked: lockedOps(counted),
      pvLocks: instances?.pvLocks ?? [],
      pvPages: instances?.pvPages ?? [],
      references: instances?.references ?? [],
      pagesCopied: counted.pagesCopied,
      pagesRemoved: counted.pagesRemoved,
      neighboursCopied: instances?.neighboursCopied ?? 0,
      neighboursRemoved: instances?.neighboursRemoved ?? 0,
      pvListLocks: countOf(counted, 'pvListWriteLocks'),
      sharers: instances?.sharers ?? 1,
    },
  };
}

/** Cycles; exact, as a cycle has a power of two of parts. */
function cyclesOf(work: Work, machine: MachineName): Range {
  const [low, typical, high] = pricesOf(machine).map((prices) => priceOf(work, prices) / PARTS_OF_A_CYCLE);
  return { low, typical, high };
}

function phaseRows(
  workload: string,
  { variant, kinds, groups }: Measured,
  { machine, remainder }: Question,
): PhaseCost[] {
  return kinds.flatMap((processes, group) => {
    const counted = groups[group];
    const lives = countOf(counted, 'exits');
    const rest = remainder.map((count) => count * lives);
    return [
      ...PHASES.map((phase, i) => ({ workload, variant, processes, phase, ...cyclesOf(counted.phases[i], machine) })),
      { workload, variant, processes, phase: 'remainder' as const, ...cyclesOf(rest, machine) },
    ];
  });
}

function kindRows(workload: string, a: Measured, b: Measured, { machine, remainder }: Question): KindCost[] {
  const row = (processes: string, before: Counted, after: Counted): KindCost => {
    const [from, to] = [before, after].map((counted) => lifeWork(counted, remainder));
    if (to.every((count, i) => count === from[i]))
      return { workload, a: a.variant, b: b.variant, processes, low: 0, typical: 0, high: 0 };
    const { low, typical, high } = ratioOf(to, from, machine);
    return { workload, a: a.variant, b: b.variant, processes, low: low - 1, typical: typical - 1, high: high - 1 };
  };
  return [
    ...a.kinds.map((kind, i) => row(kind, a.groups[i], b.groups[i])),
    row('all', together(a.groups), together(b.groups)),
  ];
}

/** The networks of a process life, each solved once. */
class Solved {
  readonly life: Life;
  readonly #machine: MachineName;
  readonly #typical = new Map<string, Contention>();
  readonly #collapsing = new Map<string, number>();
  readonly #corners = new Map<string, readonly number[]>();

  constructor(life: Life, machine: MachineName) {
    this.life = life;
    this.#machine = machine;
  }

  typical(cpus: number, frames: Frames): Contention {
    const key = `${cpus} ${frames}`;
    let found = this.#typical.get(key);
    if (found === undefined) this.#typical.set(key, (found = contend(this.life, cpus, frames, this.#machine)));
    return found;
  }

  /** Lives per second where the hottest lock collapses; 0: nothing is shared. */
  collapsing(cpus: number, frames: Frames): number {
    const key = `${cpus} ${frames}`;
    let found = this.#collapsing.get(key);
    if (found === undefined) this.#collapsing.set(key, (found = collapse(this.life, cpus, frames, this.#machine)));
    return found;
  }

  /** Lives per second at every corner of the constants. */
  corners(cpus: number, frames: Frames): readonly number[] {
    const key = `${cpus} ${frames}`;
    let found = this.#corners.get(key);
    if (found === undefined) {
      found = CORNERS.map((corner) => contend(this.life, cpus, frames, this.#machine, corner).throughput);
      this.#corners.set(key, found);
    }
    return found;
  }
}

/** What instances share, the busiest of it. */
const busiestOf = ({ stations }: Contention): string =>
  stations.find(({ name, utilisation }) => (name === PV_LIST || name === INVALIDATION_LIST) && utilisation > 0)?.name ??
  '';

function ratioRows(workload: string, a: Solved, b: Solved, { machine, cpus, frames }: Question): RatioRow[] {
  const least = valuesOf('leastMeasured', machine)[1];
  const alone = ratioOf(a.life.work, b.life.work, machine);
  return frames.flatMap((held) => {
    const cornersAlone = b.corners(1, held).map((speed, i) => speed / a.corners(1, held)[i]);
    return cpus.map((n): RatioRow => {
      const at = [a, b].map((one) => one.typical(n, held)) as [Contention, Contention];
      const typical = at[1].throughput / at[0].throughput;
      const corners = b.corners(n, held).map((speed, i) => speed / a.corners(n, held)[i]);
      const range = n === 1 ? alone : { low: Math.min(typical, ...corners), high: Math.max(typical, ...corners) };
      const grows = corners.map((ratio, i) => Math.abs(1 - ratio) - Math.abs(1 - cornersAlone[i]));
      return {
        workload,
        a: a.life.variant,
        b: b.life.variant,
        cpus: n,
        frames: held,
        low: range.low,
        typical,
        high: range.high,
        collapsing: a.collapsing(n, held) === 0 ? null : b.collapsing(n, held) / a.collapsing(n, held),
        effect: effectOf(Math.abs(1 - typical), Math.abs(1 - alone.typical), least),
        flips: grows.some((growth) => growth > least) && grows.some((growth) => growth < -least),
        busiest: [busiestOf(at[0]), busiestOf(at[1])],
      };
    });
  });
}

function effectOf(here: number, alone: number, least: number): Effect {
  if (here < least) return 'none';
  if (Math.abs(here - alone) < least) return 'same';
  return here < alone ? 'smaller' : 'larger';
}

const speedupRows = (workload: string, one: Solved, { cpus, frames }: Question): SpeedupRow[] =>
  frames.flatMap((held) => {
    const { throughput: alone } = one.typical(1, held);
    return cpus.map((n) => {
      const { throughput, bound } = one.typical(n, held);
      const { variant } = one.life;
      return { workload, variant, cpus: n, frames: held, typical: throughput / alone, most: bound / alone };
    });
  });

/** Every station but the shared objects, of which the busiest is enough. */
const shown = ({ stations }: Contention): readonly NamedLoad[] => {
  const object = stations.find(({ name }) => name.startsWith(SHARED_OBJECT));
  return stations.filter((one) => one === object || !one.name.startsWith(SHARED_OBJECT));
};

const stationRows = (workload: string, one: Solved, { cpus, frames }: Question): StationRow[] =>
  frames.flatMap((held) =>
    cpus.flatMap((n) =>
      shown(one.typical(n, held)).map(({ name, alike, utilisation, wait }) => ({
        workload,
        variant: one.life.variant,
        cpus: n,
        frames: held,
        name,
        alike,
        utilisation,
        waits: wait,
      })),
    ),
  );
