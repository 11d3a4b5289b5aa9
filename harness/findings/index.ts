/** The ledger: every remark of this folder, one file each. The build lists the files in all.ts. */
import type { KnownDifference } from '../declare/declarations.ts';
import * as files from './all.ts';
import type { Finding, OpenFinding } from './finding.ts';

/** F before N, then by number. */
const order = (a: Named, b: Named): number =>
  a.id[0] === b.id[0] ? Number(a.id.slice(1)) - Number(b.id.slice(1)) : a.id < b.id ? -1 : 1;

type Named = Pick<Finding, 'id'>;

const isOpen = (finding: Finding | OpenFinding): finding is OpenFinding => 'reason' in finding;
const all: readonly (Finding | OpenFinding)[] = Object.values(files);

/** The executable remarks. */
export const ledger: readonly Finding[] = all.filter((one): one is Finding => !isOpen(one)).toSorted(order);

/** The remarks that are not executable yet. */
export const openFindings: readonly OpenFinding[] = all.filter(isOpen).toSorted(order);

/** The differences that the ledger explains, for the comparison. */
export const knownDifferences: readonly KnownDifference[] = ledger.flatMap(({ known }) => known);

/** The invariants that the ledger lists as broken, for a run with checked invariants. */
export const knownViolations: readonly KnownDifference[] = ledger.flatMap(({ knownViolations: broken = [] }) => broken);
