/**
 * The report as workflow commands: one annotation for each reason, not for each workload, since a step shows ten at most.
 * Nothing else is written, so that no line of a workload or a variant is taken for a command.
 */
import { warningText } from '../warnings.ts';
import { type CompareReport, type Reason, isChange } from './model.ts';
import { savedLines, savedSummary } from './saved.ts';
import {
  entryText,
  happenedLines,
  hintText,
  inLine,
  incompleteNotes,
  reasonText,
  tallyText,
  totalText,
  unreachedText,
} from './words.ts';

export function renderGithub(report: CompareReport): string {
  const { reasons, predecessors, rows, violations, expected, neverSeen, tally, allRan, warnings } = report;
  const lines: string[] = [];
  const changed = (id: string): Place | null => placeOf(report, id, changedMembers(report, id));
  // With --fail-on something may be unexpected and yet not fail the step.
  const level = tally.failing > 0 ? 'error' : 'warning';
  const differing = (who: string, id: string, list: readonly Reason[]): void => {
    for (const { standing, items } of list) {
      if (standing !== 'unexpected') continue;
      for (const item of items)
        lines.push(command(level, `${who}: unexpected`, reasonText(item) + hintText(item.hints), changed(id)));
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
          changed(column.ids[0]),
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
  for (const [note, id] of failed) lines.push(command('error', `${id} failed`, note, placeOfFailure(report, id, note)));
  for (const note of incompleteNotes(report)) lines.push(command('error', 'incomplete', note));
  for (const { text, known, isExpectation, variants, workloads } of violations)
    if (!known)
      lines.push(
        command(
          isExpectation ? 'error' : level,
          workloads.join(', '),
          text,
          variants.length === 0 ? null : changed(variants[0]),
        ),
      );
  for (const entry of expected.expired)
    lines.push(command('error', `expected until ${entry.expires} only`, `${entryText(entry)} (${entry.reason})`));
  for (const entry of expected.unused)
    lines.push(command('notice', 'expected, but not seen', `${entryText(entry)} (${entry.reason})`));
  if (tally.wholeCatalog)
    for (const { variant, what } of neverSeen)
      lines.push(
        command('error', 'declared, but not seen in any workload', `${variant}: ${what}`, placeOf(report, variant, [])),
      );
  if (tally.requireExercised)
    for (const one of tally.unreached)
      lines.push(
        command('error', 'changed, but never reached', unreachedText(one), placeOf(report, one.candidate, one.members)),
      );
  for (const warning of warnings) lines.push(command('warning', 'applied to nothing', warningText(warning)));
  if (report.baseline !== null)
    for (const { kind, text } of savedLines(report.baseline))
      if (isChange(kind)) lines.push(command('error', savedSummary(report.baseline), text));
  if (!allRan) lines.push(command('error', 'interrupted', 'the rest was not run'));
  lines.push(command(tally.exitCode === 0 ? 'notice' : 'error', 'pmapdiff', tallyText(tally)));
  return `${lines.join('\n')}\n`;
}

function command(level: 'error' | 'warning' | 'notice', title: string, message: string, place?: Place | null): string {
  const where = place ? `file=${property(place.file)},line=${place.line},` : '';
  return `::${level} ${where}title=${property(title)}::${data(message)}`;
}

interface Place {
  readonly file: string;
  readonly line: number;
}

/** Where the file of a variant writes the first of these members, or its first line; null: it is built in. */
function placeOf({ files, lines }: CompareReport, id: string, members: readonly string[]): Place | null {
  const file = files[id];
  if (file === undefined) return null;
  const written = members.flatMap((member) => lines[id]?.[member] ?? []);
  return { file, line: written.length === 0 ? 1 : Math.min(...written) };
}

/** Members in which a variant differs from what it is compared with: those that some workload reached, if any was. */
function changedMembers({ rows }: CompareReport, candidate: string): string[] {
  const pairs = rows.flatMap(({ workload }) =>
    [...workload.pairs, ...workload.predecessors].filter((pair) => pair.candidate === candidate),
  );
  const reached = pairs.flatMap(({ changedMembers: all, unreachedMembers }) =>
    all.filter((member) => !unreachedMembers.includes(member)),
  );
  return reached.length > 0 ? reached : pairs.flatMap(({ changedMembers: all }) => all);
}

/** The line that the message of a failure names, `mine.ts:6:5: …`. */
function placeOfFailure(report: CompareReport, id: string, note: string): Place | null {
  const place = placeOf(report, id, []);
  if (place === null) return null;
  const name = place.file.replace(/^.*[/\\]/s, '');
  const at = note.indexOf(`${name}:`);
  const line = at < 0 ? NaN : Number.parseInt(note.slice(at + name.length + 1), 10);
  return line > 0 ? { ...place, line } : place;
}

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
