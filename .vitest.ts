import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const face = fileURLToPath(new URL('variants/index.ts', import.meta.url));

/**
 * `npm test`. What a variant file imports as `pmapdiff` is the source here, not what was built. No test depends on time: the
 * limits only end what hangs, also on a machine with many times its load.
 */
export default defineConfig({
  resolve: { alias: { pmapdiff: face } },
  test: { isolate: false, maxWorkers: '100%', testTimeout: 600_000, hookTimeout: 600_000 },
});
