import { defineConfig } from 'vitest/config';
import { native } from './.vitest.ts';

const HOUR = 3_600_000;

/** `npm run soak`: what takes longer than the two minutes that `npm test` may take. It prints how fast it went. */
export default defineConfig({
  test: {
    ...native,
    include: ['test/**/*.soak.ts'],
    testTimeout: 4 * HOUR,
    hookTimeout: HOUR,
    disableConsoleIntercept: true,
  },
});
