/** Answers recorded vectors with the compiled tree it is part of, and prints the first answer that differs. */
import { statSync } from 'node:fs';
import { checkers } from '../../harness/check/checker.ts';
import { conformMmu } from '../../harness/conform/mmu.ts';
import { conformPmap } from '../../harness/conform/pmap.ts';
import type { Mismatch } from '../../harness/conform/report.ts';
import { vectorFiles } from '../../harness/conform/vector-files.ts';
import { conformVm } from '../../harness/conform/vm.ts';
import { run } from '../../harness/run/run.ts';
import { parseWorkload } from '../../harness/workload/text/parse.ts';
import { baseline, d33276, landed } from '../../variants/index.ts';

/** The two ends of the series, and the revision for which every recording has answers. */
const revisions = [
  { variant: baseline, answers: 'baseline' },
  { variant: d33276, answers: 'd33276' },
  { variant: landed, answers: 'landed' },
];

/** Outside the pmap the landed revision is compared with its own answers. */
const vmRevisions = [
  { variant: baseline, answers: 'baseline' },
  { variant: landed, answers: 'landed' },
];

const [kind, ...paths] = process.argv.slice(2);

/** In bytes; a compressed file counts 100-fold. */
const size = (file: string): number => statSync(file).size * (file.endsWith('.gz') ? 100 : 1);

/** The mismatches of the first file that has any; small files come first. */
function firstMismatches(conform: (file: string) => { readonly mismatches: readonly Mismatch[] }): readonly Mismatch[] {
  for (const file of vectorFiles(paths, /\.json(\.gz)?$/).toSorted((a, b) => size(a) - size(b))) {
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
    what: 'invariant',
    expected,
    got,
  }));
}

const answer: Readonly<Record<string, () => readonly Mismatch[]>> = {
  check: () => firstViolation(paths[0]!),
  mmu: () => firstMismatches((file) => conformMmu([file])),
  pmap: () => firstMismatches((file) => conformPmap([file], revisions)),
  vm: () => firstMismatches((file) => conformVm([file], vmRevisions)),
};

let caught = '';
try {
  const first = answer[kind]!()[0];
  if (first !== undefined) caught = `${first.file} ${first.at}: ${first.what}`;
} catch (error) {
  caught = `threw ${(error as Error).message}`;
}
process.stdout.write(caught);
