/**
 * The report for a reviewer at a terminal: the matrix of verdicts, then why, then what pmap_remove did.
 */
import pc from 'picocolors';
import type { RemoveCalls } from '../../run/record.ts';
import { changeText } from '../changes.ts';
import { kindName } from '../kinds.ts';
import { checkedText } from '../notes.ts';
import { type Look, number, plural, table } from '../words.ts';
import type { Cell, ColumnGroup, CompareReport, Reason, ReasonItem } from './model.ts';
import { amountText, entryText, hintText, inLine, incompleteNotes, unreachedText, whereText } from './words.ts';

type Colors = ReturnType<typeof pc.createColors>;

export function renderText(report: CompareReport, { color }: Look): string {
  const colors = pc.createColors(color);
  const parts = [
    heading(report, colors),
    matrix(report, colors),
    ...reasons(report, colors),
    ...predecessors(report, colors),
    ...states(report, colors),
    removes(report, colors),
    processes(report, colors),
    replays(report, colors),
    incompleteNotes(report)
      .map((note) => colors.red(`! incomplete: ${note}`))
      .join('\n'),
    violations(report, colors),
    expectedNotes(report, colors),
    unseen(report, colors),
    unreached(report, colors),
    summary(report, colors),
  ];
  const checked = report.checked.length === 0 ? '' : checkedText(report.checked);
  return `${parts.filter((part) => part !== '').join('\n\n')}\n${checked}`;
}

const columnName = ({ ids }: ColumnGroup): string => ids.join('\n= ');

function heading({ rows, columns, against, allRan }: CompareReport, colors: Colors): string {
  const ops = rows.reduce((sum, { workload }) => sum + workload.ops, 0);
  const revisions = columns.reduce((sum, { ids }) => sum + ids.length, 0);
  const each = against.kind === 'previous' ? 'its predecessor' : against.id;
  const what = `${plural(rows.length, 'workload')} (${number(ops)} ops) × ${plural(revisions, 'revision')}, each against ${each}`;
  return colors.bold(what) + (allRan ? '' : colors.yellow('\ninterrupted: the rest was not run'));
}

function matrix({ rows, columns }: CompareReport, colors: Colors): string {
  const shown = columns.flatMap((column, i) => (column.reference === null ? [] : [{ column, i }]));
  const head = ['workload', 'ops', ...shown.map(({ column }) => columnName(column))];
  const body = rows.map(({ workload, cells }) => [
    workload.name,
    number(workload.ops),
    ...shown.map(({ i }) => cellText(cells[i], colors)),
  ]);
  const notes = new Map<string, string[]>();
  for (const { workload, cells } of rows)
    for (const cell of cells)
      if (cell?.note && cell.verdict !== 'incomplete')
        notes.set(cell.note, [...(notes.get(cell.note) ?? []), workload.name]);
  const isAccepted = rows.some(({ cells }) => cells.some((cell) => cell?.accepted));
  const isIncomplete = rows.some(({ workload }) => !workload.complete);
  const legend = `= identical  ○ not exercised  ✓ intended  F known finding  ${isAccepted ? 'E in your list  ' : ''}! unexpected  ✗ failed${isIncomplete ? ' or incomplete' : ''}`;
  return [
    table(
      head.map((title) => colors.bold(title)),
      body,
      [1],
    ),
    colors.dim(legend),
    ...[...notes].map(
      ([note, where]) => `  ${note} (${where.length > 1 ? plural(where.length, 'workload') : where[0]})`,
    ),
  ].join('\n');
}

function cellText(cell: Cell | null, colors: Colors): string {
  if (cell === null) return '';
  const { verdict, standing, findings, accepted } = cell;
  if (verdict === 'identical') return colors.dim('=');
  if (verdict === 'not-exercised') return colors.dim('○');
  if (verdict === 'failed' || verdict === 'incomplete') return colors.red(`✗ ${verdict}`);
  if (standing === 'unexpected') return colors.red(`! ${verdict}`);
  const known = [...findings, ...(accepted ? ['E'] : [])];
  const mark = known.length > 0 ? colors.yellow(` ${known.join(' ')}`) : '';
  return `${colors.green('✓')} ${verdict}${mark}`;
}

