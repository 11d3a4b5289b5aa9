/** A hunter that has its work done in a pool. */
import type { Hunter } from '../search/hunt.ts';
import type { Pair, Want } from '../search/pair.ts';
import type { Pool } from './pool.ts';

/** An interrupt drops the slices that run. A find that is being reduced stays as it was found. */
export function hunterIn(pool: Pool, pair: Pair, want: Want, signal: AbortSignal): Hunter {
  const [a, b] = pair.columns;
  const spec = { columns: [a.recipe, b.recipe], want } as const;
  return {
    pair,
    slices: (specs) =>
      pool.run(
        'slice',
        specs.map((one) => ({ ...spec, spec: one })),
        { signal },
      ),
    minimise: (raw) =>
      pool.run(
        'minimise',
        raw.map(({ signature, verdict, text }) => ({ ...spec, raw: { signature, verdict, text } })),
        { signal },
      ),
  };
}
