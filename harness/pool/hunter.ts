/** A hunter that has its work done in a pool. */
import { type Hunter, minimise } from '../search/hunt.ts';
import type { Pair, Want } from '../search/pair.ts';
import type { Pool } from './pool.ts';

/** A slice is not interrupted: it is short. What is being reduced is then kept as it is. */
export function hunterIn(pool: Pool, pair: Pair, want: Want, signal: AbortSignal): Hunter {
  const [a, b] = pair.columns.map(({ facts }) => facts.id);
  return {
    pair,
    slices: (specs) =>
      pool.run(
        'slice',
        specs.map((spec) => ({ a, b, want, spec })),
        { signal },
      ),
    minimise: async (raw) => {
      const done = await pool.run(
        'minimise',
        raw.map((one) => ({ a, b, want, raw: one })),
        { signal },
      );
      const left = raw.slice(done.length);
      return [...done, ...(await Promise.all(left.map((one) => minimise(pair, one, () => signal.aborted))))];
    },
  };
}
