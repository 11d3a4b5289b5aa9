import { describe, expect, it } from 'vitest';
import { findCycle, needsNode, readSource, runsInBrowser, sourceFiles, violation } from './support/layers.ts';
import { importsOf, moduleState, nodeGlobals } from './support/syntax.ts';

const edges = sourceFiles().flatMap((path) => importsOf(path, readSource(path)));

/** Violations that a source text would cause if it were at `path`. */
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

  it('detect a planted cycle', () => {
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
    ['the text parser', 'harness/workload/text/parse.ts', "import { readBlocks } from '../../input/blocks.ts';"],
    ['the comparison', 'harness/compare/plan.ts', "import { openColumns } from '../columns/open.ts';"],
    ['a column', 'harness/columns/column.ts', "import { judge } from '../compare/judge.ts';"],
    ['what may differ', 'harness/declare/measure.ts', "import { judge } from '../compare/judge.ts';"],
    ['an answer', 'harness/trace/trace.ts', "import { traceText } from '../report/trace.ts';"],
    ['the page', 'harness/page/engine.ts', "import { openColumns } from '../columns/open.ts';"],
    ['a computed import', 'core/hw/walk.ts', 'await import(name);'],
  ])('notice what %s must not import', (_who, path, text) => {
    expect(planted(path, text)).not.toContain(null);
  });
});

describe('the browser part', () => {
  const inBrowser = sourceFiles().filter(runsInBrowser);
  const why = (edge: (typeof edges)[number]): string[] => {
    const reason = needsNode(edge);
    return reason === null ? [] : [`${edge.from}:${edge.line}: ${reason}`];
  };

  it('is everything from the core to the renderers, and imports nothing of Node', () => {
    expect(inBrowser.length).toBeGreaterThan(200);
    expect(edges.flatMap(why)).toEqual([]);
  });

  it('uses no Node global', () => {
    const named = inBrowser.flatMap((path) =>
      nodeGlobals(path, readSource(path)).map(({ name, line }) => `${path}:${line}: ${name}`),
    );
    expect(named).toEqual([]);
  });

  it.each([
    ['an import of Node', "import { readFileSync } from 'node:fs';"],
    ['an import for its side effects', "import 'node:fs';"],
    ['a dynamic import', "await import('node:fs');"],
    ['a file that needs Node', "import { openWorkload } from '../input/load.ts';"],
  ])('is kept from %s', (_what, text) => {
    expect(importsOf('harness/compare/plan.ts', text).map(needsNode)).not.toContain(null);
  });

  it('may import a type of a file that needs Node', () => {
    const [edge] = importsOf('harness/report/words.ts', "import type { Interdiff } from '../review/interdiff.ts';");
    expect(needsNode(edge!)).toBeNull();
  });

  it.each([
    'const bytes = Buffer.from(text);',
    'const same = Buffer.compare(a, b) === 0;',
    'process.stdout.write(text);',
    'const { env } = process;',
    'f({ process });',
    "const fs = require('fs');",
    'type Bytes = NodeJS.TypedArray;',
    'const read = (data: Buffer): string => data.toString();',
  ])('is kept from naming a global of Node: %s', (text) => {
    expect(nodeGlobals('harness/compare/plan.ts', text)).toHaveLength(1);
  });

  it.each([
    'const { process } = actor;',
    'const f = (process: number): number => process + 1;',
    'actor.process = 1;',
    'interface Actor { readonly process: number }',
    'const actor = { process: 1 };',
  ])('may call a process of a workload so: %s', (text) => {
    expect(nodeGlobals('harness/workload/ops.ts', text)).toEqual([]);
  });
});

describe('the state of a machine', () => {
  it('is kept on the machine: no file of core has any', () => {
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
  it.each(sourceFiles())('%s has at most 400 lines', (path) => {
    expect(readSource(path).split('\n').length).toBeLessThanOrEqual(400);
  });
});
