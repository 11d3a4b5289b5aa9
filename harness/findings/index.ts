/** The ledger: every remark that has been made executable, in the order of the thread. Adding one = one file, one line. */
import type { Known } from '../compare/declarations.ts';
import { f1 } from './f1.ts';
import { f13 } from './f13.ts';
import { f14 } from './f14.ts';
import { f2 } from './f2.ts';
import { f4 } from './f4.ts';
import { f6 } from './f6.ts';
import type { Finding } from './finding.ts';

export const ledger: readonly Finding[] = [f1, f2, f4, f6, f13, f14];

/** The differences that the ledger explains, for the comparison. */
export const knownDifferences: readonly Known[] = ledger.flatMap(({ known }) => known);
