/** The ledger: every remark that has been made executable, in the order of its number. Adding one = one file, one line. */
import type { Known } from '../compare/declarations.ts';
import { f1 } from './f1.ts';
import { f10 } from './f10.ts';
import { f12 } from './f12.ts';
import { f13 } from './f13.ts';
import { f14 } from './f14.ts';
import { f15 } from './f15.ts';
import { f16 } from './f16.ts';
import { f17 } from './f17.ts';
import { f18 } from './f18.ts';
import { f2 } from './f2.ts';
import { f20 } from './f20.ts';
import { f21 } from './f21.ts';
import { f3 } from './f3.ts';
import { f4 } from './f4.ts';
import { f5 } from './f5.ts';
import { f6 } from './f6.ts';
import { f7 } from './f7.ts';
import { f8 } from './f8.ts';
import type { Finding, OpenFinding } from './finding.ts';
import { n1 } from './n1.ts';
import { n10 } from './n10.ts';
import { n11 } from './n11.ts';
import { n12 } from './n12.ts';
import { n2 } from './n2.ts';
import { n3 } from './n3.ts';
import { n4 } from './n4.ts';
import { n5 } from './n5.ts';
import { n6 } from './n6.ts';
import { n7 } from './n7.ts';
import { n9 } from './n9.ts';

export const ledger: readonly Finding[] = [
  f1,
  f2,
  f3,
  f4,
  f5,
  f6,
  f7,
  f8,
  f10,
  f12,
  f13,
  f14,
  f15,
  f16,
  f17,
  f18,
  f20,
  f21,
  n1,
  n2,
  n3,
  n4,
  n5,
  n6,
  n7,
  n9,
  n10,
  n11,
  n12,
];

/** The remarks that are not executable yet. */
export const openFindings: readonly OpenFinding[] = [
  {
    id: 'F9',
    title: 'The fork loop runs 5750 times a second with the early exit, 5430 times without',
    reason: 'needs the cost model: a ratio of modelled cycles as a range',
  },
  {
    id: 'F11',
    title: 'NCPU instances: pv list lock contention in pmap_remove_pages() is the bottleneck',
    reason: 'needs the contention model',
  },
  {
    id: 'F19',
    title: 'The pmap lock is uncontended in these paths',
    reason: 'needs the contention model: nothing waits for a lock here',
  },
  {
    id: 'N8',
    title: "vm_swapout's resident_count <= 0 is never true again",
    reason: 'needs a swapout op',
  },
];

/** The differences that the ledger explains, for the comparison. */
export const knownDifferences: readonly Known[] = ledger.flatMap(({ known }) => known);
