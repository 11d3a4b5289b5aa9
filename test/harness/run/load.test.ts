import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { KernelPanic } from '../../../core/index.ts';
import { factsOf } from '../../../harness/run/facts.ts';
import { describeError, loadVariant } from '../../../harness/run/load.ts';
import * as face from '../../../variants/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'pmapdiff-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const variant = (changes: string, id = 'mine'): string => `
import { defineVariant, KernelPanic, landed, pmapRemove } from 'pmapdiff';
export const mine = defineVariant({ ...landed, id: '${id}', after: 'landed', intends: [], hunks: { ...landed.hunks, ${changes} } });
`;
const refusal = (path: string): Promise<string> =>
  loadVariant(path, face).then(
    () => 'loaded',
    (error: Error) => error.message,
  );

describe('a variant file', () => {
  it('is loaded beside the engine that the harness runs', async () => {
    const path = file('good.ts', variant("releaseEnd() { throw new KernelPanic('f', 'r'); }"));
    const mine = await loadVariant(path, face);
    expect(mine.id).toBe('mine');
    expect(mine.hunks.pinitTopPage).toBe(face.landed.hunks.pinitTopPage);
    expect(() => mine.hunks.releaseEnd(null as never, null as never)).toThrow(KernelPanic);
  });

  it('may export the variant as its default, and need not call defineVariant', async () => {
    const text = `import { landed } from 'pmapdiff';\nexport default { ...landed, id: 'mine', after: 'landed' };\n`;
    expect(Object.isFrozen(await loadVariant(file('default.ts', text), face))).toBe(true);
  });

  it.each([
    ['throws.ts', "throw new Error('no luck');", 'throws.ts:1: no luck'],
    ['throws-text.ts', "throw 'no luck';", 'throws-text.ts: threw no luck'],
    ['syntax.ts', 'export const a = {\n  b: 1,,\n};', /^syntax\.ts:2:\d+: ParseError: Unexpected token/],
    [
      'missing.ts',
      variant('').replace('...landed.hunks,', ''),
      /^missing\.ts:3: TypeError: defineVariant\(mine\): hunks\.invalidateOthers: missing/,
    ],
    ['misspelt.ts', variant('removeIsNop: () => true'), /defineVariant\(mine\): hunks\.removeIsNop: no such member$/],
    ['no-function.ts', variant('removeIsNoop: true'), /hunks\.removeIsNoop: expected a function, got boolean$/],
    [
      'no-variant.ts',
      'export const a = 1; export const b = 2;',
      'no-variant.ts: expected one exported variant (export default defineVariant({…})), found export a, b',
    ],
    [
      'nothing.ts',
      '',
      'nothing.ts: expected one exported variant (export default defineVariant({…})), found no export',
    ],
    ['default-number.ts', 'export default 7;', /expected one exported variant.*found export default$/],
    ['package.ts', "import 'no-such-package';", /^package\.ts:1: Cannot find module 'no-such-package'$/],
  ])('is refused when it is %s', async (name, text, message) => {
    expect(await refusal(file(name, text))).toMatch(message);
  });

  it('is never shown with its directory', async () => {
    const path = file('quotes.ts', `throw new Error('cannot read ${folder}/secret.json');`);
    expect(await refusal(path)).toBe('quotes.ts:1: cannot read secret.json');
  });

  it('is shown where an imported name does not exist', async () => {
    const path = file('import.ts', variant('removeIsNoop: () => noSuch(), ').replace('pmapRemove', 'noSuch'));
    const { hunks } = await loadVariant(path, face);
    let thrown: unknown;
    try {
      hunks.removeIsNoop(null as never, null as never);
    } catch (error) {
      thrown = error;
    }
    expect(describeError(thrown, path)).toMatch(/^import\.ts:3: TypeError: noSuch is not a function$/);
  });
});

describe('members of the seam', () => {
  const builtIn = [...face.series, ...face.experiments];
  const changedBy = async (name: string, text: string): Promise<string[]> => {
    const mine = await loadVariant(file(name, text), face);
    const all = factsOf([...builtIn, mine], face);
    const [own, landed] = [all.at(-1)!, all.find(({ id }) => id === 'landed')!];
    return face.HUNK_NAMES.filter((_member, i) => own.members[i] !== landed.members[i]);
  };

  it('are the same along the series until a revision restates them', () => {
    const facts = factsOf(face.series, face);
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

  it('are changed when their text is, or when they call a helper of their own', async () => {
    expect(await changedBy('less.ts', variant('removeIsNoop: (_m, pmap) => pmap.stats.residentCount < 1'))).toEqual([
      'removeIsNoop',
    ]);
    const helper = `${variant('removeLoopDone: (_m, pmap) => pmap.stats.residentCount <= topPages(pmap)')}\nconst topPages = () => 7;`;
    expect(await changedBy('helper.ts', helper)).toEqual(['removeLoopDone']);
  });

  /** execFreeAbiMappings as shared-page-unmap has it, at both places; head: what the file says before it. */
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

  it('are unchanged when they call what they import from the engine, as their original does', async () => {
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
