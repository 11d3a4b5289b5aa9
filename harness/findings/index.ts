/** The ledger: every remark that has been made executable, in the order of its number. Adding one = one file, one line. */
import type { Known } from '../compare/declarations.ts';
import { f1 } from './f1.ts';
import { f13 } from './f13.ts';
import { f14 } from './f14.ts';
import { f15 } from './f15.ts';
import { f2 } from './f2.ts';
import { f4 } from './f4.ts';
import { f6 } from './f6.ts';
import { f8 } from './f8.ts';
import type { Finding } from './finding.ts';
import { n1 } from './n1.ts';
import { n11 } from './n11.ts';
import { n3 } from './n3.ts';

export const ledger: readonly Finding[] = [f1, f2, f4, f6, f8, f13, f14, f15, n1, n3, n11];

/** The differences that the ledger explains, for the comparison. */
export const knownDifferences: readonly Known[] = ledger.flatMap(({ known }) => known);
