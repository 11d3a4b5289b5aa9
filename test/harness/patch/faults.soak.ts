/**
 * `npm run soak -- patch/faults`: every planted fault as a patch. Each is a column, and notices what is noticed of a
 * program in which the fault is compiled. That is measured without a column or a patch: by test/mutants, recorded in its
 * *.caught.txt, and by test/power. ONLY=vm3,p01 in the environment runs some.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleColumn } from '../../../harness/bundle/column.ts';
import { chooseVariant } from '../../../harness/cli/select.ts';
import { type Column, runColumn } from '../../../harness/columns/column.ts';
import { builtInFile } from '../../../harness/columns/facts.ts';
import { withColumns } from '../../../harness/columns/open.ts';
import { ConformFailure, conformIn } from '../../../harness/conform/process.ts';
import { type Recording, recordings } from '../../../harness/conform/recordings.ts';
import { type Overlay, applyTo } from '../../../harness/patch/apply.ts';
import { readPatch } from '../../../harness/patch/read.ts';
import { shippedText } from '../../../harness/patch/sources.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { checkedMutants } from '../../mutants/invariants.ts';
import { mmuMutants } from '../../mutants/mmu.ts';
import { type Mutant, MutantTree, mutate } from '../../mutants/mutant.ts';
import { pmapMutants } from '../../mutants/pmap.ts';
import { FOLDERS, REVISIONS, type VectorKind, smallestFirst } from '../../mutants/vectors.ts';
import { vmMutants } from '../../mutants/vm.ts';
import { type Answers, type Noticed, PASSES, builtIn, differing, planes } from '../../power/planes.ts';
import { coreFaults, isThere, ported } from '../../power/sets.ts';
import { builtFile } from '../../support/built.ts';
import { gitDiff } from '../../support/diffs.ts';
import { root } from '../../support/layers.ts';
import { seated, seats } from '../../support/seats.ts';

const LIMIT_MS = 60_000;

interface Fault<M extends Mutant = Mutant> {
  readonly id: string;
  readonly mutant: M;
}

/** What is noticed of a fault where it is compiled in, and in its column. */
interface Result {
  readonly id: string;
  readonly expected: string;
  readonly got: string;
}

const only = process.env.ONLY?.split(',');
const chosen = <F extends { readonly id: string }>(faults: readonly F[]): readonly F[] =>
  faults.filter(({ id }) => only === undefined || only.includes(id));
const numbered = <M extends Mutant>(kind: string, mutants: readonly M[]): readonly Fault<M>[] =>
  chosen(mutants.map((mutant, i) => ({ id: `${kind}${i + 1}`, mutant })));

/** Prints a result as soon as there is one: the whole takes long. */
function said(result: Result): Result {
  const { id, expected, got } = result;
  const words = expected === got ? got : `EXPECTED ${expected} GOT ${got}`;
  console.log(`${id.padEnd(8)} ${words.slice(0, 400)}`);
  return result;
}

/** Every fault is a column, and none shows otherwise than where it is compiled in. */
function expectAgreement(kind: string, results: readonly Result[]): void {
  const escaped = results.filter(({ expected, got }) => expected === ESCAPED && got === ESCAPED);
  const wrong = results.filter(({ expected, got }) => expected !== got);
  console.log(
    `${kind}: ${results.length} faults, each a column; ${results.length - wrong.length} agree, ` +
      `of which ${escaped.length} show nowhere; ${wrong.length} differ`,
  );
  expect(wrong).toEqual([]);
}

const ESCAPED = 'shows nowhere';

beforeAll(() => {
  builtFile('harness/bundler.js');
});

function overlayOf(mutant: Mutant): Overlay {
  const patch = readPatch('fault.diff', new TextEncoder().encode(gitDiff({ [mutant.file]: mutate(mutant) })));
  const { overlay, notes } = applyTo('fault.diff', patch.files, shippedText);
  expect(notes).toEqual([]);
  return overlay;
}

/** The fault as a column with the hunks of landed; it knows which functions it changes. */
function asColumn<T>(overlay: Overlay, body: (column: Column) => Promise<T>): Promise<T> {
  const patched = { origin: 'patch', id: 'fault', name: 'fault.diff', title: '', intends: [], after: null } as const;
  return withColumns(
    [
      {
        kind: 'patch',
        patched: { ...patched, overlay, notes: [] },
        base: chooseVariant('landed'),
        how: { cache: null },
      },
    ],
    () => {},
    ([column]) => {
      const { recipe, facts } = column!;
      expect(recipe).toMatchObject({ kind: 'code' });
      expect(Object.keys(facts.functions ?? {})).not.toEqual([]);
      return body(column!);
    },
    { warns: false },
  );
}

const read = new Map<string, Recording>();

/** A recording is read once, for all faults. */
async function* readOnce(kind: VectorKind, files: readonly string[]): AsyncGenerator<Recording> {
  for (const file of files) {
    if (!read.has(file)) for await (const one of recordings(kind, [file], root)) read.set(file, one);
    yield read.get(file)!;
  }
}

interface Found {
  /** place of its file */
  readonly at: number;
  readonly said: string;
}

