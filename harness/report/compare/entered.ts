/** Which workloads enter the functions that a patch changes, and how often. */
import type pc from 'picocolors';
import type { WorkloadComparison } from '../../compare/plan.ts';
import type { VariantFacts } from '../../declare/declarations.ts';
import { number, plural } from '../words.ts';

/** A function that a patch changes, and the workloads that enter it. */
export interface EnteredRow {
  readonly variant: string;
  readonly name: string;
  readonly calls: number;
  /** with the most calls first */
  readonly workloads: readonly { readonly name: string; readonly calls: number }[];
  /** a machine enters it before the first op, which is not counted */
  readonly atBoot: boolean;
}

/** Functions that a column's patch changes, by name. */
export function enteredRows(
  { id, functions = {} }: VariantFacts,
  workloads: readonly WorkloadComparison[],
): EnteredRow[] {
  const entered = workloads.flatMap((workload) => {
    const found = workload.runs.find(({ variant }) => variant === id)?.entered;
    return found === undefined ? [] : [{ name: workload.name, ...found }];
  });
  return Object.keys(functions)
    .toSorted()
    .map((name) => {
      const counted = entered.map((one) => ({ name: one.name, calls: one.calls[name] ?? 0 }));
      const by = counted.filter(({ calls }) => calls > 0).toSorted((a, b) => b.calls - a.calls);
      return {
        variant: id,
        name,
        calls: by.reduce((sum, { calls }) => sum + calls, 0),
        workloads: by,
        atBoot: entered.some(({ atBoot }) => atBoot.includes(name)),
      };
    });
}

/** Workloads named of one function. */
const SHOWN_WORKLOADS = 3;

/** `1,234 calls in 12 workloads: make12 900, churn 100, fork-loop 50, 9 more` */
function rowText({ calls, workloads, atBoot }: EnteredRow): string {
  if (calls === 0) return atBoot ? 'only while the machine boots' : 'never entered';
  const more = workloads.length - SHOWN_WORKLOADS;
  const most = workloads.slice(0, SHOWN_WORKLOADS).map((one) => `${one.name} ${number(one.calls)}`);
  const where = [...most, ...(more > 0 ? [`${number(more)} more`] : [])].join(', ');
  return `${plural(calls, 'call')} in ${plural(workloads.length, 'workload')}: ${where}`;
}

/** Functions shown of one column. */
const SHOWN_FUNCTIONS = 30;

/** What patches change, and which workloads enter it. */
export function enteredText(
  { entered: rows }: { readonly entered: readonly EnteredRow[] },
  colors: ReturnType<typeof pc.createColors>,
): string {
  return [...new Set(rows.map(({ variant }) => variant))]
    .map((id) => {
      const own = rows.filter(({ variant }) => variant === id);
      const more = own.length - SHOWN_FUNCTIONS;
      const lines = own.slice(0, SHOWN_FUNCTIONS).map((row) => {
        const line = `  ${row.name}: ${rowText(row)}`;
        return row.calls === 0 && !row.atBoot ? colors.yellow(line) : line;
      });
      if (more > 0) lines.push(colors.dim(`  … and ${plural(more, 'function')} more`));
      return [colors.bold(`${id}: changed functions`), ...lines].join('\n');
    })
    .join('\n\n');
}
