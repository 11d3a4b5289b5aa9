import { defineConfig } from 'vitest/config';

/** `npm run soak`: what takes minutes, and prints how fast it went. */
export default defineConfig({
  test: { include: ['test/**/*.soak.ts'], testTimeout: 4 * 3_600_000, disableConsoleIntercept: true },
});
