/** What does not hold, whatever is compared, a line each. */
import type { WorkloadComparison } from '../../compare/plan.ts';

/** What does not hold in single runs, whatever the others do, or an expectation that the reference missed. */
export interface ViolationLine {
  readonly text: string;
  readonly known: boolean;
  /** an expectation: whatever --fail-on says, the exit code is not 0 */
  readonly isExpectation: boolean;
  readonly workloads: readonly string[];
  readonly variants: readonly string[];
}

/** What does not hold in several runs, or in several ways, is one line: the first of them. */
export function violationLines(workloads: readonly WorkloadComparison[]): ViolationLine[] {
  const lines = new Map<string, { line: ViolationLine; texts: Set<string> }>();
  const add = (
    what: string,
    how: string,
    [known, isExpectation]: readonly [boolean, boolean],
    workload: string,
    variants: readonly string[],
  ): void => {
    const before = lines.get(what);
    const { text = what + how, workloads: some = [], variants: ids = [] } = before?.line ?? {};
    const line = {
      text,
      known,
      isExpectation,
      workloads: unique([...some, workload]),
      variants: unique([...ids, ...variants]),
    };
    lines.set(what, { line, texts: (before?.texts ?? new Set()).add(how) });
  };
  for (const { name, missed, runs } of workloads) {
    for (const { line, op, expected, got } of missed)
      add(
        `${line > 0 ? `line ${line}` : `op ${op}`}: the reference should answer ${expected}, answers ${got}`,
        '',
        [false, true],
        name,
        [],
      );
    for (const { variant, faults } of runs)
      for (const { name: invariant, expected, got, standing, findings, accepted } of faults)
        if (standing !== 'shared') {
          const why = accepted === undefined ? '' : `: ${accepted}`;
          const how = `: expected ${expected}, got ${got}${why}`;
          add([...findings, invariant].join(' '), how, [standing === 'known', false], name, [variant]);
        }
  }
  return [...lines.values()].map(({ line, texts }) =>
    texts.size === 1 ? line : { ...line, text: `${line.text}, and ${texts.size - 1} more like it` },
  );
}

const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];
