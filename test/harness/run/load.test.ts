import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { KernelPanic } from '../../../core/index.ts';
import { bundleColumn } from '../../../harness/bundle/column.ts';
import { userFile } from '../../../harness/bundle/source.ts';
import { bundledColumn } from '../../../harness/bundle/spawn.ts';
import { sha256 } from '../../../harness/input/sha256.ts';
import { describeError } from '../../../harness/run/describe.ts';
import * as face from '../../../variants/index.ts';
import { builtFile } from '../../support/built.ts';
import { factsOfAll, factsOfOne } from '../../support/facts.ts';
import { loadFixture } from '../../support/variant-fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'pmapdiff-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const variant = (changes: string, id = 'mine'): string => `
import { defineVariant, KernelPanic, landed, pmapRemove } from 'pmapdiff';
export const mine = defineVariant({ ...landed, id: '${id}', after: 'landed', intends: [], hunks: { ...landed.hunks, ${changes} } });
`;
const load = loadFixture;
describe('the variant of a file', () => {
  it('runs on the engine that the harness runs', async () => {
    const mine = await load(file('good.ts', variant("releaseEnd() { throw new KernelPanic('f', 'r'); }")));
    expect(mine.id).toBe('mine');
    expect(mine.hunks.pinitTopPage).toBe(face.landed.hunks.pinitTopPage);
    expect(() => mine.hunks.releaseEnd(null as never, null as never)).toThrow(KernelPanic);
  });

  it('may be its default export, without defineVariant', async () => {
    const text = `import { landed } from 'pmapdiff';\nexport default { ...landed, id: 'mine', after: 'landed' };\n`;
    expect(Object.isFrozen(await load(file('default.ts', text)))).toBe(true);
  });

  it.each([
    [
      'missing.ts',
      variant('').replace('...landed.hunks,', ''),
      /^missing\.ts:\d+: TypeError: defineVariant\(mine\): hunks\.invalidateOthers: missing/,
    ],
    [
      'no-variant.ts',
      'export const a = 1; export const b = 2;',
      'no-variant.ts: expected one exported variant (export default defineVariant({…})), found export a, b',
    ],
    [
      'nothing.ts',
      'export {};',
      'nothing.ts: expected one exported variant (export default defineVariant({…})), found no export',
    ],
    ['default-number.ts', 'export default 7;', /expected one exported variant.*found export default$/],
  ])('is missed where the file is %s', async (name, text, message) => {
    const said = await load(file(name, text)).catch((error: Error) => describeError(error, name));
    expect(said).toMatch(message);
  });
});

describe('an error of a variant in one line', () => {
  it.each([
    ['what was thrown is no error', 'no luck', 'mine.ts: threw no luck'],
    ['it names a file', new Error('cannot read /home/me/secret.json'), 'mine.ts: cannot read secret.json'],
    ['it has several lines', new TypeError('one\n  two'), 'mine.ts: TypeError: one two'],
  ])('is given where %s', (_what, error, line) => {
    if (error instanceof Error) error.stack = '';
    expect(describeError(error, 'mine.ts')).toBe(line);
  });
});

