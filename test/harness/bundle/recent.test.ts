import { readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { ColumnBundle } from '../../../harness/bundle/column.ts';
import { recently } from '../../../harness/bundle/recent.ts';
import type { ColumnKind } from '../../../harness/bundle/source.ts';
import { sha256 } from '../../../harness/input/sha256.ts';
import { VariantFiles } from '../../support/variant-files.ts';

const files = new VariantFiles();
afterAll(() => files.dispose());

let made: string[];
beforeEach(() => {
  made = [];
});

/** Bundles a variant whose file imports the parts; the bundle is the texts of all. */
async function bundle(path: string, parts: readonly string[] = [], kind: ColumnKind = 'run'): Promise<string> {
  const bundled = await recently(kind, path, async (): Promise<ColumnBundle> => {
    made.push(kind);
    const all = [path, ...parts].map((file) => realpathSync(file));
    const texts = all.map((file) => readFileSync(file, 'utf8'));
    if (texts.includes('wrong')) return { kind: 'refused', message: 'wrong' };
    const hashes = Object.fromEntries(all.map((file, i) => [file, sha256(texts[i]!)]));
    return { kind: 'bundled', code: texts.join(' '), functions: {}, files: hashes };
  });
  return bundled.kind === 'bundled' ? bundled.code : bundled.kind;
}

describe('a variant that is bundled again', () => {
  it('is what it was, once for each use', async () => {
    const path = files.write('a.ts', 'a');
    expect([await bundle(path), await bundle(path), await bundle(path, [], 'conform')]).toEqual(['a', 'a', 'a']);
    expect(made).toEqual(['run', 'conform']);
  });

  it('is what its files are now', async () => {
    const part = files.write('part.ts', 'one');
    const path = files.write('whole.ts', 'whole');
    expect(await bundle(path, [part])).toBe('whole one');
    files.write('part.ts', 'two');
    expect(await bundle(path, [part])).toBe('whole two');
    files.write('whole.ts', 'alone');
    expect(await bundle(path)).toBe('alone');
    rmSync(path);
    await expect(bundle(path)).rejects.toThrow('ENOENT');
  });

  it('is what its link leads to now', async () => {
    const link = join(files.folder, 'link.ts');
    symlinkSync(files.write('x.ts', 'x'), link);
    expect(await bundle(link)).toBe('x');
    rmSync(link);
    symlinkSync(files.write('y.ts', 'y'), link);
    expect(await bundle(link)).toBe('y');
  });

  it('is looked at anew where it was refused', async () => {
    const path = files.write('refused.ts', 'wrong');
    expect(await bundle(path)).toBe('refused');
    files.write('refused.ts', 'right');
    expect(await bundle(path)).toBe('right');
  });

  it('is not held for ever', async () => {
    const paths = Array.from({ length: 9 }, (_none, i) => files.write(`n${i}.ts`, `${i}`));
    for (const i of [0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 0]) await bundle(paths[i]!);
    expect(made.length).toBe(10);
  });
});