/** The first answer that is not as recorded under one revision, in files that are taken in this order; null: none. */
async function firstMismatch(
  kind: VectorKind,
  id: string,
  code: string,
  files: readonly string[],
): Promise<Found | null> {
  let taken = 0;
  const counted = async function* (): AsyncGenerator<Recording> {
    for await (const one of readOnce(kind, files)) {
      taken++;
      yield one;
    }
  };
  try {
    const request = { kind, answers: id, recordings: counted() };
    const { mismatches } = await conformIn({ file: 'fault.diff', code }, request, () => {}, LIMIT_MS);
    const [first] = mismatches;
    if (first === undefined) return null;
    const at = files.findIndex((file) => basename(file) === first.file);
    return { at, said: `${first.file} ${first.at}: ${first.what}` };
  } catch (error) {
    if (!(error instanceof ConformFailure)) throw error;
    const before = await firstMismatch(kind, id, code, files.slice(0, taken - 1));
    return before ?? { at: taken - 1, said: `threw ${error.message}` };
  }
}

/** The first answer that is not as recorded, under the revisions in turn. */
async function firstMismatchOf(kind: VectorKind, overlay: Overlay, files: readonly string[]): Promise<Found | null> {
  let first = null as Found | null;
  for (const id of REVISIONS[kind]) {
    const bundle = await bundleColumn({ file: builtInFile(id), isBuiltIn: true, overlay }, 'conform');
    if (bundle.kind === 'refused') throw new Error(bundle.message);
    // A later revision comes first only with an earlier file.
    first = (await firstMismatch(kind, id, bundle.code, files.slice(0, first?.at))) ?? first;
  }
  return first;
}

/** What is recorded of each fault: the first answer that its mutant gets wrong. */
function recorded(kind: VectorKind): ReadonlyMap<string, string> {
  const lines = readFileSync(join(root, 'test/mutants', `${kind}.caught.txt`), 'utf8').split('\n');
  return new Map(lines.flatMap((line, i) => (line.startsWith('  ') ? [[lines[i - 1]!, line.trim()] as const] : [])));
}

describe.each([
  ['mmu' as const, numbered('mmu', mmuMutants)],
  ['pmap' as const, numbered('pmap', pmapMutants)],
  ['vm' as const, numbered('vm', vmMutants)],
])('the %s vectors', (kind, faults) => {
  const files = smallestFirst(FOLDERS[kind].map((name) => join(root, 'test/fixtures/vectors', name)));
  const caught = recorded(kind);

  it('are right about an empty patch', async () => {
    expect(await firstMismatchOf(kind, new Map(), files)).toBeNull();
  });

  it('catch each patch at the op at which they catch the mutant', async () => {
    const job = async ({ id, mutant }: Fault): Promise<Result> => {
      const overlay = overlayOf(mutant);
      await asColumn(overlay, async () => {});
      const expected = caught.get(mutant.fault)!;
      const last = files.findIndex((file) => expected.startsWith(`${basename(file)} `));
      // What is recorded is in this file: those behind it are asked only if nothing shows before.
      const found =
        (await firstMismatchOf(kind, overlay, files.slice(0, last + 1))) ??
        (await firstMismatchOf(kind, overlay, files));
      return said({ id, expected, got: found?.said ?? ESCAPED });
    };
    expectAgreement(
      kind,
      await seated(
        faults,
        seats(() => null),
        job,
      ),
    );
  });
});

it('the invariants catch each patch as they catch the mutant', async () => {
  const trees = seats(() => new MutantTree());
  try {
    const results = await seated(numbered('check', checkedMutants), trees, async ({ id, mutant }, tree) => {
      const { invariant, workload } = mutant;
      const expected = await tree.run(mutant, 'check', [workload]);
      expect(expected).toMatch(new RegExp(`^${invariant} `));
      return asColumn(overlayOf(mutant), async (column) => {
        const { violations } = await runColumn(column, parseWorkload(workload, 'w'), { check: true }, LIMIT_MS);
        const [first] = violations;
        const got = `${first?.name} after op ${first?.op}: ${first?.expected}, got ${first?.got}`;
        return said({ id, expected: expected!, got });
      });
    });
    expectAgreement('check', results);
  } finally {
    for (const tree of trees) tree.dispose();
  }
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
const words = (noticed: Noticed): string =>
  noticed === null
    ? ESCAPED
    : `${noticed.how} ${noticed.workload}: ${noticed.what.replace(/^threw (?:.*?:\d+:\d+: )?/s, 'threw ')}`;

describe.skipIf(!isThere)('of the faults beside the project', () => {
  const all = isThere ? chosen(coreFaults()) : [];
  const faults = all.map((fault) => ({ id: fault.id, mutant: ported(fault) }));
  const trees = seats(() => new MutantTree('test/power/child.ts'));
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(root, 'node_modules', '.pmapdiff-faults-'));
  });
  afterAll(() => {
    for (const tree of trees) tree.dispose();
    rmSync(folder, { recursive: true });
  });

  it('each has its place in the source', () => {
    expect(faults.filter(({ mutant }) => mutant === null).map(({ id }) => id)).toEqual([]);
  });

  it('each shows in the same workload, in the same statistics, digests and invariants', async () => {
    const file = join(folder, 'answers.json');
    await trees[0]!.plant([]);
    await trees[0]!.answer(['answer', file]);
    const answers = JSON.parse(readFileSync(file, 'utf8')) as Answers;
    const results = await seated(faults, trees, async ({ id, mutant }, tree) => {
      await tree.plant(mutant!);
      const answer = await tree.answer(['core', file]);
      const expected = /^(?:null$|\{)/.test(answer!) ? words(JSON.parse(answer!) as Noticed) : answer!;
      const got = await asColumn(overlayOf(mutant!), (column) => firstDifference(column, answers));
      return said({ id, expected, got: words(got) });
    });
    expectAgreement('core', results);
  });
});
if (!isThere) console.log('skipped: there are no faults beside the project');
