/** What can be shown of saved results: verdicts and what was counted, without reasons and without the machine. */
import type { Verdict } from '../compare/pair.ts';
import type { PairReport } from '../report/compare/pair-report.ts';
import { plural } from '../report/words.ts';
import type { SavedPair, SavedResults, SavedWorkload } from '../saved/document.ts';
import { PAGE_SCHEMA, type PageData } from './data.ts';

/** titles: of variants that are known here. */
export function savedData(results: SavedResults, titles: Readonly<Record<string, string>>): PageData {
  const { columns, workloads } = results;
  const ids = columns.map(({ id }) => id);
  const referenceOf = (id: string): string | null =>
    workloads.flatMap(({ pairs }) => pairs).find(({ candidate }) => candidate === id)?.reference ?? null;
  return {
    schema: PAGE_SCHEMA,
    heading: `${plural(workloads.length, 'workload')} × ${plural(ids.length, 'revision')}, as saved`,
    tally: plural(
      workloads.reduce((sum, { pairs }) => sum + pairs.length, 0),
      'comparison',
    ),
    happened: [],
    columns: ids.map((id) => ({ ids: [id], reference: referenceOf(id) })),
    titles: Object.fromEntries(ids.map((id) => [id, Object.hasOwn(titles, id) ? titles[id] : id])),
    findingTitles: {},
    workloads: workloads.map((workload) => ({
      name: workload.name,
      title: '',
      ops: null,
      text: null,
      first: null,
      pairs: ids.map((id) => {
        const pair = workload.pairs.find(({ candidate }) => candidate === id);
        return pair === undefined ? null : pairOf(results, workload, pair);
      }),
    })),
    revisions: [],
    findings: [],
    interdiffs: [],
    machine: null,
  };
}

function pairOf(
  { counts, columns, runs }: SavedResults,
  workload: SavedWorkload,
  { reference, candidate, verdict, standing }: SavedPair,
): PairReport {
  const countsOf = (id: string): readonly (number | null)[] =>
    runs[workload.runs[columns.findIndex((column) => column.id === id)]].counts;
  const [was, is] = [countsOf(reference), countsOf(candidate)];
  return {
    reference,
    candidate,
    cell: {
      verdict: verdict as Verdict,
      standing: standing as PairReport['cell']['standing'],
      findings: [],
      accepted: false,
      note: null,
      happened: [],
    },
    reasons: [],
    following: 0,
    totals: counts.flatMap((what, i) => {
      const [a, b] = [was[i], is[i]];
      if (a === null || b === null || a === b) return [];
      return [{ what, kind: 'added' as const, sum: { reference: a, candidate: b }, largest: null }];
    }),
    parted: null,
    incomplete: null,
  };
}
