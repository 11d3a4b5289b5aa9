/**
 * The report for a reviewer at a terminal: the matrix of verdicts, then why, then what pmap_remove did.
 */
import pc from 'picocolors';
import { foldedText } from '../changes.ts';
import { checkedText } from '../notes.ts';
import { warningText } from '../warnings.ts';
import { DEFAULT_WIDTH, fittedTable, number, plural, signed, wrapped, type Look } from '../words.ts';
import { callsText } from './calls.ts';
import { enteredText } from './entered.ts';
import type { Cell, CompareReport, Reason, ReasonItem } from './model.ts';
import { savedText } from './saved.ts';
import { shownSides, type Amount, type Geomean } from './totals.ts';
import {
  amountText,
  briefText,
  columnName,
  comparedText,
  entryText,
  explained,
  explaining,
  followingText,
  happenedLines,
  hintText,
  inLine,
  incompleteNotes,
  largestText,
  relative,
  shareText,
  signLegend,
  signOf,
  tallyParts,
  unreachedText,
  verdictLegend,
  whereText,
} from './words.ts';

type Colors = ReturnType<typeof pc.createColors>;

export function renderText(report: CompareReport, { color, width = DEFAULT_WIDTH, quiet = false }: Look): string {
  const colors = pc.createColors(color);
  if (quiet) return renderQuiet(report, colors, width);
  const parts = [
    [summary(report, colors), heading(report, colors), ...happened(report, colors)].join('\n'),
    matrix(report, colors, width),
    ...reasons(report, colors),
    ...totals(report, colors, width),
    ...predecessors(report, colors),
    ...states(report, colors),
    enteredText(report, colors),
    ...callsText(report, colors.bold, width),
    replays(report, colors, width),
    incompleteText(report, colors),
    violations(report, colors),
    expectedNotes(report, colors),
    unseen(report, colors),
    unreached(report, colors),
    warnings(report, colors),
    report.baseline === null ? '' : savedText(report.baseline, colors),
    summary(report, colors),
  ];
  const checked = report.checked.length === 0 ? '' : checkedText(report.checked);
  return `${joined(parts, '\n\n', width)}\n${checked}`;
}

/** What is unexpected, and the summary. */
function renderQuiet(report: CompareReport, colors: Colors, width: number): string {
  const { tally } = report;
  const parts = [
    report.allRan ? '' : interruptedText(colors),
    ...notesOf(report, ({ verdict }) => verdict === 'failed').map((note) => colors.red(`✗ ${note}`)),
    incompleteText(report, colors),
    ...reasons(report, colors, true),
    ...predecessors(report, colors),
    violations(report, colors, true),
    expectedNotes({ ...report, expected: { ...report.expected, unused: [] } }, colors),
    tally.wholeCatalog ? unseen(report, colors) : '',
    tally.requireExercised ? unreached(report, colors) : '',
    warnings(report, colors),
    report.baseline === null ? '' : savedText(report.baseline, colors),
    summary(report, colors),
  ];
  return `${joined([...new Set(parts)], '\n', width)}\n`;
}

/** Parts that say something; no line is wider than a terminal. */
const joined = (parts: readonly string[], between: string, width: number): string =>
  parts
    .filter((part) => part !== '')
    .join(between)
    .split('\n')
    .map((line) => wrapped(line, width))
    .join('\n');

function heading(report: CompareReport, colors: Colors): string {
  const isDefault = report.againstDefault ? ' (the default of --against)' : '';
  return colors.bold(comparedText(report) + isDefault) + (report.allRan ? '' : `\n${interruptedText(colors)}`);
}

const incompleteText = (report: CompareReport, colors: Colors): string =>
  incompleteNotes(report)
    .map((note) => colors.red(`! incomplete: ${note}`))
    .join('\n');

const interruptedText = (colors: Colors): string => colors.yellow('interrupted: the rest was not run');

