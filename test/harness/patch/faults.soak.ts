/**
 * Planted faults as patches: their columns notice what is noticed of a program in which the fault is compiled. That is
 * measured without a column or a patch, in test/mutants (recorded in its *.caught.txt) and in test/power.
 * ONLY=p01,p03 in the environment runs some of those beside the project.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundledColumn } from '../../../harness/bundle/spawn.ts';
import { chooseVariant } from '../../../harness/cli/select.ts';
import type { ChosenPatch } from '../../../harness/columns/chosen.ts';
import { type Column, runColumn } from '../../../harness/columns/column.ts';
import { builtInFile } from '../../../harness/columns/facts.ts';
import { withColumns } from '../../../harness/columns/open.ts';
import { ConformFailure, conformIn } from '../../../harness/conform/process.ts';
import { recordings } from '../../../harness/conform/recordings.ts';
import { vectorFiles } from '../../../harness/conform/vector-files.ts';
import { type Overlay, applyTo } from '../../../harness/patch/apply.ts';
import { readPatch } from '../../../harness/patch/read.ts';
import { shippedText } from '../../../harness/patch/sources.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { checkedMutants } from '../../mutants/invariants.ts';
import { mmuMutants } from '../../mutants/mmu.ts';
import { type Mutant, MutantTree, mutate } from '../../mutants/mutant.ts';
import { pmapMutants } from '../../mutants/pmap.ts';
import { vmMutants } from '../../mutants/vm.ts';
import { type Answers, type Noticed, PASSES, builtIn, differing, planes } from '../../power/planes.ts';
import { coreFaults, isThere, ported } from '../../power/sets.ts';
import { builtFile } from '../../support/built.ts';
import { gitDiff } from '../../support/diffs.ts';
import { root } from '../../support/layers.ts';

const LIMIT_MS = 60_000;

beforeAll(() => {
  builtFile('harness/bundler.js');
});

function overlayOf(mutant: Mutant): Overlay {
  const patch = readPatch('fault.diff', new TextEncoder().encode(gitDiff({ [mutant.file]: mutate(mutant) })));
  return applyTo('fault.diff', patch.files, shippedText).overlay;
}

/** The fault as a column with the hunks of landed. */
function asColumn<T>(mutant: Mutant, body: (column: Column) => Promise<T>): Promise<T> {
  const patched = { origin: 'patch', id: 'fault', name: 'fault.diff', title: '', intends: [], after: null } as const;
  const chosen: ChosenPatch = {
    kind: 'patch',
    patched: { ...patched, overlay: overlayOf(mutant), notes: [] },
    base: chooseVariant('landed'),
    how: { cache: null },
  };
  return withColumns(
    [chosen],
    () => {},
    ([column]) => body(column!),
    { warns: false },
  );
}

/** The revisions with whose hunks a fault is asked, in the order in which a mutant asks them. */
const BASES = { pmap: ['baseline', 'd33276', 'landed'], vm: ['baseline', 'landed'], mmu: ['landed'] } as const;
const FOLDERS = { pmap: ['pmap'], vm: ['vm', 'vm-superpages'], mmu: ['mmu'] } as const;
type Kind = keyof typeof BASES;

/** As a mutant's child takes them: small ones first; a compressed one counts 100-fold. */
function filesOf(kind: Kind): string[] {
  const size = (file: string): number => statSync(file).size * (file.endsWith('.gz') ? 100 : 1);
  const folders = FOLDERS[kind].map((name) => join(root, 'test/fixtures/vectors', name));
  return vectorFiles(folders, /\.json(\.gz)?$/).toSorted((a, b) => size(a) - size(b));
}

/** The first answer that is not as recorded under one revision, with the place of its file; null: none. */
async function firstMismatch(
  kind: Kind,
  base: string,
  overlay: Overlay,
  files: readonly string[],
): Promise<{ readonly at: number; readonly said: string } | null> {
  const bundle = await bundledColumn({ file: builtInFile(base), isBuiltIn: true, overlay }, 'conform');
  if (bundle.kind === 'refused') throw new Error(bundle.message);
  let taken = 0;
  const counted = async function* (): AsyncGenerator<{ name: string; recording: unknown }> {
    for await (const one of recordings(kind, files, root)) {
      taken++;
      yield one;
    }
  };
  try {
    const request = { kind, answers: base, recordings: counted() };
    const { mismatches } = await conformIn({ file: 'fault.diff', code: bundle.code }, request, () => {}, LIMIT_MS);
    const [first] = mismatches;
    if (first === undefined) return null;
    const at = files.findIndex((file) => basename(file) === first.file);
    return { at, said: `${first.file} ${first.at}: ${first.what}` };
  } catch (error) {
    if (!(error instanceof ConformFailure)) throw error;
    const before = await firstMismatch(kind, base, overlay, files.slice(0, taken - 1));
    return before ?? { at: taken - 1, said: `threw ${error.message}` };
  }
}

