/**
 * `pmapdiff probe`: the aggregation that dtrace would print of a run's pmap_remove calls.
 */
import { EXIT_HARNESS, EXIT_OK, exitCodeOf } from '../compare/gate.ts';
import { loadWorkload } from '../input/load.ts';
import { PROBE_KEYS, PROBE_POINT, type ProbeKey, type ProbeResult, probe } from '../probe/probe.ts';
import { probeText } from '../probe/text.ts';
import type { Workload } from '../workload/ops.ts';
import { closeColumns, openColumns, runColumn } from './columns.ts';
import { UsageError } from './errors.ts';
import { Progress } from './output.ts';
import { runLimitMs } from './run-limit.ts';
import { chooseTouch, chooseVariant } from './select.ts';
import { failureOf, failureText } from './two.ts';

export interface ProbeOptions {
  readonly by?: string;
  readonly workload?: readonly string[];
  readonly variant?: string;
  readonly touch?: string;
  readonly json?: boolean;
}

const DEFAULT_WORKLOAD = 'make12';

export async function probeCommand(point: string, options: ProbeOptions): Promise<number> {
  if (point !== PROBE_POINT) throw new UsageError(`probe: expected ${PROBE_POINT}, got ${JSON.stringify(point)}`);
  const by = keysOf(options.by ?? 'stack,empty,early');
  const chosen = chooseVariant(options.variant ?? 'baseline');
  const touch = chooseTouch(options.touch);
  const workloads: Workload[] = [];
  for (const name of options.workload ?? [DEFAULT_WORKLOAD]) workloads.push(await loadWorkload(name, { touch }));
  const progress = new Progress();
  const columns = await openColumns([chosen], progress);
  const results: ProbeResult[] = [];
  let failed = false;
  try {
    for (const workload of workloads) {
      progress.say(`${workload.name}: ${columns[0].facts.id}`);
      const record = await runColumn(columns[0], workload, { profile: true }, runLimitMs(workload.ops.length));
      progress.clear();
      const failure = failureOf([record]);
      if (failure !== null) {
        process.stderr.write(failureText(failure));
        failed = true;
      } else if (record.profile !== null) results.push(probe(record, by));
    }
  } finally {
    closeColumns(columns);
  }
  const body = { schema: 'pmapdiff.probe/1', point, results };
  process.stdout.write(options.json ? `${JSON.stringify(body, null, 1)}\n` : results.map(probeText).join('\n'));
  return exitCodeOf([failed || results.length === 0 ? EXIT_HARNESS : EXIT_OK]);
}

function keysOf(text: string): ProbeKey[] {
  return text.split(',').map((word) => {
    const key = PROBE_KEYS.find((one) => one === word.trim());
    if (key !== undefined) return key;
    throw new UsageError(`--by: expected some of ${PROBE_KEYS.join(', ')}, got ${JSON.stringify(word)}`);
  });
}
