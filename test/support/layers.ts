/** The import rules of the layers as data: which file may import which. Types count as imports. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ImportEdge } from './syntax.ts';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * Core files from the bottom up. Files on one line may not import each other, except within vm and kern, in their
 * order.
 */
const CORE_ORDER: readonly (readonly string[])[] = [
  ['core/units.ts', 'core/panic.ts', 'core/suggest.ts'],
  ['core/numbered.ts'],
  ['core/counters.ts', 'core/places.ts'],
  ['core/calls.ts', 'core/instances.ts'],
  ['core/events.ts'],
  ['core/state/layout.ts', 'core/state/page-index.ts', 'core/state/names.ts'],
  ['core/state/pmap.ts'],
  ['core/state/cpu.ts'],
  ['core/state/vm.ts'],
  ['core/state/page.ts'],
  ['core/state/proc.ts'],
  ['core/state/machine.ts'],
  ['core/hunks.ts'],
  ['core/variant.ts'],
  ['core/hw/'],
  ['core/page/'],
  ['core/pmap/'],
  ['core/vm/'],
  ['core/kern/'],
  ['core/mapped.ts'],
  ['core/machine.ts', 'core/digest.ts', 'core/snapshot.ts'],
  ['core/inspect.ts', 'core/index.ts'],
];

const matches = (path: string, pattern: string): boolean =>
  pattern.endsWith('/') ? path.startsWith(pattern) : path === pattern;

const coreRank = (path: string): number => CORE_ORDER.findIndex((row) => row.some((pattern) => matches(path, pattern)));

/**
 * Outside core, the first rule whose `of` matches applies; targets must match one of `may`. Data flows one way:
 * workload, run, columns, compare, report; the command line is on top.
 */
