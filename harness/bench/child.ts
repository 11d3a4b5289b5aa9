/**
 * The composition root of a process that measures one variant: bundled with that variant into one text. It answers the
 * requests of bench/process.ts.
 */
import { describeError } from '../run/describe.ts';
import { exportedVariant } from '../run/load.ts';
import { file, refuse } from '../sandbox/closed.ts';
import * as host from '../sandbox/host.ts';
import { BenchChild } from './child-tasks.ts';
import type { ToBench } from './protocol.ts';

/** exported: what the variant's file exports. */
export function serve(exported: Readonly<Record<string, unknown>>): void {
  try {
    const bench = new BenchChild(exportedVariant(exported, file), (error) => describeError(error, file));
    host.receive((request: ToBench) => void bench.answer(request).then(host.send));
  } catch (error) {
    refuse(error);
  }
}
