import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOfProgram, patchReviewOf } from '../../../harness/cli/review-patch.ts';
import { reviewCommand } from '../../../harness/cli/review.ts';
import { ledger } from '../../../harness/findings/index.ts';
import { patchReviewJson, patchReviewMarkdown, patchReviewText } from '../../../harness/report/patch-review.ts';
import { schemas } from '../../../harness/report/schema/index.ts';
import { KernelNames } from '../../../harness/review/kernel-names.ts';
import { type ReviewedHunk, reviewHunks } from '../../../harness/review/patch-review.ts';
import { edited, gitDiff } from '../../support/diffs.ts';
import { readSource, root } from '../../support/layers.ts';
import { said } from '../../support/said.ts';

const names = new KernelNames();
const file = 'core/pmap/a.ts';
const before = `import { x } from './x.ts';

/** FreeBSD: pmap_copy */
export function a(): number {
  return x;
}
${'\n'.repeat(9)}
/** FreeBSD: sys/vm/vm_map.c vm_map_delete, vm_map_insert */
export const b = (): number => 2;
${'\n'.repeat(9)}
/** No function of the kernel. */
const limit = 3;
`;
const of = (after: string | null, was: string | null = before): ReviewedHunk[] =>
  reviewHunks([{ file, before: was, after }], { names, ledger });
/** `4: a pmap_copy`, a hunk each. */
const told = (hunks: readonly ReviewedHunk[]): string[] =>
  hunks.map(({ line, declarations }) =>
    [`${line}:`, ...declarations.flatMap((one) => [one.name, ...one.kernel.map((kernel) => kernel.name)])].join(' '),
  );
const lineOf = (text: string, what: string): number => text.slice(0, text.indexOf(what)).split('\n').length;

describe('a hunk', () => {
  it.each<[string, string, string, string[]]>([
    ['of a function', 'return x;', 'return x + 1;', ['a pmap_copy']],
    ['of a constant function', '=> 2', '=> 3', ['b vm_map_delete vm_map_insert']],
    ['of a constant that restates nothing', '= 3;', '= 4;', ['limit']],
    ['of an import', "import { x } from './x.ts'", "import { x } from './y.ts'", ['']],
    ['of a comment', '/** No function', '/** Not any function', ['']],
  ])('%s says what that restates, and on which line it is', (_what, find, by, declarations) => {
    const after = before.replace(find, by);
    expect(told(of(after))).toEqual(declarations.map((one) => `${lineOf(before, find)}: ${one}`.trim()));
  });

  it('is one of several, in the order of the lines', () => {
    const after = before.replace('return x;', 'let y = x;\n  return y;').replace('= 3;', '= 4;');
    expect(told(of(after))).toEqual(['5: a pmap_copy', `${lineOf(after, '= 4;')}: limit`]);
    expect(of(after)[0]!.lines.map(({ sign, text }) => sign + text)).toEqual([
      ' ',
      ' /** FreeBSD: pmap_copy */',
      ' export function a(): number {',
      '-  return x;',
      '+  let y = x;',
      '+  return y;',
      ' }',
      ' ',
      ' ',
    ]);
  });

  it('names a function that it adds, one that it removes, and both where it does both', () => {
    const added = `${before}\n/** FreeBSD: pmap_enter */\nfunction c(): void {}\n`;
    expect(told(of(added)).join()).toContain('c pmap_enter');
    expect(told(of(before, added)).join()).toContain('c pmap_enter');
    const renamed = before.replace('FreeBSD: pmap_copy', 'FreeBSD: pmap_enter').replace('a()', 'c()');
    expect(told(of(renamed))).toEqual(['3: a pmap_copy c pmap_enter']);
  });

  it('of a file that is new or gone has all of it', () => {
    expect(told(of(before, null))).toEqual(['1: a pmap_copy b vm_map_delete vm_map_insert limit']);
    expect(told(of(null))[0]).toContain('a pmap_copy b vm_map_delete vm_map_insert limit');
  });
});

describe('the review of a patch', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pmapdiff-review-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const shipped = join(root, 'test/fixtures/patches/sa-22-11.diff');

  it('has hunks, kernel functions, remarks and declarations', () => {
    const text = patchReviewText(patchReviewOf(shipped), { color: false });
    expect(text).toMatch(/^sa-22-11\.diff: vm_fault_copy_entry: unmap/);
    expect(text).toContain('Remarks\n  N12 A wired entry that becomes writable');
    const line = lineOf(readSource('core/vm/fault-copy.ts'), '    } else if (page.pindex[to]');
    expect(text).toContain(
      `@@ core/vm/fault-copy.ts:${line} vmFaultCopyEntry: vm_fault_copy_entry (sys/vm/vm_fault.c) [N12] @@\n`,
    );
    expect(text).toContain('\n+       if (source === target) pmapRemoveAll(m, from);\n');
    const d33276 = patchReviewText(patchReviewOf(join(root, 'test/fixtures/patches/d33276.diff')), { color: false });
    expect(d33276).toContain('Declares\n  userPtPageCount  -1 per reserved page freed: the page is gone\n');
  });

  it('is available as JSON and Markdown, and without a path', () => {
    const review = patchReviewOf(`${shipped}@baseline`);
    const document = JSON.parse(patchReviewJson(review));
    expect(schemas.review.parse(document)).toEqual(document);
    expect(JSON.stringify(document)).not.toContain(root);
    expect(review.base).toBe('baseline');
    expect(patchReviewMarkdown(review)).toMatch(/\*\*core\/vm\/fault-copy\.ts:\d+\*\* vmFaultCopyEntry: vm\\_fault/);
  });

  it('is chosen by what a diff changes, or by --patch whatever its name', async () => {
    const diff = gitDiff({ 'variants/landed.ts': edited('variants/landed.ts', "id: 'landed'", "id: 'landed2'") });
    const { code, out } = await said(() => reviewCommand([write('mine.diff', diff)], {}));
    expect([code, out]).toEqual([0, expect.stringContaining('@@ variants/landed.ts:')]);
    expect((await said(() => reviewCommand([], { patch: write('mine.txt', diff) }))).out).toContain('landed2');
    await expect(reviewCommand(['landed'], { patch: shipped })).rejects.toThrow('expected --patch alone');
    expect(isOfProgram('--- a/sys/vm/core/x.c\n+++ b/sys/vm/core/x.c\n')).toBe(false);
    expect(isOfProgram('--- core/vm/fault.ts\n+++ core/vm/fault.ts\n')).toBe(true);
  });

  it('refuses one that does not apply, or that leaves no TypeScript', () => {
    const good = gitDiff({ 'core/vm/delete.ts': edited('core/vm/delete.ts', 'entry = next;', 'entry = = next;') });
    expect(() => patchReviewOf(write('syntax.diff', good))).toThrow(/^.*syntax\.diff: syntax error after the patch: /);
    expect(() => patchReviewOf(write('apart.diff', good.replace('-    entry', '-    other')))).toThrow(
      'does not apply',
    );
  });
});
