/** The run that the model needs besides those that are priced, and its answers as one. */
import type { RunOptions, RunRecord } from '../run/record.ts';
import type { Workload } from '../workload/ops.ts';
import { parseWorkload } from '../workload/text/parse.ts';
import { type MachineName, constantsHash } from './constants.ts';
import { type CostReport, NOT_MODELLED, type Rows } from './cost.ts';
import { TOUCHED_LOOP, lastRound } from './loop.ts';
import { remainderOf } from './measure.ts';
import type { Work } from './prices.ts';

/** How runs are made that are to be priced. */
export const PROFILED: RunOptions = { profile: true, digests: false };

/** What a process life costs besides the events that are counted. run: under `landed`, with PROFILED. */
export async function remainder(run: (loop: Workload) => Promise<RunRecord>): Promise<Work> {
  const { profile } = await run(parseWorkload(TOUCHED_LOOP, 'fork loop'));
  return remainderOf(lastRound(profile!));
}

/** The rows of all workloads. */
export async function costReport(parts: readonly Rows[], machine: MachineName): Promise<CostReport> {
  const all = <Name extends keyof Rows>(what: Name): Rows[Name] => parts.flatMap((rows) => [...rows[what]]) as never;
  return {
    constants: await constantsHash(),
    machine,
    phases: all('phases'),
    kinds: all('kinds'),
    counted: all('counted'),
    ratios: all('ratios'),
    speedups: all('speedups'),
    stations: all('stations'),
    notModelled: NOT_MODELLED,
  };
}
