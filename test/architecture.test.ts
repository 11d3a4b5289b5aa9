import { describe, expect, it } from 'vitest';
import { findCycle, importsOf, moduleState, readSource, sourceFiles, violation } from './support/layers.ts';

const edges = sourceFiles().flatMap((path) => importsOf(path, readSource(path)));

/** Violations that a source text would cause if it stood at `path`. */
const planted = (path: string, text: string): (string | null)[] => importsOf(path, text).map(violation);

describe('the layers', () => {
  it('are kept by every import of the source tree', () => {
    const broken = edges.flatMap((edge) => {
      const why = violation(edge);
      return why === null ? [] : [`${edge.from}:${edge.line} -> ${edge.target}: ${why}`];
    });
    expect(edges.length).toBeGreaterThan(100);
    expect(broken).toEqual([]);
  });

  it('have no import cycle, types included', () => {
    expect(findCycle(edges)).toBeNull();
  });

  it('notice a planted cycle', () => {
    const cycle = ['a', 'b', 'c'].map((from, i) => ({ from, target: 'bca'[i]!, line: 1 }));
    expect(findCycle(cycle)).toEqual(['a', 'b', 'c', 'a']);
  });

  it.each([
    ['an import', "import { x } from '../pmap/index.ts';"],
    ['an import for its side effects', "import '../pmap/index.ts';"],
    ['an export from', "export { x } from '../pmap/index.ts';"],
    ['an export of all', "export * from '../pmap/index.ts';"],
    ['an import of a type', "import type { X } from '../pmap/index.ts';"],
    ['a type written as import()', "type X = import('../pmap/index.ts').X;"],
    ['a dynamic import', "const x = await import('../pmap/index.ts');"],
  ])('notice %s that turns upward', (_kind, text) => {
    expect(planted('core/hw/walk.ts', text)).toEqual(['core imports from below only']);
  });

  it.each([
    ['core', 'core/pmap/enter.ts', "import { baseline } from '../../variants/baseline.ts';"],
    ['core', 'core/pmap/enter.ts', "import { z } from 'zod';"],
    ['core', 'core/pmap/enter.ts', "import { pmapRemove } from '../index.ts';"],
    ['a variant', 'variants/landed.ts', "import { pmapRemove } from '../core/pmap/remove.ts';"],
    ['a variant', 'variants/landed.ts', "import { readFileSync } from 'node:fs';"],
    ['the checker', 'harness/check/recount.ts', "import { pmapRemove } from '../../core/index.ts';"],
    ['a workload', 'harness/workload/text.ts', "import type { Machine } from '../../core/hunks.ts';"],
    ['the comparison', 'harness/compare/verdict.ts', "import { series } from '../../variants/index.ts';"],
    ['a finding', 'harness/findings/f1.ts', "import { Pmap } from '../../core/state/pmap.ts';"],
    ['a run', 'harness/run/run.ts', "import { series } from '../../variants/index.ts';"],
    ['a renderer', 'harness/report/text.ts', "import { run } from '../run/run.ts';"],
    ['a computed import', 'core/hw/walk.ts', 'await import(name);'],
  ])('notice what %s must not import', (_who, path, text) => {
    expect(planted(path, text)).not.toContain(null);
  });
});

describe('the state of a machine', () => {
  it('is on the machine: no file of core has any', () => {
    const core = sourceFiles().filter((path) => path.startsWith('core/'));
    expect(core.flatMap((path) => moduleState(path, readSource(path)).map((name) => `${path}: ${name}`))).toEqual([]);
  });

  it.each([
    ['a variable', 'let steps = 0;'],
    ['an exported one', 'export let steps: number;'],
    ['an old-fashioned one', 'var steps = 0;'],
    ['an object', 'const steps = new Steps();'],
    ['an array', 'export const steps = new Int32Array(11);'],
  ])('is noticed in a file: %s', (_kind, text) => {
    expect(moduleState('core/vm/map-tree.ts', `const limit = 3;\n${text}\n`)).toEqual(['steps']);
  });
});

describe('a source file', () => {
  it.each(sourceFiles())('%s is short enough for a person to hold', (path) => {
    expect(readSource(path).split('\n').length).toBeLessThanOrEqual(400);
  });
});
