/**
 * The composition root of a process that measures one variant: bundled with that variant into one text. It answers the
 * requests of bench/process.ts.
 */
import { exportedVariant } from '../run/load.ts';
import { BenchChild } from './child-tasks.ts';
import type { FromBench, ToBench } from './protocol.ts';

const say = (message: FromBench): void => {
  process.send?.(message);
};

process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());

/** exported: what the variant's file exports. */
export function serve(exported: Readonly<Record<string, unknown>>): void {
  const bench = new BenchChild(exportedVariant(exported, process.argv[2]));
  process.on('message', (request: ToBench) => void bench.answer(request).then(say));
}
