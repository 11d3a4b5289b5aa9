/**
 * `npm run build`: writes the lists of what is in the folders (variants, findings, catalog: one file is one entry), then
 * dist.
 */
import { chmodSync, copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';
import { VARIANT_LISTS, listText } from './lists.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param {string} folder @param {RegExp} entries @param {(names: string[]) => string} text */
function writeList(folder, entries, text) {
  const names = readdirSync(join(root, folder))
    .filter((name) => entries.test(name))
    .toSorted();
  writeFileSync(join(root, folder, 'all.ts'), text(names));
}

for (const [folder, entries] of Object.entries(VARIANT_LISTS)) writeList(folder, entries, listText);
writeList('harness/findings', /^[fn]\d+\.ts$/, listText);
writeList('harness/workload/catalog', /\.workload$/, (names) => {
  const texts = names.map((name) => [name, readFileSync(join(root, 'harness/workload/catalog', name), 'utf8')]);
  const files = JSON.stringify(Object.fromEntries(texts), null, 2);
  return `// Written by the build from the files of this folder.\nexport const FILES: Readonly<Record<string, string>> = ${files};\n`;
});

rmSync(join(root, 'dist'), { recursive: true, force: true });
const source = (/** @type {string} */ file) => join(root, file);
await bundle(
  Object.fromEntries(
    ['harness/cli', 'harness/bundler', 'harness/worker', 'harness/report/schema/index', 'variants/index'].map(
      (name) => [name, source(`${name}.ts`)],
    ),
  ),
  {
    folder: join(root, 'dist'),
    // Preact is part of what is built: who installs the program need not have it.
    external: (id) => !/^(?:[./]|preact)/.test(id),
    output: {
      sourcemap: true,
      // One chunk for all that runs while a machine does: a constant of another chunk is not folded.
      codeSplitting: { groups: [{ name: 'engine', test: /\/(core|variants|harness\/(run|workload))\// }] },
    },
  },
);

/** What a page is made of: its app, and the machine that runs in its worker. One file each. */
const page = { app: ['app.tsx', 'es'], worker: ['worker.ts', 'iife'] };
for (const [name, [file, format]] of Object.entries(page))
  await bundle(
    { [name]: source(`harness/page/${file}`) },
    {
      platform: 'browser',
      folder: join(root, 'dist/page'),
      output: { format: /** @type {'es' | 'iife'} */ (format), codeSplitting: false, sourcemap: false, minify: true },
    },
  );
copyFileSync(source('harness/page/style.css'), join(root, 'dist/page/style.css'));
// The shell runs it: package.json bin.
chmodSync(join(root, 'dist/harness/cli.js'), 0o755);
