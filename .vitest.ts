import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const face = fileURLToPath(new URL('variants/index.ts', import.meta.url));
const hooks = new URL('test/support/native.mjs', import.meta.url).href;

/** Node loads all but the tests themselves: see test/support/native.mjs. */
export const native = {
  execArgv: ['--import', `data:text/javascript,import{register}from'node:module';register('${hooks}')`],
  server: { deps: { external: [/\/(core|harness|variants|test\/support|test\/fixtures)\/.*\.tsx?$/] } },
};

/** `npm test`. No test depends on time: the limits only end what hangs, also on a machine with many times its load. */
export default defineConfig({
  resolve: { alias: { pmapdiff: face } },
  test: { ...native, isolate: false, maxWorkers: '100%', testTimeout: 600_000, hookTimeout: 600_000 },
});
