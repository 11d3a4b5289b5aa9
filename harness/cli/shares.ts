/**
 * `pmapdiff shares`: which share of a recording's pmap_remove calls leaves early, by kind of process and by who touches
 * the shared page.
 */
import { EXIT_HARNESS, EXIT_OK, exitCodeOf } from '../compare/gate.ts';
import { openWorkload } from '../input/load.ts';
import { type Shares, sharesOf, sharesText } from '../report/shares.ts';
import type { TouchPolicy } from '../workload/ops.ts';
import type { PiecedWorkload } from '../workload/pieces.ts';
import { closeColumns, openColumns } from './columns.ts';
import { UsageError } from './errors.ts';
import { inLockstep, shareText } from './lockstep.ts';
import { Progress } from './output.ts';
import { runLimitMs } from './run-limit.ts';
import { chooseTouch, chooseVariant } from './select.ts';
import { failureOf, failureText } from './two.ts';

export interface SharesOptions {
  readonly workload?: readonly string[];
  readonly variant?: string;
  readonly touch?: string;
  readonly json?: boolean;
}

const DEFAULT_WORKLOAD = 'make12';
/** Both as they come: which is nearer to a published share decides nothing. */
const DEFAULT_POLICIES = 'recorded,exec';

export async function sharesCommand(options: SharesOptions): Promise<number> {
  const policies = (options.touch ?? DEFAULT_POLICIES).split(',').map((name) => chooseTouch(name.trim()));
  const chosen = chooseVariant(options.variant ?? 'baseline');
  const progress = new Progress();
  const columns = await openColumns([chosen], progress);
  const shares: Shares[] = [];
  let failed = false;
  try {
    for (const name of options.workload ?? [DEFAULT_WORKLOAD])
      for (const touch of policies) {
        const workload = await loadRecording(name, touch);
        const done = await inLockstep({
          columns,
          workload,
          options: { digests: false },
          wallMs: () => runLimitMs(workload.head.length),
          take: () => {},
          say: (id, ops) => progress.say(`${name}, ${touch}${shareText(ops, workload.head)}: ${id}`),
          isInterrupted: () => false,
        });
        const [record] = done!.runs;
        progress.clear();
        const failure = failureOf([record]);
        if (failure !== null) {
          process.stderr.write(failureText(failure));
          failed = true;
        } else if (record.replay !== null) shares.push(sharesOf(record, touch));
      }
  } finally {
    closeColumns(columns);
  }
  const body = { schema: 'pmapdiff.shares/1', shares };
  process.stdout.write(options.json ? `${JSON.stringify(body, null, 1)}\n` : shares.map(sharesText).join('\n'));
  return exitCodeOf([failed || shares.length === 0 ? EXIT_HARNESS : EXIT_OK]);
}

async function loadRecording(name: string, touch: TouchPolicy): Promise<PiecedWorkload> {
  const workload = await openWorkload(name, { touch });
  if (workload.head.trace === null) throw new UsageError(`${name}: expected a recording, found workload text`);
  return workload;
}
