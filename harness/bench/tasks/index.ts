/** The task of a name, ready to run for a variant. */
import type { Variant } from '../../../core/index.ts';
import type { Workload } from '../../workload/ops.ts';
import { prepareDecode } from './decode.ts';
import { prepareExitCycle, prepareRemoveCalls } from './exit.ts';
import { preparePairs } from './pairs.ts';
import type { Prepared } from './prepared.ts';
import { prepareSpread } from './spread.ts';
import { prepareWorkload } from './workload.ts';

const PREPARE: Readonly<Record<string, (variant: Variant, text: readonly string[]) => Prepared>> = {
  'enter-remove-dense': (variant) => preparePairs(variant, false),
  'enter-remove-sparse': (variant) => preparePairs(variant, true),
  extract: (variant) => prepareSpread(variant, 'extract'),
  'walk-independent': (variant) => prepareSpread(variant, 'independent'),
  'walk-dependent': (variant) => prepareSpread(variant, 'dependent'),
  'exit-cycle': (variant) => prepareExitCycle(variant, false),
  'exit-cycle-full': (variant) => prepareExitCycle(variant, true),
  'remove-calls': (variant) => prepareRemoveCalls(variant, false),
  'remove-calls-full': (variant) => prepareRemoveCalls(variant, true),
  'decode-make12': (_variant, text) => prepareDecode(text),
};

/** workload, text: of the tasks that have one. Throws RangeError for a task that does not exist. */
export function prepareTask(
  id: string,
  variant: Variant,
  workload: Workload | null,
  text: readonly string[],
): Prepared {
  if (workload !== null) return prepareWorkload(variant, workload);
  const prepare = PREPARE[id];
  if (prepare === undefined) throw new RangeError(`no task ${JSON.stringify(id)}`);
  return prepare(variant, text);
}
