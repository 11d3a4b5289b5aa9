/**
 * The composition root of a process that measures one variant: bundled with that variant into one text. It answers the
 * requests of bench/process.ts.
 */
import { LoadError, describeError, exportedVariant } from '../run/load.ts';
import * as host from '../sandbox/host.ts';
import { BenchChild } from './child-tasks.ts';
import type { FromBench, ToBench } from './protocol.ts';

const say = (message: FromBench | { readonly kind: 'started' }): void => host.send(message);
const file = host.argument(0);

const refuse = (error: unknown): void => {
  say({ kind: 'bench-failed', message: error instanceof LoadError ? error.message : describeError(error, file) });
};

host.close();
// The variant's own code runs next: what it throws ends up here.
host.onUncaught(refuse);
say({ kind: 'started' });

/** exported: what the variant's file exports. */
export function serve(exported: Readonly<Record<string, unknown>>): void {
  try {
    const bench = new BenchChild(exportedVariant(exported, file), (error) => describeError(error, file));
    host.receive((request: ToBench) => void bench.answer(request).then(say));
  } catch (error) {
    refuse(error);
  }
}