const RULES: readonly { readonly of: string; readonly may: readonly string[] }[] = [
  { of: 'variants/index.ts', may: ['variants/', 'core/index.ts'] },
  { of: 'variants/', may: ['core/index.ts', 'variants/'] },
  { of: 'harness/input-error.ts', may: [] },
  { of: 'harness/output-file.ts', may: ['harness/process/cleanup.ts', 'harness/workload/errors.ts'] },
  {
    of: 'harness/workload/',
    may: ['harness/workload/', 'harness/input-error.ts', 'core/units.ts', 'core/numbered.ts', 'core/suggest.ts'],
  },
  {
    of: 'harness/patch/',
    may: [
      'harness/patch/',
      'harness/input-error.ts',
      'harness/input/paths.ts',
      'harness/input/source.ts',
      'harness/bundle/lists.mjs',
      'harness/review/syntax.ts',
    ],
  },
  {
    of: 'harness/input/',
    may: [
      'harness/input/',
      'harness/output-file.ts',
      'harness/process/cleanup.ts',
      'harness/workload/',
      'core/units.ts',
      'core/suggest.ts',
    ],
  },
  { of: 'harness/check/', may: ['harness/check/', 'core/inspect.ts', 'core/counters.ts'] },
  { of: 'harness/sandbox/closed.ts', may: ['harness/sandbox/', 'harness/run/describe.ts'] },
  { of: 'harness/sandbox/', may: ['harness/sandbox/', 'core/index.ts'] },
  { of: 'harness/process/', may: ['harness/process/', 'harness/run/shown.ts'] },
  { of: 'harness/run/', may: ['harness/run/', 'harness/workload/', 'core/index.ts'] },
  { of: 'harness/declare/', may: ['harness/declare/', 'core/counters.ts', 'core/suggest.ts'] },
  {
    of: 'harness/columns/',
    may: [
      'harness/columns/',
      'harness/input-error.ts',
      'harness/bundle/',
      'harness/patch/',
      'harness/check/checker.ts',
      'harness/input/paths.ts',
      'harness/process/',
      'harness/review/members.ts',
      'harness/review/source.ts',
      'harness/declare/',
      'harness/run/',
      'harness/workload/',
      'core/index.ts',
      'core/suggest.ts',
      'variants/index.ts',
    ],
  },
  {
    of: 'harness/compare/',
    may: [
      'harness/compare/',
      'harness/columns/column.ts',
      'harness/columns/lockstep.ts',
      'harness/declare/',
      'harness/run/outcome.ts',
      'harness/run/record.ts',
      'harness/workload/',
      'core/units.ts',
      'core/counters.ts',
    ],
  },
  {
    of: 'harness/saved/',
    may: [
      'harness/saved/',
      'harness/input-error.ts',
      'harness/columns/column.ts',
      'harness/compare/plan.ts',
      'harness/run/record.ts',
      'core/counters.ts',
    ],
  },
  {
    of: 'harness/shard/',
    may: ['harness/shard/', 'harness/input-error.ts', 'harness/input/paths.ts', 'harness/input/source.ts'],
  },
  {
    of: 'harness/search/',
    may: [
      'harness/search/',
      'harness/columns/column.ts',
      'harness/columns/run-limit.ts',
      'harness/compare/',
      'harness/run/',
      'harness/workload/',
      'core/units.ts',
      'core/counters.ts',
    ],
  },
  { of: 'harness/bisect/search.ts', may: [] },
  { of: 'harness/findings/runner.ts', may: ['harness/', 'core/', 'variants/'] },
  {
    of: 'harness/cost/',
    may: [
      'harness/cost/',
      'harness/explain/',
      'harness/run/record.ts',
      'harness/workload/',
      'core/counters.ts',
      'core/instances.ts',
    ],
  },
  {
    of: 'harness/findings/',
    may: [
      'harness/findings/',
      'harness/compare/',
      'harness/cost/',
      'harness/declare/',
      'harness/workload/',
      'harness/run/record.ts',
      'core/counters.ts',
    ],
  },
  {
    of: 'harness/explain/',
    may: [
      'harness/explain/',
      'harness/run/record.ts',
      'harness/workload/',
      'core/calls.ts',
      'core/counters.ts',
      'core/places.ts',
    ],
  },
  {
    of: 'harness/probe/',
    may: ['harness/probe/', 'harness/explain/', 'harness/run/record.ts', 'core/calls.ts', 'core/counters.ts'],
  },
  {
    of: 'harness/trace/',
    may: [
      'harness/trace/',
      'harness/compare/state-diff.ts',
      'harness/declare/',
      'harness/run/outcome.ts',
      'harness/run/record.ts',
      'core/counters.ts',
      'core/events.ts',
      'core/places.ts',
    ],
  },
  {
    of: 'harness/review/',
    may: [
      'harness/review/',
      'harness/declare/',
      'harness/findings/finding.ts',
      'harness/findings/shown.ts',
      'harness/input-error.ts',
    ],
  },
  ...['recordings.ts', 'replay.ts', 'replay-run.ts', 'replay-vectors.ts'].map((name) => ({
    of: `harness/conform/${name}`,
    may: ['harness/conform/', 'harness/input/', 'harness/run/', 'harness/workload/', 'core/'],
  })),
  {
    of: 'harness/conform/child.ts',
    may: ['harness/conform/', 'harness/run/describe.ts', 'harness/run/load.ts', 'harness/sandbox/', 'core/index.ts'],
  },
  { of: 'harness/conform/process.ts', may: ['harness/conform/', 'harness/process/', 'harness/run/shown.ts'] },
  { of: 'harness/conform/', may: ['harness/conform/', 'harness/input-error.ts', 'core/'] },
  {
    of: 'harness/bench/',
    may: [
      'harness/bench/',
      'harness/bundle/column.ts',
      'harness/cost/constants.ts',
      'harness/cost/mva.ts',
      'harness/input/',
      'harness/process/',
      'harness/run/',
      'harness/sandbox/',
      'harness/workload/',
      'core/index.ts',
      'core/inspect.ts',
      'core/hw/',
    ],
  },
  {
    of: 'harness/report/',
    may: [
      'harness/report/',
      'harness/bench/contention.ts',
      'harness/bench/report.ts',
      'harness/bench/statistics.ts',
      'harness/bench/task.ts',
      'harness/bisect/search.ts',
      'harness/search/hunt.ts',
      'harness/search/schedules/',
      'harness/columns/column.ts',
      'harness/columns/lockstep.ts',
      'harness/compare/',
      'harness/conform/report.ts',
      'harness/cost/',
      'harness/declare/',
      'harness/explain/',
      'harness/findings/finding.ts',
      'harness/findings/result.ts',
      'harness/input/import/log.ts',
      'harness/probe/',
      'harness/review/',
      'harness/run/record.ts',
      'harness/run/events.ts',
      'harness/run/outcome.ts',
      'harness/saved/compare.ts',
      'harness/trace/',
      'harness/workload/',
      'core/units.ts',
      'core/counters.ts',
    ],
  },
  {
    of: 'harness/page/',
    may: [
      'harness/page/',
      'harness/columns/built-in.ts',
      'harness/columns/column.ts',
      'harness/columns/numbering.ts',
      'harness/compare/',
      'harness/cost/',
      'harness/declare/',
      'harness/explain/',
      'harness/findings/',
      'harness/report/',
      'harness/review/interdiff.ts',
      'harness/run/',
      'harness/sandbox/members.ts',
      'harness/saved/document.ts',
      'harness/trace/',
      'harness/workload/',
      'core/units.ts',
      'core/counters.ts',
      'core/hw/entry.ts',
      'core/index.ts',
      'core/inspect.ts',
      'variants/index.ts',
    ],
  },
  { of: 'harness/', may: ['harness/', 'core/', 'variants/'] },
];

