/**
 * `pmapdiff probe`: the aggregation that dtrace would print of a run's pmap_remove calls.
 */
import { failureOf, runColumn } from '../columns/column.ts';
import { withColumns } from '../columns/open.ts';
import { runLimitMs } from '../columns/run-limit.ts';
import { endsEarly } from '../compare/expectations.ts';
import { EXIT_HARNESS, EXIT_OK } from '../compare/gate.ts';
import { loadWorkload } from '../input/load.ts';
import { PROBE_KEYS, PROBE_POINT, probe } from '../probe/probe.ts';
import { FORMATS } from '../report/formats.ts';
import { earlyEndText, failureText } from '../report/notes.ts';
import type { RunRecord } from '../run/record.ts';
import type { Workload } from '../workload/ops.ts';
import { Answer } from './answer.ts';
import { wordOf, wordsOf } from './errors.ts';
import { type PatchOptions, chooseOneOr } from './patches.ts';
import { Progress } from './progress.ts';
import { chooseMachine, chooseTouch } from './select.ts';

export interface ProbeOptions extends PatchOptions {
  readonly by?: string;
  readonly workload?: readonly string[];
  readonly variant?: string;
  readonly touch?: string;
  readonly machine?: readonly string[];
  readonly json?: boolean;
}

const DEFAULT_WORKLOAD = 'make12';

export async function probeCommand(point: string, options: ProbeOptions): Promise<number> {
  wordOf('probe', point, [PROBE_POINT]);
  const answer = new Answer('probe', FORMATS.probe, options);
  const by = wordsOf('--by', options.by ?? 'stack,empty,early', PROBE_KEYS);
  const chosen = chooseOneOr('baseline', 'probe', options.variant, options);
  const reading = { touch: chooseTouch(options.touch), ...chooseMachine(options.machine) };
  const workloads: Workload[] = [];
  for (const name of options.workload ?? [DEFAULT_WORKLOAD]) workloads.push(await loadWorkload(name, reading));
  const progress = new Progress();
  const records = await withColumns(
    [chosen],
    progress.onOutput,
    async ([column]) => {
      const done: RunRecord[] = [];
      for (const workload of workloads) {
        progress.say(`${workload.name}: ${column.facts.id}`);
        done.push(await runColumn(column, workload, { profile: true }, runLimitMs(workload.ops.length)));
        progress.clear();
      }
      return done;
    },
    { strict: options.strict === true },
  );
  const failures = records.map((record) => failureOf([record]));
  for (const [i, failure] of failures.entries())
    if (failure !== null) process.stderr.write(failureText(failure, workloads[i]));
  const results = records.filter(({ ended }) => ended.kind !== 'failed').map((record) => probe(record, by));
  const early = records.filter((record, i) => endsEarly(workloads[i], record));
  for (const run of early) process.stderr.write(`${earlyEndText(run, workloads[records.indexOf(run)].ops.length)}\n`);
  await answer.write({ point, results });
  return failures.some((failure) => failure !== null) || early.length > 0 || results.length === 0
    ? EXIT_HARNESS
    : EXIT_OK;
}