describe('a file from outside', () => {
  const bundled = (name: string, text: string | Buffer) => bundleColumn(userFile(file(name, text)), 'run');

  it.each([
    ['a BOM', `\uFEFF${variant('')}`, 'bom.ts'],
    ['CRLF', variant('').replaceAll('\n', '\r\n'), 'crlf.ts'],
    ['blanks and letters of all the world in its name', variant(''), 'é 漢 it.ts'],
    ['no types', variant(''), 'plain.js'],
    ['the ending .mts', variant('removeIsNoop: (_m: unknown) => true'), 'module.mts'],
    ['the ending .mjs', variant(''), 'module.mjs'],
    ['the ending .tsx', variant('removeIsNoop: (_m: unknown) => true'), 'jsx.tsx'],
    ['an import() of a file beside it', `${variant('')}\nawait import('./good.ts');`, 'later.ts'],
    ['types of a package', `${variant('')}\nimport type { z } from 'zod';\nexport type { z };`, 'types.ts'],
  ])('is bundled with %s, and said to be in it as it is', async (_what, text, name) => {
    const beside = text.includes('./good.ts') ? [file('good.ts', variant(''))] : [];
    const files = [file(name, text), ...beside].map((path) => realpathSync(path));
    const hashes = Object.fromEntries(files.map((path) => [path, sha256(readFileSync(path))]));
    expect(await bundled(name, text)).toMatchObject({ kind: 'bundled', files: hashes });
  });

  const only = "expected an import of 'pmapdiff' or a TypeScript or JavaScript file in or below the variant's folder";

  it.each([
    ['syntax.ts', 'export const a = {\n  b: 1,,\n};', 'syntax.ts:2:8: syntax error: Unexpected token'],
    ['package.ts', "import 'no-such-package';", `package.ts:1:8: ${only}, got 'no-such-package'`],
    ['builtin.ts', "\nimport fs from 'node:fs';", `builtin.ts:2:16: ${only}, got 'node:fs'`],
    ['bare.ts', "import fs from 'fs';", `bare.ts:1:16: ${only}, got 'fs'`],
    ['url.ts', "export * from 'https://a.b/c.js';", `url.ts:1:15: ${only}, got 'https://a.b/c.js'`],
    ['data.ts', "export { a } from 'data:text/javascript,1';", `data.ts:1:19: ${only}, got 'data:text/javascript,1'`],
    ['up.ts', "import '../x.ts';", `up.ts:1:8: ${only}, got '../x.ts'`],
    ['absolute.ts', "import '/etc/passwd.ts';", `absolute.ts:1:8: ${only}, got '/etc/passwd.ts'`],
    ['json.ts', "import a from './a.json';", `json.ts:1:15: ${only}, got './a.json'`],
    ['gone.ts', "import './gone-too.ts';", `gone.ts:1:8: ${only}, got './gone-too.ts'`],
    ['later.ts', "await import('node:fs');", `later.ts:1:14: ${only}, got 'node:fs'`],
    ['computed.ts', "const x = 'node:fs';\nawait import(x);", `computed.ts:2:14: ${only}, got a computed name`],
    ['template.ts', 'await import(`node:fs`);', `template.ts:1:14: ${only}, got a computed name`],
    ['require.ts', "const fs = require('fs');", `require.ts:1:12: ${only}, got 'require(…)'`],
    ['equals.ts', "import fs = require('fs');", `equals.ts:1:1: ${only}, got 'require("fs")'`],
    ['below.ts', "import './helper-with-fs.ts';", `helper-with-fs.ts:1:8: ${only}, got 'node:fs'`],
    [
      'import.ts',
      variant('removeIsNoop: () => noSuch(), ').replace('pmapRemove', 'noSuch'),
      "import.ts:2:46: pmapdiff exports no 'noSuch'",
    ],
  ])('is refused as a whole when it is %s', async (name, text, message) => {
    file('a.json', '{}');
    file('helper-with-fs.ts', "import 'node:fs';");
    expect(await bundled(name, text)).toEqual({ kind: 'refused', message });
  });

  it('is rejected when a link leads out of its folder', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'pmapdiff-'));
    writeFileSync(join(outside, 'real.ts'), 'export const a = 1;');
    symlinkSync(join(outside, 'real.ts'), join(folder, 'link.ts'));
    expect(await bundled('links.ts', "import './link.ts';")).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining("got './link.ts'"),
    });
    rmSync(outside, { recursive: true });
  });

  it('crashes only its own bundler, however deeply it nests', async () => {
    builtFile('harness/bundler.js');
    const path = file('deep.ts', `export default ${'('.repeat(200_000)}1${')'.repeat(200_000)};`);
    expect(await bundledColumn(userFile(path), 'run')).toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/^deep\.ts: /),
    });
  });
});

