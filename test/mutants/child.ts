/** Answers recorded vectors with the compiled tree that it stands in, and prints the first answer that differs. */
import { conformMmu } from '../../harness/conform/mmu.ts';
import { conformPmap } from '../../harness/conform/pmap.ts';
import type { Mismatch } from '../../harness/conform/report.ts';
import { baseline, d33276 } from '../../variants/index.ts';

/** The two ends of the series: what lies between them answers like one of them inside the pmap. */
const revisions = [
  { variant: baseline, answers: 'baseline' },
  { variant: d33276, answers: 'd33276' },
];

const [kind, ...paths] = process.argv.slice(2);

const answer: Readonly<Record<string, () => readonly Mismatch[]>> = {
  mmu: () => conformMmu(paths).mismatches,
  pmap: () => conformPmap(paths, revisions).mismatches,
};

let caught = '';
try {
  const first = answer[kind]!()[0];
  if (first !== undefined) caught = `${first.file} ${first.at}: ${first.what}`;
} catch (error) {
  caught = `threw ${(error as Error).message}`;
}
process.stdout.write(caught);
