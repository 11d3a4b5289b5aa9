/** Answers recorded vectors with the compiled tree it is part of, and prints the first answer that differs. */
import type { Variant } from '../../core/index.ts';
import { checkers } from '../../harness/check/checker.ts';
import { conformMmu } from '../../harness/conform/mmu.ts';
import { conformPmap } from '../../harness/conform/pmap.ts';
import type { Mismatch } from '../../harness/conform/report.ts';
import { conformVm } from '../../harness/conform/vm.ts';
import { run } from '../../harness/run/run.ts';
import { parseWorkload } from '../../harness/workload/text/parse.ts';
import { experiments, landed, series } from '../../variants/index.ts';
import { REVISIONS, type VectorKind, smallestFirst } from './vectors.ts';

const revisions = (kind: VectorKind): { readonly variant: Variant; readonly answers: string }[] =>
  REVISIONS[kind].map((id) => ({ variant: [...series, ...experiments].find((one) => one.id === id)!, answers: id }));

const [kind, ...paths] = process.argv.slice(2);

/** The mismatches of the first file that does not match; small files come first. */
function firstMismatches(conform: (file: string) => { readonly mismatches: readonly Mismatch[] }): readonly Mismatch[] {
  for (const file of smallestFirst(paths)) {
    const { mismatches } = conform(file);
    if (mismatches.length > 0) return mismatches;
  }
  return [];
}

/** The first invariant that does not hold in `landed`, in the workload of this text. */
function firstViolation(text: string): readonly Mismatch[] {
  const { record } = run(null, parseWorkload(text, 'w'), landed, { check: true }, { checker: checkers() });
  if (record.ended.kind !== 'done') throw new Error(JSON.stringify(record.ended));
  return record.violations.slice(0, 1).map(({ name, op, expected, got }) => ({
    file: name,
    at: `after op ${op}`,
    what: `${expected}, got ${got}`,
    expected,
    got,
  }));
}

const answer: Readonly<Record<string, () => readonly Mismatch[]>> = {
  check: () => firstViolation(paths[0]!),
  mmu: () => firstMismatches((file) => conformMmu([file])),
  pmap: () => firstMismatches((file) => conformPmap([file], revisions('pmap'))),
  vm: () => firstMismatches((file) => conformVm([file], revisions('vm'))),
};

let caught = '';
try {
  const first = answer[kind]!()[0];
  if (first !== undefined) caught = `${first.file} ${first.at}: ${first.what}`;
} catch (error) {
  caught = `threw ${(error as Error).message}`;
}
process.stdout.write(caught);
