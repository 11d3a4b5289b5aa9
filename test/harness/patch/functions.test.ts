import { describe, expect, it } from 'vitest';
import { PatchedFiles } from '../../../harness/bundle/patched.ts';
import { type ChangedFunctions, changedFunctions, withCounts } from '../../../harness/patch/functions.ts';
import { readSource } from '../../support/layers.ts';

type Texts = Readonly<Record<string, string | null>>;

const changedBetween = (before: Texts, after: Texts): ChangedFunctions =>
  changedFunctions(
    Object.keys(after),
    Object.keys(before).filter((path) => !(path in after)),
    (path) => before[path] ?? null,
    (path) => (path in after ? after[path]! : (before[path] ?? null)),
  );
const namesBetween = (before: Texts, after: Texts): string[] => Object.keys(changedBetween(before, after)).toSorted();

const a = `
import { LIMIT } from './b.ts';
/** Doc. */
export function one(x: number): number { return x + 1; }
const two = (x: number) => x * LIMIT;
class Three { #n = 1; four() { return this.#n; } get five() { return 5; } static six = () => 6; }
export const seven = { hunks: { eight: (m: number) => m, nine() { return new Three(); } } };
`;
const b = `export const LIMIT = 4;\nexport const OTHER = 5;\nexport const use = () => OTHER;\n`;
const before = { 'core/a.ts': a, 'core/b.ts': b };

describe('the functions that a patch changes', () => {
  it.each([
    ['nothing', a],
    ['a comment', a.replace('Doc.', 'Other words.')],
    ['layout', a.replaceAll('; ', ';\n\n    ')],
    ['a type', a.replace('x: number): number', 'x: any): any')],
  ])('are none where it changes %s', (_what, text) => {
    expect(namesBetween(before, { 'core/a.ts': text })).toEqual([]);
  });

  it.each([
    ['a function', 'x + 1', 'x + 2', ['one']],
    ['a constant function', 'x * LIMIT', 'LIMIT', ['two']],
    ['a method', 'return this.#n', 'return 1', ['Three.four']],
    ['a getter', 'return 5', 'return 55', ['Three.get five']],
    ['a field with a function', '=> 6', '=> 66', ['Three.six']],
    ['a member of an object', '=> m,', '=> m + 1,', ['seven.hunks.eight']],
    ['a field, which the users of the class depend on', '#n = 1', '#n = 2', ['seven.hunks.nine']],
    ['the name of an import', '{ LIMIT }', '{ OTHER as LIMIT }', ['two']],
  ])('are named where it changes %s', (_what, find, replace, expected) => {
    const text = a.replace(find, replace);
    expect(text).not.toBe(a);
    expect(namesBetween(before, { 'core/a.ts': text })).toEqual(expected.map((name) => `core/a.ts: ${name}`));
  });

  it('are those that use a constant, in any file', () => {
    expect(namesBetween(before, { 'core/b.ts': b.replace('LIMIT = 4', 'LIMIT = 3') })).toEqual(['core/a.ts: two']);
    expect(namesBetween(before, { 'core/b.ts': b.replace('OTHER = 5', 'OTHER = 3') })).toEqual(['core/b.ts: use']);
  });

  it.each([
    ['by its own name', "import { LIMIT } from './x.ts';\nexport const far = () => LIMIT;"],
    ['by another name', "import { MOST as LIMIT } from './x.ts';\nexport const far = () => LIMIT;"],
    ['as a part of a file', "import * as x from './x.ts';\nexport const far = () => x.LIMIT;"],
    [
      'by way of a constant of its own',
      "import { LIMIT } from './x.ts';\nconst M = [LIMIT];\nexport const far = () => M;",
    ],
  ])('are those that use a constant %s, which a third file passes on', (_how, user) => {
    const passes = "export * from '../b.ts';\nexport { LIMIT as MOST } from '../b.ts';";
    const files = { 'core/b.ts': b, 'core/pmap/x.ts': passes, 'core/pmap/y.ts': user };
    expect(namesBetween(files, { 'core/b.ts': b.replace('LIMIT = 4', 'LIMIT = 3') })).toEqual(['core/pmap/y.ts: far']);
  });

  it('are not those that use what only has the same name', () => {
    const other = "import { LIMIT } from './c.ts';\nexport const three = (x) => LIMIT + x.OTHER;";
    const files = { ...before, 'core/c.ts': 'export const LIMIT = 1;', 'core/d.ts': other };
    expect(namesBetween(files, { 'core/b.ts': b.replace('LIMIT = 4', 'LIMIT = 3') })).toEqual(['core/a.ts: two']);
  });

  it('are those of a new file, and none of one that is gone', () => {
    expect(namesBetween(before, { 'core/c.ts': 'export const f = () => 1;' })).toEqual(['core/c.ts: f']);
    expect(namesBetween(before, { 'core/b.ts': null })).toEqual([]);
  });

  it('are equal for two patches that do the same', () => {
    const [once, twice] = [a.replace('x + 1', 'x + 2'), a.replace('x + 1', 'x /* ! */ + 2')];
    const other = a.replace('x + 1', 'x + 3');
    const found = (text: string): ChangedFunctions => changedBetween(before, { 'core/a.ts': text });
    expect(found(once)).toEqual(found(twice));
    expect(found(once)).not.toEqual(found(other));
  });
});

describe('of a patch of landed', () => {
  const landed = 'variants/landed.ts';
  const text = readSource(landed).replace('topPagesInResidentCount: true', 'topPagesInResidentCount: false');
  const files = (variant: string | null): string[] =>
    Object.keys(new PatchedFiles(new Map([[landed, text]]), variant, true).functions).map(
      (name) => name.split(':')[0]!,
    );

  it('no function is changed that belongs to another variant', () => {
    expect(files(landed)).toEqual([]);
  });

  it('those of a variant that is made of it are, where that is run', () => {
    const other = 'variants/experiments/dying-pmap-no-ipi.ts';
    expect(new Set(files(other))).toEqual(new Set([other]));
    expect(files(null)).toContain(other);
  });
});

describe('counting', () => {
  const names = ['one', 'two', 'Three.four', 'seven.hunks.eight'].map((name) => `core/a.ts: ${name}`);

  it('adds to each function where it begins, and moves no line', () => {
    const text = withCounts('core/a.ts', a, new Map(names.map((name, i) => [name, i])));
    expect(text.split('\n')).toHaveLength(a.split('\n').length);
    for (const part of [
      'number {$entered[0]++; return',
      '=> ($entered[1]++,x * LIMIT);',
      'four() {$entered[2]++; return',
      '=> ($entered[3]++,m),',
    ])
      expect(text).toContain(part);
  });

  it('changes nothing where there is nothing to count', () => {
    expect(withCounts('core/a.ts', a, new Map())).toBe(a);
  });
});