/** What is recorded of each fault: the first answer that its mutant gets wrong. */
function recorded(kind: Kind): ReadonlyMap<string, string> {
  const lines = readFileSync(join(root, 'test/mutants', `${kind}.caught.txt`), 'utf8').split('\n');
  return new Map(lines.flatMap((line, i) => (line.startsWith('  ') ? [[lines[i - 1]!, line.trim()] as const] : [])));
}

describe.each([
  ['mmu' as const, mmuMutants],
  ['pmap' as const, pmapMutants],
  ['vm' as const, vmMutants],
])('the %s vectors', (kind, mutants) => {
  const files = filesOf(kind);
  const caught = recorded(kind);

  it('are right about an empty patch', async () => {
    for (const base of BASES[kind]) expect(await firstMismatch(kind, base, new Map(), files)).toBeNull();
  });

  it.each(mutants)('catch the patch by which $fault at the op at which they catch the mutant', async (mutant) => {
    const overlay = overlayOf(mutant);
    let first: { readonly at: number; readonly said: string } | null = null;
    for (const base of BASES[kind]) {
      // A later revision comes first only with an earlier file.
      const found = await firstMismatch(kind, base, overlay, files.slice(0, first?.at));
      first = found ?? first;
    }
    expect(first?.said).toBe(caught.get(mutant.fault));
  });
});

describe('the invariants', () => {
  it.each(checkedMutants)('catch the patch by which $fault: $invariant', async ({ invariant, workload, ...mutant }) => {
    const tree = new MutantTree();
    try {
      const expected = await tree.run(mutant, 'check', [workload]);
      await asColumn(mutant, async (column) => {
        const record = await runColumn(column, parseWorkload(workload, 'w'), { check: true }, LIMIT_MS);
        const [first] = record.violations;
        expect(`${first?.name} after op ${first?.op}: ${first?.expected}, got ${first?.got}`).toBe(expected);
        expect(first?.name).toBe(invariant);
      });
    } finally {
      tree.dispose();
    }
  });
});

/** The first built-in workload that comes to something else in the column than in landed. */
async function firstDifference(column: Column, answers: Answers): Promise<Noticed> {
  for (const [pass, { how, check, takes }] of PASSES.entries())
    for await (const workload of builtIn()) {
      if (!takes(workload)) continue;
      const { name } = workload;
      const record = await runColumn(column, workload, { check }, LIMIT_MS);
      const { ended } = record;
      const what =
        ended.kind === 'failed' ? `threw ${ended.message}` : differing(answers[pass]![name]!, planes(record));
      if (what !== '') return { how, workload: name, what };
    }
  return null;
}

/** An exception has its place in front in a column, and not in a mutant. */
const plain = (noticed: Noticed): Noticed =>
  noticed === null ? null : { ...noticed, what: noticed.what.replace(/^threw .*/s, 'threw') };

describe.skipIf(!isThere)('of the faults beside the project', () => {
  const only = process.env.ONLY?.split(',');
  const all = isThere ? coreFaults().filter(({ id }) => only === undefined || only.includes(id)) : [];
  const faults = all.flatMap((fault) => {
    const mutant = ported(fault);
    return mutant === null ? [] : [{ id: fault.id, mutant }];
  });
  const stale = all.filter(({ id }) => !faults.some((fault) => fault.id === id));
  let folder: string;
  let tree: MutantTree;
  let answers: Answers;

  beforeAll(async () => {
    console.log(
      `${faults.length} faults; stale, their text is no longer there once: ${stale.length} (${stale.map(({ id }) => id).join(' ')})`,
    );
    folder = mkdtempSync(join(root, 'node_modules', '.pmapdiff-faults-'));
    tree = new MutantTree('test/power/child.ts', {}, 10 * LIMIT_MS);
    await tree.plant([]);
    await tree.answer(['answer', join(folder, 'answers.json')]);
    answers = JSON.parse(readFileSync(join(folder, 'answers.json'), 'utf8')) as Answers;
  });
  afterAll(() => {
    tree.dispose();
    rmSync(folder, { recursive: true });
  });

  it('few are stale', () => {
    expect(stale.length).toBeLessThan(all.length / 5);
  });

  it.each(faults)('$id shows in the same workload, in the same statistics and digests', async ({ id, mutant }) => {
    await tree.plant(mutant);
    const said = await tree.answer(['core', join(folder, 'answers.json')]);
    const expected = said === null || !/^(?:null$|\{)/.test(said) ? said : (JSON.parse(said) as Noticed);
    const noticed = await asColumn(mutant, (column) => firstDifference(column, answers));
    console.log(
      `${id} ${noticed === null ? 'escaped' : `${noticed.how} ${noticed.workload}: ${noticed.what.slice(0, 120)}`}`,
    );
    expect(plain(noticed)).toEqual(typeof expected === 'string' ? expected : plain(expected));
  });
});
if (!isThere) console.log('skipped: there are no faults beside the project');
