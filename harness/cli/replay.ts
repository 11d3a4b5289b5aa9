/**
 * `pmapdiff replay`: one workload through one revision, and what it did.
 */
import { factsAround } from '../columns/facts.ts';
import { runAlone } from '../columns/lockstep.ts';
import { withColumns } from '../columns/open.ts';
import type { MissedExpectation } from '../compare/expectations.ts';
import { ExpectedEnd, missedExpectations } from '../compare/expectations.ts';
import { EXIT_FINDING, EXIT_HARNESS, EXIT_OK, exitCodeOf } from '../compare/gate.ts';
import { policyWarnings, replayWarnings } from '../compare/warnings.ts';
import { knownIn, lineage } from '../declare/declarations.ts';
import { knownViolations } from '../findings/index.ts';
import { openWorkload } from '../input/load.ts';
import { FORMATS } from '../report/formats.ts';
import { repairText } from '../report/notes.ts';
import { type ReplayReport, traceWriter } from '../report/replay.ts';
import { number } from '../report/words.ts';
import { Answer } from './answer.ts';
import { UsageError } from './errors.ts';
import { type PatchOptions, chooseOne } from './patches.ts';
import { Progress, paceNote } from './progress.ts';
import { chooseMachine, chooseTouch } from './select.ts';

export interface ReplayOptions extends PatchOptions {
  readonly variant?: string;
  readonly touch?: string;
  readonly machine?: readonly string[];
  readonly trace?: boolean;
  readonly check?: boolean;
  readonly json?: boolean;
}

export async function replayCommand(name: string, options: ReplayOptions): Promise<number> {
  if (options.trace && options.json) throw new UsageError('replay: expected --trace or --json, got both');
  const answer = new Answer('replay', FORMATS.replay, options);
  const chosen = chooseOne('replay', options.variant, options);
  const check = options.check === true;
  const trace = options.trace === true;
  const progress = new Progress();
  const start = performance.now();
  const touch = chooseTouch(options.touch);
  const workload = await openWorkload(name, {
    touch,
    ...chooseMachine(options.machine),
    ...(trace || check ? { held: Infinity } : {}),
    onLines: (lines) => progress.say(`${name}: ${number(lines)} lines read`),
  });
  const opening = performance.now() - start;
  const { head, whole } = workload;
  const traced = trace ? traceWriter(whole!, (text) => process.stdout.write(text)) : () => {};
  const missed: MissedExpectation[] = [];
  const expectedEnd = new ExpectedEnd();
  const outcomes = new Map<number, number>();
  const report = await withColumns(
    [chosen],
    progress.onOutput,
    async (columns): Promise<ReplayReport> => {
      const runOptions = { events: trace, check, digests: false };
      const { run, pace } = await runAlone(columns[0], workload, runOptions, progress.host(), (piece, part) => {
        missed.push(...missedExpectations(piece, part));
        expectedEnd.take(piece, part);
        for (const code of part.perOp.code) outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
        traced(part);
      });
      missed.push(...expectedEnd.missed(run));
      progress.clear();
      // What is held was decoded when it was opened.
      const reading = whole === null ? pace.reading : opening;
      if (head.trace !== null) progress.note(paceNote(workload, columns, [run], { ...pace, reading }));
      for (const warning of policyWarnings(touch, [head.trace !== null])) progress.warn(warning);
      if (run.replay !== null && run.ended.kind !== 'failed')
        for (const warning of replayWarnings(head.name, head.trace?.recorder ?? '', touch, run.replay))
          progress.warn(warning);
      const repair = repairText(head);
      if (repair !== null) progress.note(repair);
      const known = knownIn(lineage(run.variant, factsAround(columns.map(({ facts }) => facts))), knownViolations);
      const violations = run.violations.map((violation) => {
        const finding = known.find(({ what }) => what === violation.name)?.finding ?? null;
        return { ...violation, finding };
      });
      return { workload, run, missed, violations, outcomes, checked: check };
    },
    { strict: options.strict === true },
  );
  process.exitCode = exitCode(report, expectedEnd.isMet(report.run));
  await answer.write(report);
  if (head.length === 0) progress.note(`${head.name}: no ops, nothing was run`);
  return process.exitCode;
}

/** isMeant: the workload expects the panic in which its run ended. */
function exitCode({ workload, run, missed, violations }: ReplayReport, isMeant: boolean): number {
  const isUnnamed = violations.some(({ finding }) => finding === null);
  const isFinding = missed.length > 0 || run.balance.left.length > 0 || isUnnamed;
  return exitCodeOf([
    run.ended.kind === 'failed' || workload.head.length === 0 ? EXIT_HARNESS : EXIT_OK,
    isFinding || (run.ended.kind === 'panic' && !isMeant) ? EXIT_FINDING : EXIT_OK,
  ]);
}
