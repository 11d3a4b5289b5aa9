/** `pmapdiff review FILE.diff`: a patch of the kernel's C sources, function by function. */
import { readFileSync, readdirSync } from 'node:fs';
import { MEMBER_NAMES, REACHED } from '../../core/counters.ts';
import { type CountedEngine, countedEngine } from '../bundle/counted.ts';
import { builtInFacts } from '../columns/facts.ts';
import { runAlone } from '../columns/lockstep.ts';
import { ledger } from '../findings/index.ts';
import { packagePath } from '../input/paths.ts';
import { readKernelDiff } from '../review/kernel-diff.ts';
import { KernelNames } from '../review/kernel-names.ts';
import { type KernelReview, type Reached, restatedIn, reviewKernel } from '../review/kernel-review.ts';
import { type Restated, Restatements, readRestated } from '../review/restated.ts';
import { Progress } from './progress.ts';
import { chooseWorkloads } from './select.ts';

/** The revision whose calls are counted. */
const MEASURED = 'landed';

/** name: of the diff. Throws InputError. */
export async function kernelReviewOf(name: string, bytes: Uint8Array): Promise<KernelReview> {
  const names = new KernelNames();
  const files = readKernelDiff(name, bytes, names);
  const restatements = restatementsOfCore(names);
  const reached = await reachedIn(restatedIn(files, restatements));
  return reviewKernel(name, files, { restatements, names, ledger, reached });
}

/** What the sources of `core` that ship with the program say. */
export function restatementsOfCore(names: KernelNames): Restatements {
  const files = readdirSync(packagePath('core'), { recursive: true, encoding: 'utf8' })
    .map((file) => `core/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.ts'))
    .toSorted();
  return new Restatements(
    files.flatMap((file) => readRestated(file, readFileSync(packagePath(...file.split('/')), 'utf8'), names)),
  );
}

/** Runs every built-in workload, and counts the calls. */
async function reachedIn(restated: readonly Restated[]): Promise<ReadonlyMap<Restated, Reached>> {
  const functions = restated.filter(({ kind }) => kind === 'function');
  const members = restated.filter(({ kind }) => kind === 'member');
  if (functions.length + members.length === 0) return new Map();
  const engine = await countedEngine(functions);
  const calls = new Map<Restated, { name: string; calls: number }[]>();
  const workloads = await chooseWorkloads([], {});
  const progress = new Progress();
  for (const workload of workloads) {
    const before = engine.calls.slice();
    const { run } = await runAlone(columnOf(engine), workload, { digests: false }, progress.host());
    const note = (one: Restated, count: number): void => {
      if (count > 0) calls.set(one, [...(calls.get(one) ?? []), { name: workload.head.name, calls: count }]);
    };
    functions.forEach((one, i) => note(one, engine.calls[i] - before[i]));
    for (const one of members) {
      const counter = REACHED[MEMBER_NAMES.findIndex((member) => member === one.name)];
      note(one, run.totals[counter] - run.start[counter]);
    }
  }
  progress.clear();
  return new Map(
    [...functions, ...members].map((one) => {
      const found = (calls.get(one) ?? []).toSorted((a, b) => b.calls - a.calls);
      return [one, { workloads: found, of: workloads.length }];
    }),
  );
}

function columnOf({ columns }: CountedEngine): ReturnType<CountedEngine['columns']['builtInColumn']> {
  const variant = columns.builtInVariants.find(({ id }) => id === MEASURED)!;
  return columns.builtInColumn(
    variant,
    builtInFacts.find(({ id }) => id === MEASURED)!,
  );
}
