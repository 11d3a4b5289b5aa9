/**
 * The one builder. It turns TypeScript into JavaScript that runs: the program itself, and every column that is not built
 * in.
 */
import { RolldownMagicString, rolldown } from 'rolldown';
import { parseSync } from 'rolldown/utils';

/**
 * The functions of a chunk become constants, before everything that runs: V8 folds a module's constant into the code that
 * calls it, but not a module's function (a process's pmap, made, filled and torn down: 6.1 -> 5.4 us).
 * @type {import('rolldown').Plugin}
 */
const functionsAsConstants = {
  name: 'functions-as-constants',
  renderChunk(code) {
    const { body } = parseSync('chunk.js', code).program;
    const text = new RolldownMagicString(code);
    const start = body.find(({ type }) => type !== 'ImportDeclaration')?.start ?? 0;
    for (const node of body) {
      if (node.type !== 'FunctionDeclaration' || node.id === null) continue;
      const kind = `${node.async ? 'async ' : ''}function${node.generator ? '*' : ''}`;
      text.overwrite(node.start, node.id.end, `const ${node.id.name} = ${kind}`);
      text.appendLeft(node.end, ';');
      if (node.start > start) text.move(node.start, node.end, start);
    }
    return { code: text.toString(), map: text.generateMap({ hires: 'boundary' }).toString() };
  },
};

/**
 * cli-table3 would colour by itself if it could; we colour what we put into it. What it could use needs Node.
 * @type {import('rolldown').Plugin}
 */
const withoutColors = {
  name: 'without-colors',
  resolveId: (id) => (id.startsWith('@colors/') ? { id: `\0${id}`, external: false } : null),
  load: (id) => (id.startsWith('\0@colors/') ? 'export {};' : null),
};

/**
 * Bundles `input` (entry name -> file or module id). `sources` replaces the text of files, by absolute path. Resolves to
 * the chunks; writes them only to a `folder` that is named. Rejects with rolldown's error, which names file and line.
 *
 * @param {Readonly<Record<string, string>>} input
 * @param {{
 *   readonly plugins?: readonly import('rolldown').Plugin[],
 *   readonly sources?: ReadonlyMap<string, string>,
 *   readonly external?: import('rolldown').ExternalOption,
 *   readonly platform?: 'node' | 'browser',
 *   readonly define?: Readonly<Record<string, string>>,
 *   readonly folder?: string,
 *   readonly output?: import('rolldown').OutputOptions,
 * }} [options]
 * @returns {Promise<readonly import('rolldown').OutputChunk[]>}
 */
export async function bundle(input, options = {}) {
  const { plugins = [], sources = new Map(), external, platform = 'node', define = {}, folder, output } = options;
  const replaced = {
    name: 'replaced-sources',
    /** @param {string} id */
    load: (id) => sources.get(id) ?? null,
  };
  const build = await rolldown({
    input,
    platform,
    tsconfig: false,
    logLevel: 'silent',
    // A field without an initializer is no definition: V8 then knows the arrays of a machine as constants (dense 52 -> 43 ns).
    transform: {
      define,
      assumptions: { setPublicClassFields: true },
      typescript: { removeClassFieldsWithoutInitializer: true },
      jsx: { runtime: 'automatic', importSource: 'preact' },
    },
    ...(external === undefined ? {} : { external }),
    optimization: { inlineConst: { mode: 'all', pass: 3 } },
    plugins: [...plugins, replaced, ...(platform === 'browser' ? [withoutColors] : []), functionsAsConstants],
  });
  try {
    const how = { sourcemap: /** @type {const} */ ('inline'), ...output };
    const made = folder === undefined ? await build.generate(how) : await build.write({ ...how, dir: folder });
    return made.output.filter((chunk) => chunk.type === 'chunk');
  } finally {
    await build.close();
  }
}
