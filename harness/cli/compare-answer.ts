/** The answer of `pmapdiff compare`: what was run is judged, reported and written. */
import { readFileSync } from 'node:fs';
import { INVARIANTS } from '../check/invariants.ts';
import type { Chosen } from '../columns/chosen.ts';
import type { Column } from '../columns/column.ts';
import { EXIT_HARNESS } from '../compare/gate.ts';
import { type JudgeOptions, judge } from '../compare/judge.ts';
import type { Against, Plan } from '../compare/plan.ts';
import { type WorkloadDone, comparedOf } from '../compare/run-comparison.ts';
import { suggest } from '../compare/suggest.ts';
import { type Warning, unknownNames, warningsOf } from '../compare/warnings.ts';
import { ledger } from '../findings/index.ts';
import type { OutputFile } from '../output-file.ts';
import { type CompareReport, type MemberLines, buildReport } from '../report/compare/model.ts';
import { renderText } from '../report/compare/text.ts';
import type { Workload } from '../workload/ops.ts';
import type { WorkloadHead } from '../workload/pieces.ts';
import type { Answer } from './answer.ts';
import { type Input, type Reading, wholeOf } from './compare-run.ts';
import { withHints } from './hints.ts';
import type { Progress } from './progress.ts';
import type { SavedRuns } from './saved.ts';
import { allWorkloadNames, builtInIds } from './select.ts';

/** What was asked for, as far as the answer depends on it. */
export interface Asking {
  /** null: the page alone */
  readonly answer: Answer<CompareReport> | null;
  readonly page: OutputFile | null;
  readonly request: CompareRequest;
  readonly progress: Progress;
  readonly saved: SavedRuns | null;
  readonly chosen: readonly Chosen[];
  /** the workloads as they were given, or all */
  readonly asked: readonly string[];
  /** none: shards have run them */
  readonly inputs: readonly Input[];
}

export interface CompareRequest {
  readonly reading: Reading;
  readonly check: boolean;
  /** CPU time in ms that a variant of a user's may take to load, and for the workload */
  readonly leastMs: number;
  readonly judging: JudgeOptions;
}

/** What was run. */
export interface Ran {
  readonly plan: Plan;
  readonly columns: readonly Column[];
  readonly against: Against;
  readonly againstDefault: boolean;
  readonly fitted: readonly string[];
  readonly heads: readonly WorkloadHead[];
  readonly done: readonly WorkloadDone[];
  /** the queue was lost, so some workloads were not run */
  readonly isLost: boolean;
}

/** Judges what was run, and writes the answer. Returns the exit code. */
export async function answerOf(
  { answer, page, request, progress, saved, chosen, asked, inputs }: Asking,
  { plan, columns, against, againstDefault, fitted, heads, done, isLost }: Ran,
): Promise<number> {
  const { reading, check, judging, leastMs } = request;
  const ids = columns.map(({ facts }) => facts.id);
  const compared = comparedOf(done, asked.length);
  const judged = judge(plan, compared, judging);
  const open = async (name: string): Promise<Workload | null> => {
    const at = done.findIndex(({ head }) => head.name === name);
    return wholeOf(inputs[at] ?? { name: asked[at], head: null, text: null, opened: null }, reading);
  };
  const hinted = compared.complete
    ? await withHints(judged.workloads, { plan, chosen, open, check })
    : judged.workloads;
  const sinceBaseline =
    (await saved?.finish(compared, { columns, chosen, names: asked, reading, checked: check })) ?? null;
  const built = buildReport({
    plan,
    against,
    againstDefault,
    compared,
    judged: { ...judged, workloads: hinted },
    findingTitles: Object.fromEntries(ledger.map(({ id, title }) => [id, title])),
    files: filesOf(chosen, ids),
    ...(answer?.format === 'suggest' ? { suggestions: suggest(judged.workloads, fitted) } : {}),
    lines: answer?.format === 'github' ? await linesOf(chosen, ids) : {},
    baseline: sinceBaseline,
    warnings: [
      ...columnWarnings(columns.map(({ facts: { id }, notes = [] }) => ({ id, notes }))),
      ...(answer?.format === 'text' ? [] : columnWarnings(await lateNotes(columns))),
      ...warningsOf(
        compared.workloads,
        reading.touch,
        unknownNames(judging.entries, {
          variants: [...new Set([...builtInIds(), ...ids])],
          workloads: [...allWorkloadNames(), ...heads.map(({ name }) => name)],
          invariants: Object.keys(INVARIANTS),
        }),
      ),
    ],
    checked: check ? compared.workloads.map(({ name, ops }) => ({ name, length: ops })) : [],
  });
  const report = isLost ? { ...built, tally: { ...built.tally, exitCode: EXIT_HARNESS } } : built;
  process.exitCode = report.tally.exitCode;
  await answer?.write(report);
  if (page !== null && !compared.complete) progress.note(`pmapdiff: not every workload was run; no page is written`);
  else if (page !== null)
    await (await import('./page.ts')).writePage(page, { report, columns, chosen, inputs, reading, leastMs });
  if (answer === null) process.stderr.write(renderText(report, { color: false, quiet: true }));
  if (answer?.format === 'text') columnWarnings(await lateNotes(columns)).forEach((one) => progress.warn(one));
  for (const { name, ops } of compared.workloads) if (ops === 0) progress.note(`${name}: no ops, nothing was run`);
  return report.tally.exitCode;
}

/** What a reader should know of columns that patches make. */
const columnWarnings = (columns: readonly { readonly id: string; readonly notes: readonly string[] }[]): Warning[] =>
  columns.flatMap(({ id, notes }) => notes.map((text): Warning => ({ kind: 'column', variant: id, text })));

const lateNotes = (columns: readonly Column[]): Promise<{ id: string; notes: readonly string[] }[]> =>
  Promise.all(columns.map(async (one) => ({ id: one.facts.id, notes: (await one.lateNotes?.()) ?? [] })));

/** Lines of the members in each file that can be read as written. */
async function linesOf(chosen: readonly Chosen[], ids: readonly string[]): Promise<MemberLines> {
  const { UnreadableSource, readVariantSource } = await import('../review/source.ts');
  const lines: Record<string, Record<string, number>> = {};
  for (const [i, one] of chosen.entries()) {
    if (one.kind !== 'file') continue;
    try {
      const { members } = readVariantSource(one.name, readFileSync(one.path, 'utf8'));
      lines[ids[i]] = Object.fromEntries([...members.values()].map(({ name, line }) => [name, line]));
    } catch (error) {
      if (!(error instanceof UnreadableSource)) throw error;
    }
  }
  return lines;
}

/** Files as they were given, by the id of the variant in them. */
export const filesOf = (chosen: readonly Chosen[], ids: readonly string[]): Record<string, string> =>
  Object.fromEntries(chosen.flatMap((one, i) => (one.kind === 'file' ? [[ids[i], one.name]] : [])));