/** What a process notices, and panics: a line for each thing that happens. */
const happened = (report: CompareReport, colors: Colors): string[] =>
  happenedLines(report).map(({ column, text: { standing, line } }) => {
    const mark = standing === 'unexpected' ? colors.red('!') : colors.yellow(' ');
    return `${mark} ${inLine(column)}: ${line}`;
  });

function matrix(report: CompareReport, colors: Colors, width: number): string {
  const { rows, columns } = report;
  const shown = columns.flatMap((column, i) => (column.reference === null ? [] : [{ column, i }]));
  const head = ['workload', 'ops', ...shown.map(({ column }) => columnName(column))];
  const body = rows.map(({ workload, cells }) => [
    workload.name,
    number(workload.ops),
    ...shown.map(({ i }) => cellText(cells[i], colors)),
  ]);
  const isAccepted = rows.some(({ cells }) => cells.some((cell) => cell?.accepted));
  const isIncomplete = rows.some(({ workload }) => !workload.complete);
  return [
    fittedTable(
      head.map((title) => colors.bold(title)),
      body,
      { width, keep: 2, right: [1], wrapCells: true },
    ),
    colors.dim(signLegend(isAccepted, isIncomplete).join('  ')),
    ...verdictLegend(rows.flatMap(({ cells }) => cells.flatMap((cell) => cell?.verdict ?? []))).map(colors.dim),
    ...notesOf(report, ({ verdict }) => verdict !== 'incomplete').map((note) => `  ${note}`),
  ].join('\n');
}

/** What there is to say of some cells, once each, with where. */
function notesOf({ rows }: CompareReport, isShown: (cell: Cell) => boolean): string[] {
  const notes = new Map<string, string[]>();
  for (const { workload, cells } of rows)
    for (const cell of cells)
      if (cell !== null && cell.note !== null && isShown(cell))
        notes.set(cell.note, [...(notes.get(cell.note) ?? []), workload.name]);
  return [...notes].map(
    ([note, where]) => `${note} (${where.length > 1 ? plural(where.length, 'workload') : where[0]})`,
  );
}

function cellText(cell: Cell | null, colors: Colors): string {
  if (cell === null) return '';
  const { verdict } = cell;
  const sign = signOf(cell);
  if (sign === '=' || sign === '○') return colors.dim(sign);
  if (sign !== '✓') return colors.red(`${sign} ${verdict}`);
  const known = explaining(cell);
  const mark = known.length > 0 ? colors.yellow(` ${known.join(' ')}`) : '';
  return `${colors.green(sign)} ${verdict}${mark}`;
}

function reasons({ reasons: all, findingTitles }: CompareReport, colors: Colors, quiet = false): string[] {
  return all
    .map((entry) => (quiet ? { ...entry, reasons: entry.reasons.filter(isUnexpected), following: 0 } : entry))
    .filter((entry) => entry.reasons.length > 0)
    .map(({ column, reasons: list, following }) => {
      const lines = list.flatMap((reason) => reasonLines(reason, findingTitles, colors));
      if (following > 0) lines.push(colors.dim(`  ${followingText(following)}`));
      return [colors.bold(`${inLine(column)} against ${column.reference}`), ...lines].join('\n');
    });
}

const isUnexpected = ({ standing }: Reason): boolean => standing === 'unexpected';

/** Where so many workloads were compared, each has its own rows. */
const MOST_OWN_ROWS = 5;