function reasons({ reasons: all, findingTitles }: CompareReport, colors: Colors): string[] {
  return all
    .filter((entry) => entry.reasons.length > 0)
    .map(({ column, reasons: list, following }) => {
      const lines = list.flatMap((reason) => reasonLines(reason, findingTitles, colors));
      if (following > 0)
        lines.push(
          colors.dim(
            `  ${plural(following, 'difference')} after a changed outcome or map, or in a call that never ends: not judged`,
          ),
        );
      return [colors.bold(`${inLine(column)} against ${column.reference}`), ...lines].join('\n');
    });
}

function predecessors({ predecessors: list, findingTitles }: CompareReport, colors: Colors): string[] {
  return list.map(({ reference, candidate, reasons: unexpected }) =>
    [
      colors.bold(`${candidate} against its predecessor ${reference}`),
      ...unexpected.flatMap((reason) => reasonLines(reason, findingTitles, colors)),
    ].join('\n'),
  );
}

/** Rows of a state shown of one difference. */
const SHOWN_CHANGES = 6;

function states({ states: list }: CompareReport, colors: Colors): string[] {
  return list.map(({ workload, reference, candidate, at, rows, changes }) => {
    const more = rows - SHOWN_CHANGES;
    return [
      `${colors.bold(`What ${candidate} leaves otherwise than ${reference}`)} (${workload}, after ${at})`,
      ...changes.slice(0, SHOWN_CHANGES).map((change) => `  ${changeText(change)}`),
      ...(more > 0 ? [colors.dim(`  … and ${plural(more, 'row')} more`)] : []),
    ].join('\n');
  });
}

function reasonLines(
  { standing, findings, why, items }: Reason,
  titles: CompareReport['findingTitles'],
  colors: Colors,
): string[] {
  const paint = { intended: colors.green, known: colors.yellow, unexpected: colors.red }[standing];
  const named = findings.map((id) => (titles[id] === undefined ? id : `${id} ${titles[id]}`));
  const explained = [...named, ...(standing === 'known' && named.length > 0 ? [] : why)].join('; ');
  const head = paint(`  ${standing.padEnd(10)}`);
  const list = items.map((item) => itemText(item, standing === 'unexpected')).join(', ');
  return [`${head} ${list}${explained === '' ? '' : colors.dim(`: ${explained}`)}`];
}

const itemText = (item: ReasonItem, precise: boolean): string =>
  `${amountText(item)}${precise ? ` (${whereText(item)}${hintText(item.hints)})` : ''}`;

const share = ({ early, calls }: RemoveCalls): string => (calls === 0 ? '-' : `${number(early)}/${number(calls)}`);

function removes({ removes: list, columns }: CompareReport, colors: Colors): string {
  if (list.length === 0) return '';
  const body = list.map(({ workload, place, cells }, i) => [
    list[i - 1]?.workload === workload ? '' : workload,
    place,
    ...cells.map(share),
  ]);
  const head = ['pmap_remove: early exits/calls', 'in', ...columns.map(columnName)].map((title) => colors.bold(title));
  return table(
    head,
    body,
    columns.map((_column, i) => i + 2),
  );
}

function processes({ processes: list, columns }: CompareReport, colors: Colors): string {
  if (list.length === 0) return '';
  const head = ['pmap_remove: early exits/calls', 'in', 'of', 'processes', 'touched', ...columns.map(columnName)];
  const body = list.map((one, i) => {
    const { workload, place, processes: count, touched, cells } = one;
    const before = list[i - 1]?.workload === workload ? list[i - 1] : null;
    const [name, where] = [before === null ? workload : '', before?.place === place ? '' : place];
    return [name, where, kindName(one), number(count), number(touched), ...cells.map(share)];
  });
  return table(
    head.map((title) => colors.bold(title)),
    body,
    head.slice(3).map((_title, i) => i + 3),
  );
}

