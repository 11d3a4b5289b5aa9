/**
 * explain: the difference in any counter or statistic between two runs of one workload, as a sum over groups of events.
 *
 * An event is what one op counted at one site: a function of the kernel, with its call chain. Each event is in exactly
 * one group. So the groups add up to the difference, and `unexplained`, which checks the sum against the counters
 * themselves, is 0. Counting begins with the first op, as in `replay`: what boot counted is in no group and in no total.
 */
import { CHARGED_EXTRA, CHARGED_RESIDENT, CHARGED_WIRED } from '../../core/calls.ts';
import { COUNTERS, COUNTER_COUNT, REACHED } from '../../core/counters.ts';
import { FIRST_FUNCTION, PLACE_NAMES } from '../../core/places.ts';
import type { Profile, RunRecord } from '../run/record.ts';
import { CHUNK_OPS, OP_NAMES, type Workload } from '../workload/ops.ts';
import { processKinds } from './processes.ts';

/**
 * The dimensions by which events can be grouped. place: exit, exec or other. stack: the kernel functions down to the
 * call.
 */
export const DIMENSIONS = ['op', 'process', 'kind', 'place', 'stack', 'call'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export interface Group {
  /** value of each requested dimension */
  readonly by: Readonly<Partial<Record<Dimension, string>>>;
  readonly reference: number;
  readonly candidate: number;
  readonly delta: number;
}

export interface Explanation {
  readonly what: string;
  /** at the end of both runs, counted from the first op on */
  readonly reference: number;
  readonly candidate: number;
  readonly delta: number;
  /** groups that differ, the largest first */
  readonly groups: readonly Group[];
  /** number of groups that count the same in both */
  readonly same: number;
  /** delta minus the sum over all groups */
  readonly unexplained: number;
}

/**
 * Name and number of each quantity that can be explained: every counter, then the sums of pm_stats over all user pmaps.
 */
const QUANTITIES: readonly (readonly [string, number])[] = [
  ...COUNTERS.map(([number, name]) => [name, number] as const),
  [CHARGED_EXTRA[0], CHARGED_RESIDENT],
  [CHARGED_EXTRA[1], CHARGED_WIRED],
];
export const EXPLAINABLE: readonly string[] = QUANTITIES.map(([name]) => name);
/** Explained only if named: whether members were reached is not a difference. */
const isQuiet = (what: number): boolean => REACHED.includes(what);

export interface ExplainOptions {
  readonly by: readonly Dimension[];
  /** one of EXPLAINABLE; if absent, all that differ */
  readonly counter?: string;
}

/** Process names are more useful than kinds as long as there are few. */
const MOST_NAMES = 16;
export const defaultDimensions = ({ processes }: Workload): readonly Dimension[] =>
  processes.length <= MOST_NAMES ? ['op', 'process', 'stack'] : ['op', 'kind', 'stack'];

/** Chain of functions to each node of a profile's tree, the outermost first; the op itself has an empty chain. */
export function chainsOf({ parent, site, sites }: Pick<Profile, 'parent' | 'site' | 'sites'>): (readonly string[])[] {
  const chains: (readonly string[])[] = [[]];
  for (let node = 1; node < parent.length; node++) chains.push([...chains[parent[node]], sites[site[node]]]);
  return chains;
}

/** A place that only a patched core knows is a call if it is named like one. */
function isCall(name: string): boolean {
  const place = PLACE_NAMES.indexOf(name);
  return place < 0 ? name.startsWith('pmap_') : place < FIRST_FUNCTION;
}

const placeOf = (chain: readonly string[]): string => {
  if (chain.includes('exit1')) return 'exit';
  return chain.includes('do_execve') ? 'exec' : 'other';
};

const stackText = (chain: readonly string[]): string => (chain.length === 0 ? '-' : chain.join(' > '));

/** Charges of a run by group, with one number per quantity. */
class Grouping {
  readonly #workload: Workload;
  readonly #by: readonly Dimension[];
  readonly #kinds: readonly string[];
  readonly keys = new Map<string, { readonly by: Group['by']; readonly sums: readonly [Float64Array, Float64Array] }>();

  constructor(workload: Workload, by: readonly Dimension[]) {
    this.#workload = workload;
    this.#by = by;
    this.#kinds = by.includes('kind') ? processKinds(workload) : [];
  }

  #group(by: Group['by']): readonly [Float64Array, Float64Array] {
    const key = JSON.stringify(by);
    let group = this.keys.get(key);
    if (group === undefined) {
      group = { by, sums: [new Float64Array(EXPLAINABLE.length), new Float64Array(EXPLAINABLE.length)] };
      this.keys.set(key, group);
    }
    return group.sums;
  }

  add(side: 0 | 1, { from, node, what, delta, ...tree }: Profile): void {
    const { ops, actors, processes } = this.#workload;
    const by = this.#by;
    const chains = chainsOf(tree);
    const [useOp, useProcess, useKind] = [by.includes('op'), by.includes('process'), by.includes('kind')];
    const kindIds = new Map([...new Set(this.#kinds)].map((kind, id) => [kind, id]));
    const kindOf = Int32Array.from(this.#kinds, (kind) => kindIds.get(kind)!);
    const known = new Map<number, Float64Array>();
    for (let op = 0; op < from.length - 1; op++) {
      if (from[op] === from[op + 1]) continue;
      const at = op % CHUNK_OPS;
      const chunk = ops.chunks[Math.floor(op / CHUNK_OPS)];
      const code = chunk.code[at];
      const { process } = actors[chunk.who[at]];
      const who = useProcess ? process : useKind ? kindOf[process] : 0;
      const base = (who * OP_NAMES.length + (useOp ? code : 0)) * chains.length;
      for (let k = from[op]; k < from[op + 1]; k++) {
        if (what[k] >= EXPLAINABLE.length) continue;
        let sums = known.get(base + node[k]);
        if (sums === undefined) {
          const chain = chains[node[k]];
          const values: Record<Dimension, string> = {
            op: OP_NAMES[code],
            process: processes[process].name,
            kind: this.#kinds[process],
            place: placeOf(chain),
            stack: stackText(chain),
            call: chain.findLast(isCall) ?? '-',
          };
          sums = this.#group(Object.fromEntries(by.map((name) => [name, values[name]])))[side];
          known.set(base + node[k], sums);
        }
        sums[what[k]] += delta[k];
      }
    }
  }
}

/** What the run's own counters and pmaps say at its end, counted from the first op on. */
function totalOf({ start, totals, profile }: RunRecord, what: number): number {
  if (what < COUNTER_COUNT) return totals[what] - start[what];
  return what === CHARGED_RESIDENT ? profile!.residentCount : profile!.wiredCount;
}

/** Both records must be from this workload and contain a profile. */
export function explain(
  workload: Workload,
  reference: RunRecord,
  candidate: RunRecord,
  { by, counter }: ExplainOptions,
): Explanation[] {
  const grouping = new Grouping(workload, by);
  for (const [side, record] of [reference, candidate].entries()) {
    if (record.profile === null) throw new RangeError(`explain: the run of ${record.variant} has no profile`);
    grouping.add(side as 0 | 1, record.profile);
  }
  const all = [...grouping.keys.values()];
  const explanations: Explanation[] = [];
  for (const [name, what] of QUANTITIES) {
    if (counter === undefined ? isQuiet(what) : name !== counter) continue;
    const [a, b] = [totalOf(reference, what), totalOf(candidate, what)];
    let unexplained = b - a;
    let same = 0;
    const groups: Group[] = [];
    for (const { by: values, sums } of all) {
      const [inA, inB] = [sums[0][what], sums[1][what]];
      unexplained -= inB - inA;
      if (inA !== inB) groups.push({ by: values, reference: inA, candidate: inB, delta: inB - inA });
      else if (inA !== 0) same++;
    }
    if (counter === undefined && a === b && groups.length === 0 && unexplained === 0) continue;
    groups.sort((x, y) => Math.abs(y.delta) - Math.abs(x.delta));
    explanations.push({ what: name, reference: a, candidate: b, delta: b - a, groups, same, unexplained });
  }
  return explanations;
}
