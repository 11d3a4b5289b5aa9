/** Answers recorded vectors with the compiled tree that it stands in, and prints the first answer that differs. */
import { conformMmu } from '../../harness/conform/mmu.ts';

const [kind, ...paths] = process.argv.slice(2);

const mismatches = kind === 'mmu' ? conformMmu(paths).mismatches : [];
const first = mismatches[0];
if (first !== undefined) process.stdout.write(`${first.file} ${first.at}`);
