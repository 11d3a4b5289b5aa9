import { defineConfig } from 'vitest/config';

/** `npm run soak`: what takes longer than the two minutes that `npm test` may take. */
export default defineConfig({
  test: { include: ['test/**/*.soak.ts'], testTimeout: 3_600_000, hookTimeout: 3_600_000 },
});