/** What each statistic and counter comes to over all workloads. */
function totals({ totals: all, rows }: CompareReport, colors: Colors, width: number): string[] {
  return all
    .filter(({ totals: list }) => list.length > 0)
    .map(({ column, totals: list }) => {
      const head = ['', 'old', 'new', 'difference', '%', 'geomean', 'largest in one op'];
      const own = rows.length > 1 && rows.length <= MOST_OWN_ROWS;
      const body = list.flatMap((total) => [
        totalRow(total.what, total, geomeanCell(total.geomean)),
        ...(own
          ? Array.from(total.differing, (one) => totalRow(`  ${one.workload}${one.whole ? '' : ' *'}`, one, ''))
          : []),
      ]);
      const { workloads, parted } = list[0];
      const notes = [
        ...(list.some(({ kind }) => kind === 'level')
          ? ['(level): value after the op with the largest difference']
          : []),
        ...(list.some(({ geomean }) => geomean.zeros > 0)
          ? ['geomean −n: without n workloads in which one side is 0']
          : []),
        ...(parted > 0
          ? [`${own ? '* ' : ''}${plural(parted, 'workload')} only up to the op at which the machines diverge`]
          : []),
      ];
      return [
        colors.bold(`${inLine(column)} against ${column.reference}: totals over ${plural(workloads, 'workload')}`),
        fittedTable(
          head.map((title) => colors.bold(title)),
          body,
          { width, keep: 1, right: [1, 2, 3, 4, 5], wrapLast: true },
        ),
        ...notes.map((note) => colors.dim(`  ${note}`)),
      ].join('\n');
    });
}

function totalRow(name: string, amount: Amount, geomean: string): string[] {
  const { kind, largest } = amount;
  const shown = shownSides(amount);
  return [
    kind === 'level' ? `${name} (level)` : name,
    number(shown.reference),
    number(shown.candidate),
    signed(shown.candidate - shown.reference),
    shareText(shown),
    geomean,
    largest === null ? '' : largestText(largest),
  ];
}

const geomeanCell = ({ ratio, zeros }: Geomean): string =>
  `${ratio === null ? '-' : relative(ratio - 1)}${zeros === 0 ? '' : ` −${number(zeros)}`}`;

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
  return list.map(({ workload, reference, candidate, at, spaces, references, otherRows, others }) => {
    const more = otherRows - SHOWN_CHANGES;
    return [
      `${colors.bold(`State that differs: ${candidate} vs ${reference}`)} (${workload}, after ${at})`,
      ...foldedText({ spaces, references, others: others.slice(0, SHOWN_CHANGES) }).map((line) => `  ${line}`),
      ...(more > 0 ? [colors.dim(`  … and ${plural(more, 'row')} more`)] : []),
    ].join('\n');
  });
}

function reasonLines(reason: Reason, titles: CompareReport['findingTitles'], colors: Colors): string[] {
  const { standing, items } = reason;
  const paint = { intended: colors.green, known: colors.yellow, unexpected: colors.red }[standing];
  const because = explained(reason, titles);
  const head = paint(`  ${standing.padEnd(10)}`);
  const list = items.map((item) => itemText(item, standing === 'unexpected')).join(', ');
  return [`${head} ${list}${because === '' ? '' : colors.dim(`: ${because}`)}`];
}

const itemText = (item: ReasonItem, precise: boolean): string =>
  precise ? `${amountText(item)} (${whereText(item)}${hintText(item.hints)})` : briefText(item);

function replays({ replays: list }: CompareReport, colors: Colors, width: number): string {
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
  return fittedTable(
    head.map((title) => colors.bold(title)),
    body,
    { width, keep: 1, right: [1, 2, 3, 4, 5, 6, 7] },
  );
}

function violations({ violations: list }: CompareReport, colors: Colors, quiet = false): string {
  return list
    .filter(({ known }) => !quiet || !known)
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

const warnings = ({ warnings: list }: CompareReport, colors: Colors): string =>
  list.map((warning) => colors.yellow(`warning: ${warningText(warning)}`)).join('\n');

function summary({ tally }: CompareReport, colors: Colors): string {
  const tone = (isGood: boolean | null): ((text: string) => string) => {
    if (isGood === null) return String;
    return isGood ? colors.green : colors.red;
  };
  return tallyParts(tally)
    .map(([text, isGood]) => tone(isGood)(text))
    .join(', ');
}
