/** What a page shows, as data: made where the results are, embedded in the page, and read there. */
import type { WorkloadComparison } from '../compare/plan.ts';
import type { VariantFacts } from '../declare/declarations.ts';
import type { Finding } from '../findings/finding.ts';
import type { Answer, FindingResult } from '../findings/result.ts';
import type { CompareReport } from '../report/compare/model.ts';
import { type PairReport, pairReports } from '../report/compare/pair-report.ts';
import { comparedText, happenedLines, inLine, tallyText } from '../report/compare/words.ts';
import { type Mark, ledgerRows, reportedRows } from '../report/findings/matrix.ts';
import type { Interdiff } from '../review/interdiff.ts';

export const PAGE_SCHEMA = 'pmapdiff.page/1';

export interface WorkloadData {
  readonly name: string;
  readonly title: string;
  /** null: not known */
  readonly ops: number | null;
  /** null: not at hand */
  readonly text: string | null;
  /** how many of a recording's ops the text has, if not all; null: it has all */
  readonly first: number | null;
  /** by column; null: a reference */
  readonly pairs: readonly (PairReport | null)[];
}

export interface FindingData {
  readonly id: string;
  readonly title: string;
  readonly kind: Finding['kind'];
  readonly thread: string;
  readonly claim: string;
  readonly marks: readonly Mark[];
  readonly alsoIn: readonly string[];
  readonly cases: readonly {
    readonly name: string;
    readonly observes: string;
    readonly source: string;
    /** null: a recording */
    readonly text: string | null;
    /** by revision: what is observed, as its source says */
    readonly values: readonly (string | number | null)[];
  }[];
}

/** The machine that a page has in it. */
export interface MachineData {
  readonly facts: readonly VariantFacts[];
  /** variants that can be run in the page */
  readonly ids: readonly string[];
  /** of them, those whose code is in the page besides, in the order of that code; name: as they were given */
  readonly own: readonly { readonly id: string; readonly name: string }[];
}

/** The code that decides how a candidate differs. */
export type Change = Pick<Interdiff, 'reference' | 'candidate' | 'title' | 'notes' | 'blocks'>;

export interface PageData {
  readonly schema: typeof PAGE_SCHEMA;
  readonly heading: string;
  readonly tally: string;
  readonly happened: readonly { readonly ids: string; readonly line: string; readonly isUnexpected: boolean }[];
  readonly columns: CompareReport['columns'];
  readonly titles: CompareReport['titles'];
  readonly findingTitles: CompareReport['findingTitles'];
  readonly workloads: readonly WorkloadData[];
  /** columns of the findings */
  readonly revisions: readonly string[];
  readonly findings: readonly FindingData[];
  readonly interdiffs: readonly Change[];
  /** null: the results alone */
  readonly machine: MachineData | null;
}

/** A workload's text; first: see WorkloadData. */
export type ShownText = Pick<WorkloadData, 'first'> & { readonly text: string };

/** Ops of a recording that a page has at most, and how many of them come after the one that they are there for. */
const MOST_OPS = 4500;
const AFTER = 16;

/**
 * How many ops of a recording a page has: up to the last at which something differs for the first time under some
 * candidate, as far as there is room.
 */
export function shownOps({ pairs, ops }: Pick<WorkloadComparison, 'pairs' | 'ops'>): number {
  const firsts = pairs.flatMap(({ differences }) => differences.map(({ op }) => op)).filter((op) => op < MOST_OPS);
  return Math.min(ops, Math.max(0, ...firsts) + 1 + AFTER);
}

export interface PageInput {
  readonly report: CompareReport;
  /** by the workload's name; null: there is none */
  readonly textOf: (name: string) => ShownText | null;
  readonly ledger: readonly Finding[];
  /** the ledger, asked of variants of which it says nothing, and their ids */
  readonly asked: { readonly ids: readonly string[]; readonly findings: readonly FindingResult[] };
  readonly interdiffs: readonly Change[];
  readonly machine: MachineData | null;
}

export function pageData({ report, textOf, ledger, asked, interdiffs, machine }: PageInput): PageData {
  const { columns, rows, titles, findingTitles, tally } = report;
  const ids = columns.flatMap((column) => column.ids);
  const named = new Set(ledger.flatMap(({ cases }) => cases.flatMap(({ expected }) => Object.keys(expected))));
  const known = ids.filter((id) => named.has(id));
  const marks = ledgerRows(ledger, known);
  const answered = reportedRows(asked.findings, asked.ids);
  return {
    schema: PAGE_SCHEMA,
    heading: comparedText(report),
    tally: tallyText(tally),
    happened: happenedLines(report).map(({ column, text: { line, standing } }) => ({
      ids: inLine(column),
      line,
      isUnexpected: standing === 'unexpected',
    })),
    columns,
    titles,
    findingTitles,
    workloads: rows.map(({ workload: { name, title, ops: length } }, row) => ({
      name,
      title,
      ops: length,
      text: null,
      first: null,
      ...textOf(name),
      pairs: pairReports(report, row),
    })),
    revisions: [...known, ...asked.ids],
    findings: ledger.map(({ id, title, kind, thread, claim, cases }, i) => ({
      id,
      title,
      kind,
      thread,
      claim,
      marks: [...marks[i].marks, ...(answered[i]?.marks ?? [])],
      alsoIn: marks[i].alsoIn,
      cases: cases.map(({ name, observes, source, workload, expected }, at) => ({
        name,
        observes,
        source,
        text: typeof workload === 'string' ? workload : null,
        values: [
          ...known.map((revision) => expected[revision]?.value ?? null),
          ...asked.ids.map((one) => answerOf(asked.findings[i].cases[at].answers, one)),
        ],
      })),
    })),
    interdiffs: interdiffs.map(({ reference, candidate, title, notes, blocks }) => ({
      reference,
      candidate,
      title,
      notes,
      blocks,
    })),
    machine,
  };
}

const answerOf = (answers: readonly Answer[], id: string): Answer['got'] =>
  answers.find(({ variant }) => variant === id)?.got ?? null;