/** Files that run in a browser: neither they nor what they import at run time may need Node. */
const BROWSER: readonly string[] = [
  'core/',
  'variants/',
  'harness/input-error.ts',
  'harness/workload/',
  'harness/run/',
  'harness/check/',
  'harness/declare/',
  'harness/columns/built-in.ts',
  'harness/columns/column.ts',
  'harness/columns/lockstep.ts',
  'harness/columns/numbering.ts',
  'harness/columns/run-limit.ts',
  'harness/compare/',
  'harness/findings/',
  'harness/bisect/search.ts',
  'harness/search/',
  'harness/conform/report.ts',
  'harness/bench/report.ts',
  'harness/bench/statistics.ts',
  'harness/bench/task.ts',
  'harness/cost/',
  'harness/explain/',
  'harness/probe/',
  'harness/trace/',
  'harness/report/',
  'harness/sandbox/members.ts',
  'harness/page/',
];
/** Exceptions among them that open files: variants, in their own process, and the recordings of findings. */
const NODE_ONLY: readonly string[] = ['harness/findings/runner.ts'];

export const runsInBrowser = (path: string): boolean =>
  BROWSER.some((pattern) => matches(path, pattern)) && !NODE_ONLY.includes(path);

/** Every hand-written .ts and .tsx file of the source tree, as repository paths. */
export function sourceFiles(): string[] {
  return ['core', 'variants', 'harness'].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
      .map((name) => posix.join(top, name.replaceAll('\\', '/')))
      .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('/all.ts')),
  );
}

export const readSource = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Why an import is not allowed, or null. Packages: core and variants may use none. */
export function violation({ from, target }: ImportEdge): string | null {
  const local = /^(core|variants|harness|test)\//.test(target);
  if (from.startsWith('core/')) {
    if (!local) return 'core imports no package';
    if (!target.startsWith('core/')) return 'core knows no variant and no harness';
    const [mine, theirs] = [coreRank(from), coreRank(target)];
    if (mine < 0 || theirs < 0) return 'file has no place in the order of core';
    const sameFolder = posix.dirname(from) === posix.dirname(target) && CORE_ORDER[mine]!.some((p) => p.endsWith('/'));
    if (theirs > mine || (theirs === mine && !sameFolder)) return 'core imports from below only';
    return null;
  }
  const rule = RULES.find(({ of }) => matches(from, of));
  if (rule === undefined) return 'file belongs to no layer';
  if (!local) return from.startsWith('variants/') ? 'a variant imports the core face and its predecessor only' : null;
  return rule.may.some((pattern) => matches(target, pattern)) ? null : `${rule.of} may not import it`;
}

/** Why an import prevents a file from running in a browser, or null. */
export function needsNode({ from, target, isType }: ImportEdge): string | null {
  if (!runsInBrowser(from) || isType === true) return null;
  if (target.startsWith('node:')) return 'what runs in a browser imports nothing of Node';
  const local = /^(core|variants|harness)\//.test(target);
  return local && !runsInBrowser(target) ? `what runs in a browser imports ${target}, which does not` : null;
}

/** The first import cycle found, as a list of files, or null. */
export function findCycle(edges: readonly ImportEdge[]): string[] | null {
  const next = new Map<string, string[]>();
  for (const { from, target } of edges) next.set(from, [...(next.get(from) ?? []), target]);
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (file: string): string[] | null => {
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    if (done.has(file)) return null;
    path.push(file);
    for (const target of next.get(file) ?? []) {
      const cycle = walk(target);
      if (cycle !== null) return cycle;
    }
    path.pop();
    done.add(file);
    return null;
  };
  for (const file of next.keys()) {
    const cycle = walk(file);
    if (cycle !== null) return cycle;
  }
  return null;
}
