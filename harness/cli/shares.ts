/**
 * `pmapdiff shares`: which share of a recording's pmap_remove calls leaves early, by kind of process and by who touches
 * the shared page.
 */
import { failureOf } from '../columns/column.ts';
import { runAlone } from '../columns/lockstep.ts';
import { withColumns } from '../columns/open.ts';
import { EXIT_HARNESS, EXIT_OK } from '../compare/gate.ts';
import { replayWarnings } from '../compare/warnings.ts';
import { type OpenOptions, openWorkload } from '../input/load.ts';
import { HeldCopies } from '../input/source.ts';
import { FORMATS } from '../report/formats.ts';
import { earlyEndText, failureText } from '../report/notes.ts';
import { type Shares, sharesOf } from '../report/shares.ts';
import type { PiecedWorkload } from '../workload/pieces.ts';
import { Answer } from './answer.ts';
import { UsageError } from './errors.ts';
import { type PatchOptions, chooseOneOr } from './patches.ts';
import { Progress } from './progress.ts';
import { chooseMachine, chooseTouch, nameWorkloads } from './select.ts';

export interface SharesOptions extends PatchOptions {
  readonly workload?: readonly string[];
  readonly variant?: string;
  readonly touch?: string;
  readonly machine?: readonly string[];
  readonly json?: boolean;
}

const DEFAULT_WORKLOAD = 'make12';
/** Both policies, unranked: neither is preferred for being nearer to a published share. */
const DEFAULT_POLICIES = 'recorded,exec';

export async function sharesCommand(options: SharesOptions): Promise<number> {
  const policies = (options.touch ?? DEFAULT_POLICIES).split(',').map((name) => chooseTouch(name.trim()));
  const machine = chooseMachine(options.machine);
  const answer = new Answer('shares', FORMATS.shares, options);
  const chosen = chooseOneOr('baseline', 'shares', options.variant, options);
  const progress = new Progress();
  const shares: Shares[] = [];
  const named = nameWorkloads(options.workload ?? [DEFAULT_WORKLOAD]);
  const copies = new HeldCopies();
  let failed = false;
  await withColumns(
    [chosen],
    progress.onOutput,
    async ([column]) => {
      for (const { given, name } of named)
        for (const touch of policies) {
          const workload = await loadRecording(given, { name, touch, ...machine, from: await copies.of(given) });
          const host = progress.host(() => `${name}, ${touch}`);
          const { run } = await runAlone(column, workload, { digests: false }, host);
          progress.clear();
          const failure = failureOf([run]);
          if (failure === null) {
            shares.push(sharesOf(run, touch));
            const recorder = workload.head.trace?.recorder ?? '';
            for (const warning of replayWarnings(run.workload, recorder, touch, run.replay!)) progress.warn(warning);
          } else process.stderr.write(failureText(failure, null));
          const isEarly = run.ended.kind === 'panic';
          if (isEarly) process.stderr.write(`${earlyEndText(run, workload.head.length)}\n`);
          failed ||= failure !== null || isEarly;
        }
    },
    { strict: options.strict === true },
  ).finally(() => copies.dispose());
  await answer.write(shares);
  return failed || shares.length === 0 ? EXIT_HARNESS : EXIT_OK;
}

async function loadRecording(name: string, options: OpenOptions): Promise<PiecedWorkload> {
  const workload = await openWorkload(name, options);
  if (workload.head.trace === null) throw new UsageError(`${name}: expected a recording, found workload text`);
  return workload;
}