function replays({ replays: list }: CompareReport, colors: Colors): string {
  if (list.length === 0) return '';
  const head = [
    'replay',
    'accesses',
    'faulted',
    'recorded faults',
    'found mapped',
    'extra faults',
    'signals',
    'failed ops',
  ];
  const body = list.map(({ workload, run: { replay: r } }) =>
    r === null
      ? [workload]
      : [
          workload,
          ...[r.accesses, r.faulted, r.recordedFaults + r.recordedFaultsPresent, r.mappedAlready].map(number),
          ...[r.extraFaults, r.signals, r.failedOps].map(number),
        ],
  );
  return table(
    head.map((title) => colors.bold(title)),
    body,
    [1, 2, 3, 4, 5, 6, 7],
  );
}

function violations({ violations: list }: CompareReport, colors: Colors): string {
  return list
    .map(({ text, known, workloads, variants }) => {
      const where = [workloads.join(', '), variants.join(', ')].filter((part) => part !== '').join(' under ');
      return known ? `${colors.yellow(`known ${text}`)} (${where})` : `${colors.red(`! ${text}`)} (${where})`;
    })
    .join('\n');
}

function expectedNotes({ expected }: CompareReport, colors: Colors): string {
  return [
    ...expected.expired.map((entry) =>
      colors.red(`! expected until ${entry.expires} only: ${entryText(entry)} (${entry.reason})`),
    ),
    ...expected.unused.map((entry) => colors.dim(`expected, but not seen: ${entryText(entry)} (${entry.reason})`)),
  ].join('\n');
}

function unseen({ neverSeen, tally }: CompareReport, colors: Colors): string {
  if (neverSeen.length === 0) return '';
  if (!tally.wholeCatalog)
    return colors.dim(`${plural(neverSeen.length, 'declared difference')} did not show in this selection`);
  const lines = neverSeen.map(({ variant, what, finding, intent }) =>
    intent === null ? `  ${variant}: ${what} (finding ${finding})` : `  ${variant}: ${what} ${intent.by}`,
  );
  return [colors.red('! Declared, but not seen in any workload:'), ...lines].join('\n');
}

function unreached({ tally }: CompareReport, colors: Colors): string {
  return tally.unreached
    .map((one) => `changed, but never reached: ${unreachedText(one)}`)
    .map((line) => (tally.requireExercised ? colors.red(`! ${line}`) : colors.dim(line)))
    .join('\n');
}

function summary({ tally }: CompareReport, colors: Colors): string {
  const { pairs, equal, notExercised, intended, known, unexpected, failed, incomplete } = tally;
  const { faults: broken, missedExpectations } = tally;
  const { predecessors: others, incompletePredecessors, unexpectedPredecessors, failing, expired } = tally;
  const mild = unexpected + unexpectedPredecessors + broken - failing;
  const parts = [
    `${plural(pairs, 'comparison')}: ${number(equal)} identical`,
    ...(notExercised > 0 ? [`${number(notExercised)} not exercised`] : []),
    `${number(intended)} intended`,
    `${number(known)} known`,
    (unexpected > 0 ? colors.red : colors.green)(`${number(unexpected)} unexpected`),
    ...(others > incompletePredecessors
      ? [predecessorsText(others - incompletePredecessors, unexpectedPredecessors, colors)]
      : []),
    ...(failed > 0 ? [colors.red(`${number(failed)} failed`)] : []),
    ...(incomplete > 0 ? [colors.red(`${number(incomplete)} incomplete`)] : []),
    ...(broken > 0 ? [colors.red(`${plural(broken, 'run')} out of balance`)] : []),
    ...(mild > 0 ? [`${number(mild)} of them not of a class to fail on`] : []),
    ...(expired > 0 ? [colors.red(`${plural(expired, 'expected difference')} expired`)] : []),
    ...(missedExpectations > 0 ? [colors.red(`${plural(missedExpectations, 'expectation')} missed`)] : []),
  ];
  return parts.join(', ');
}

const predecessorsText = (count: number, unexpected: number, colors: Colors): string =>
  unexpected === 0
    ? `${number(count)} more with the predecessor as declared`
    : colors.red(`${number(unexpected)} of ${number(count)} more with the predecessor unexpected`);
