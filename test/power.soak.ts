/**
 * How many planted faults the built-in workloads notice: wrong patches and a wrong core, from the sets beside the project.
 * ONLY=a01,p03 in the environment runs some of them. Skipped where the sets are not there.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MutantTree } from './mutants/mutant.ts';
import type { Noticed } from './power/planes.ts';
import { type CoreFault, coreFaults, isThere, ported, variantFaults, variantFile } from './power/sets.ts';
import { root } from './support/layers.ts';
import { seated, seats } from './support/seats.ts';

const CHILD = 'test/power/child.ts';
const only = process.env.ONLY?.split(',');
const chosen = <T extends { readonly id: string }>(faults: readonly T[]): readonly T[] =>
  only === undefined ? faults : faults.filter(({ id }) => only.includes(id));

/** How a fault was noticed: by a run's record, by an invariant, by a recorded answer; or that it was not. */
type How = 'records' | 'check' | 'conform' | 'escaped' | 'stale';

interface Result {
  readonly id: string;
  readonly kind: string;
  readonly how: How;
  readonly where: string;
}

const parsed = (answer: string | null): Noticed => {
  if (answer === null || !/^(null$|\{)/.test(answer))
    return { how: 'records', workload: 'all', what: answer ?? 'no answer' };
  return JSON.parse(answer) as Noticed;
};

const words = (found: Noticed): string => (found === null ? '' : `${found.workload}: ${found.what}`);

/** Prints a result as soon as there is one: the whole takes long. */
function said(result: Result): Result {
  const { id, kind, how, where } = result;
  console.log(`${id.padEnd(32)} ${kind.padEnd(5)} ${how.padEnd(8)} ${where.slice(0, 160)}`);
  return result;
}

function table(results: readonly Result[]): string {
  const kinds = [...new Set(results.map(({ kind }) => kind))];
  const columns = ['records', 'check', 'conform', 'escaped', 'stale'] as const;
  const row = (name: string, some: readonly Result[]): string =>
    [name, some.length, ...columns.map((how) => some.filter((one) => one.how === how).length)]
      .map((cell) => String(cell).padStart(9))
      .join('');
  return [
    ['kind', 'faults', ...columns].map((cell) => cell.padStart(9)).join(''),
    ...kinds.map((kind) =>
      row(
        kind,
        results.filter((one) => one.kind === kind),
      ),
    ),
    row('all', results),
  ].join('\n');
}

const share = (results: readonly Result[], ...hows: readonly How[]): number =>
  results.filter(({ how }) => hows.includes(how)).length / results.filter(({ how }) => how !== 'stale').length;

/** What nothing can show, and the rest. */
const apart = (results: readonly Result[]): readonly [equal: readonly Result[], faulty: readonly Result[]] => [
  results.filter(({ kind }) => kind === 'equal'),
  results.filter(({ kind }) => kind !== 'equal'),
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(root, 'node_modules', '.pmapdiff-power-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(!isThere)('of the planted faults beside the project', () => {
  it('at least 93 % of the wrong patches are noticed, and nothing that is equivalent', async () => {
    const faults = chosen(variantFaults());
    const tree = new MutantTree(CHILD, Object.fromEntries(faults.map(({ id }) => [id, variantFile(id)])));
    try {
      await tree.plant([]);
      const job = async ({ id, base, equivalent }: (typeof faults)[number]): Promise<Result> => {
        const kind = equivalent ? 'equal' : id[0]!;
        const found = parsed(await tree.answer(['variant', id, base]));
        return said({ id, kind, how: found?.how ?? 'escaped', where: words(found) });
      };
      const results = await seated(
        faults,
        seats(() => tree),
        job,
      );
      console.log(table(results));
      const [equal, faulty] = apart(results);
      expect(equal.filter(({ how }) => how !== 'escaped')).toEqual([]);
      if (only === undefined) expect(share(faulty, 'records', 'check')).toBeGreaterThanOrEqual(0.93);
    } finally {
      tree.dispose();
    }
  });

  it('at least 75 % of those in the core are noticed by the workloads, and 95 % with the recorded answers', async () => {
    const answers = join(folder, 'answers.json');
    const truth = new MutantTree(CHILD);
    await truth.plant([]);
    expect(parsed(await truth.answer(['answer', answers]))).toBeNull();
    truth.dispose();
    const trees = seats(() => ({
      workloads: new MutantTree(CHILD),
      vectors: new MutantTree(),
    }));
    try {
      const results = await seated(chosen(coreFaults()), trees, (fault, tree) => noticed(fault, tree, answers));
      console.log(table(results));
      const [equal, faulty] = apart(results);
      expect(equal.filter(({ how }) => how !== 'escaped' && how !== 'stale')).toEqual([]);
      if (only !== undefined) return;
      expect(share(faulty, 'records', 'check')).toBeGreaterThanOrEqual(0.75);
      expect(share(faulty, 'records', 'check', 'conform')).toBeGreaterThanOrEqual(0.95);
    } finally {
      for (const { workloads, vectors } of trees) {
        workloads.dispose();
        vectors.dispose();
      }
    }
  });
});

const KINDS: readonly (readonly ['pmap' | 'vm' | 'mmu', readonly string[]])[] = [
  ['pmap', ['pmap', 'pmap2', 'pmap-more']],
  ['vm', ['vm', 'vm2', 'vm-panic', 'vm-superpages', 'vm-swapout']],
  ['mmu', ['mmu']],
];

async function noticed(
  fault: CoreFault,
  tree: { readonly workloads: MutantTree; readonly vectors: MutantTree },
  answers: string,
): Promise<Result> {
  const { id } = fault;
  const kind = fault.equivalent === undefined ? fault.file.split('/')[1]! : 'equal';
  const mutant = ported(fault);
  if (mutant === null) return { id, kind, how: 'stale', where: fault.file };
  await tree.workloads.plant(mutant);
  const found = parsed(await tree.workloads.answer(['core', answers]));
  if (found !== null) {
    // The replacement names what its file does not import: no fault of the kind that was meant.
    const isBroken = found.what.includes('is not defined');
    return said({ id, kind, how: isBroken ? 'stale' : found.how, where: words(found) });
  }
  await tree.vectors.plant(mutant);
  for (const [vectors, folders] of KINDS) {
    const paths = folders.map((name) => join(root, '../shared/vectors', name));
    const caught = await tree.vectors.answer([vectors, ...paths]);
    if (caught !== null) return said({ id, kind, how: 'conform', where: caught });
  }
  return said({
    id,
    kind,
    how: 'escaped',
    where: fault.equivalent ?? fault.fault,
  });
}
