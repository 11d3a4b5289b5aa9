import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { conformMmu } from '../../../harness/conform/mmu.ts';
import { root } from '../../support/layers.ts';

const fixtures = join(root, 'test/fixtures/vectors/mmu');
const folder = mkdtempSync(join(tmpdir(), 'pmapdiff-mmu-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Vector {
  root: string;
  memory: Record<string, string>;
  expect: unknown;
  after: Record<string, string>;
  optA: boolean;
  steps: { allowed: unknown[] }[];
}

/** A file with the first recording of a fixture, modified. */
function changed(fixture: string, change: (vector: Vector) => void): string {
  const [vector] = JSON.parse(readFileSync(join(fixtures, fixture), 'utf8')) as [Vector];
  change(vector);
  const path = join(folder, fixture);
  writeFileSync(path, JSON.stringify([vector]));
  return path;
}

describe('conform mmu', () => {
  it('finds no mismatch in the recorded accesses and sequences', () => {
    const report = conformMmu([fixtures]);
    expect(report.mismatches).toEqual([]);
    expect(report.files).toBe(2);
    expect(report.checked).toBeGreaterThan(1400);
  });

  it('reports an outcome that differs', () => {
    const path = changed('part-00.json', (vector) => (vector.expect = { pa: '0x1000' }));
    const { mismatches } = conformMmu([path]);
    expect(mismatches).toHaveLength(1);
    expect(mismatches[0]).toMatchObject({ file: 'part-00.json', what: 'outcome', expected: { pa: '0x1000' } });
  });

  it('reports an entry that changed unexpectedly', () => {
    const path = changed('part-00.json', (vector) => (vector.after = {}));
    expect(conformMmu([path]).mismatches[0]).toMatchObject({ what: 'after', expected: {} });
  });

  it('reports an accessed bit that is missing, unless it is optional', () => {
    const extra = (vector: Vector): void => {
      const [pa, value] = Object.entries(vector.memory)[0]!;
      vector.after[pa] = `0x${(BigInt(value) ^ 0x1000n).toString(16)}`;
    };
    expect(conformMmu([changed('part-00.json', (v) => (extra(v), (v.optA = false)))]).mismatches).toHaveLength(1);
  });

  it('reports the step of a sequence whose answer is not allowed', () => {
    const path = changed('seq-00.json', (vector) => (vector.steps.at(-1)!.allowed = [{ fault: { vector: 13 } }]));
    const { mismatches } = conformMmu([path]);
    expect(mismatches).toHaveLength(1);
    expect(mismatches[0]!.at).toMatch(/^sequence 0 \(.*\) step \d+$/);
  });

  it('names the file that it cannot read, and why', () => {
    expect(() => conformMmu([join(folder, 'nowhere')])).toThrow('expected a file or a folder, found nothing');
    const path = changed('part-00.json', (vector) => (vector.root = 'high'));
    expect(() => conformMmu([path])).toThrow(/part-00.json/);
    writeFileSync(path, '[{');
    expect(() => conformMmu([path])).toThrow('expected JSON');
  });

  it('checks nothing in a folder without recordings', () => {
    writeFileSync(join(folder, 'notes.json'), '[]');
    rmSync(join(folder, 'part-00.json'), { force: true });
    rmSync(join(folder, 'seq-00.json'), { force: true });
    expect(conformMmu([folder])).toMatchObject({ files: 0, checked: 0 });
  });
});