describe('members of the seam', () => {
  const changedBy = async (name: string, text: string): Promise<string[]> => {
    const path = file(name, text);
    const [own, landed] = [factsOfOne(await load(path), path), factsOfOne(face.landed)];
    return face.HUNK_NAMES.filter((_member, i) => own.members[i] !== landed.members[i]);
  };

  it('are the same along the series until a revision restates them', () => {
    const facts = factsOfAll(face.series);
    const at = (id: string, member: string) =>
      facts.find((one) => one.id === id)!.members[(face.HUNK_NAMES as readonly string[]).indexOf(member)];
    expect(at('landed', 'pinitTopPage')).toBe(at('double-count-fix', 'pinitTopPage'));
    expect(at('landed', 'pinitTopPage')).not.toBe(at('toplevel-accounting', 'pinitTopPage'));
    expect(at('landed', 'removeIsNoop')).not.toBe(at('shared-page-unmap', 'removeIsNoop'));
    expect(at('landed', 'execBeforeTeardown')).toBe(at('shared-page-unmap', 'execBeforeTeardown'));
  });

  it('are unchanged when copied word for word', async () => {
    const copy = variant('removeIsNoop: (_m, pmap) => pmap.stats.residentCount <= 1 + (pmap.topUser !== 0 ? 1 : 0)');
    expect(await changedBy('copy.ts', copy)).toEqual([]);
  });

  it('are changed when their text differs, or when they call their own helper', async () => {
    expect(await changedBy('less.ts', variant('removeIsNoop: (_m, pmap) => pmap.stats.residentCount < 1'))).toEqual([
      'removeIsNoop',
    ]);
    const helper = `${variant('removeLoopDone: (_m, pmap) => pmap.stats.residentCount <= topPages(pmap)')}\nconst topPages = () => 7;`;
    expect(await changedBy('helper.ts', helper)).toEqual(['removeLoopDone']);
  });

  /** execFreeAbiMappings as in shared-page-unmap, at both call sites; head: the text before it in the file. */
  const hook = (head: string, call = 'pmapRemove'): string => `
import { type Machine, type Pmap, type Proc, defineVariant, landed } from 'pmapdiff';
${head}
function execFreeAbiMappings(m: Machine, p: Proc): void {
  const { vmspace } = p;
  if (vmspace.refcnt !== 1) return;
  const shared = p.sysent.sharedPage;
  if (shared !== null) ${call}(m, vmspace.pmap, shared.base, shared.base + shared.len);
}
export default defineVariant({ ...landed, id: 'mine', after: 'landed', intends: [],
  hunks: { ...landed.hunks, execBeforeTeardown: execFreeAbiMappings, exitBeforeVmspaceExit: execFreeAbiMappings } });
`;
  const BOTH = ['execBeforeTeardown', 'exitBeforeVmspaceExit'];

  it('are unchanged when they call the same engine imports as their original', async () => {
    const plain = "import { pmapRemove } from 'pmapdiff';";
    expect(await changedBy('imported.ts', hook(plain))).toEqual([]);
    const namesake = `import { pmapRemove as other } from './pmapdiff.ts';\nexport { other };\n${plain}`;
    file('pmapdiff.ts', 'export const pmapRemove = () => {};');
    expect(await changedBy('second.ts', hook(namesake))).toEqual([]);
  });

  it.each([
    [
      'of their file',
      `import { pmapRemove as realRemove } from 'pmapdiff';
       const pmapRemove = (m: Machine, pmap: Pmap, s: number, e: number): void => realRemove(m, pmap, s, e - 4096);`,
    ],
    ['of another file', "import { pmapRemove } from './pmapdiff.ts';"],
    ['of another file under another name', "import { mine as pmapRemove } from './helpers.ts';"],
    ['that takes the place of an engine function', "import { pmapProtect as pmapRemove } from 'pmapdiff';"],
  ])('are changed when they call a namesake of an engine function %s', async (_whose, head) => {
    file('pmapdiff.ts', 'export const pmapRemove = () => {};');
    file('helpers.ts', 'export const mine = () => {};');
    expect(await changedBy('shadow.ts', hook(head))).toEqual(BOTH);
  });
});
