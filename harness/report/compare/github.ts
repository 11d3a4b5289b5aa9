/**
 * The report as workflow commands: one annotation for each reason, not for each workload, since a step shows ten at most.
 * Nothing else is written, so that no line of a workload or a variant is taken for a command.
 */
import type { CompareReport, Reason } from './model.ts';
import { entryText, happenedLines, inLine, reasonText, tallyText, totalText, unreachedText } from './words.ts';

export function renderGithub(report: CompareReport): string {
  const { reasons, predecessors, rows, violations, expected, neverSeen, tally, complete, files } = report;
  const lines: string[] = [];
  // With --fail-on something may be unexpected and yet not fail the step.
  const level = tally.failing > 0 ? 'error' : 'warning';
  const differing = (who: string, id: string, list: readonly Reason[]): void => {
    for (const { standing, items } of list) {
      if (standing !== 'unexpected') continue;
      for (const item of items) lines.push(command(level, `${who}: unexpected`, reasonText(item), files[id]));
    }
  };
  for (const { column, reasons: list } of reasons)
    differing(`${inLine(column)} against ${column.reference}`, column.ids[0], list);
  for (const { candidate, reference, reasons: list } of predecessors)
    differing(`${candidate} against ${reference}`, candidate, list);
  for (const { column, text } of happenedLines(report))
    if (text.standing !== 'unexpected')
      lines.push(
        command(
          'notice',
          `${inLine(column)} against ${column.reference}: ${text.standing}`,
          text.line,
          files[column.ids[0]],
        ),
      );
  for (const { column, totals } of report.totals)
    if (totals.length > 0)
      lines.push(
        command('notice', `${inLine(column)} against ${column.reference}: totals`, totals.map(totalText).join('\n')),
      );
  const failed = new Map<string, string>();
  for (const { cells } of rows)
    cells.forEach((cell, i) => {
      if (cell?.verdict === 'failed' && cell.note !== null) failed.set(cell.note, report.columns[i].ids[0]);
    });
  for (const [note, id] of failed) lines.push(command('error', `${id} failed`, note, files[id]));
  for (const { text, known, variants, workloads } of violations)
    if (!known) lines.push(command(level, workloads.join(', '), text, files[variants[0]]));
  for (const entry of expected.expired)
    lines.push(command('error', `expected until ${entry.expires} only`, `${entryText(entry)} (${entry.reason})`));
  for (const entry of expected.unused)
    lines.push(command('notice', 'expected, but not seen', `${entryText(entry)} (${entry.reason})`));
  if (tally.wholeCatalog)
    for (const { variant, what } of neverSeen)
      lines.push(command('error', 'declared, but not seen in any workload', `${variant}: ${what}`, files[variant]));
  if (tally.requireExercised)
    for (const one of tally.unreached)
      lines.push(command('error', 'changed, but never reached', unreachedText(one), files[one.candidate]));
  if (!complete) lines.push(command('error', 'interrupted', 'the rest was not run'));
  lines.push(command(tally.exitCode === 0 ? 'notice' : 'error', 'pmapdiff', tallyText(tally)));
  return `${lines.join('\n')}\n`;
}

function command(level: 'error' | 'warning' | 'notice', title: string, message: string, file?: string): string {
  const place = file === undefined ? '' : `file=${property(file)},line=1,`;
  return `::${level} ${place}title=${property(title)}::${data(message)}`;
}

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
