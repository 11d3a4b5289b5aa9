/** Joins the reports of conform on one recording each, as if one run had answered them all. */
import type { ConformReport, RevisionCount } from './report.ts';

type Counts = Readonly<Partial<Record<'ops' | 'numbers' | 'rowsMatching', number>>>;

/** reports: one or more of a kind, in the order of their recordings. variants: ids in the order they were asked in. */
export function joinReports(reports: readonly ConformReport[], variants: readonly string[]): ConformReport {
  const [first] = reports;
  const sum = <Part>(parts: readonly Part[], of: (part: Part) => number): number =>
    parts.reduce((total, part) => total + of(part), 0);
  const counted = (['ops', 'numbers', 'rowsMatching'] as const).filter((name) => name in first);
  const rows = reports.flatMap((report): readonly RevisionCount[] => ('revisions' in report ? report.revisions : []));
  const d33276 = reports.flatMap((report) => ('d33276' in report ? [report.d33276] : []));
  return {
    ...first,
    files: sum(reports, ({ files }) => files),
    checked: sum(reports, ({ checked }) => checked),
    ...Object.fromEntries(counted.map((name) => [name, sum(reports, (report) => (report as Counts)[name]!)])),
    ...('revisions' in first
      ? {
          revisions: variants.flatMap((variant) => {
            const of = rows.filter((row) => row.variant === variant);
            const [checked, mismatches] = [sum(of, (row) => row.checked), sum(of, (row) => row.mismatches)];
            return of.length === 0 ? [] : [{ variant, checked, mismatches }];
          }),
        }
      : {}),
    ...('d33276' in first
      ? { d33276: { files: sum(d33276, ({ files }) => files), ops: sum(d33276, ({ ops }) => ops) } }
      : {}),
    mismatches: reports.flatMap(({ mismatches }) => mismatches as never[]),
  } as ConformReport;
}
