/**
 * The report for a review comment: what is unexpected in the open, everything else folded. It never grows beyond what a
 * comment may hold: folded parts that do not fit are left out, and it says so.
 */
import type { Tally } from '../../compare/gate.ts';
import { kindName } from '../kinds.ts';
import { cell, details, nameCell, table } from '../markdown-parts.ts';
import { warningText } from '../warnings.ts';
import { number, plural } from '../words.ts';
import type { Cell, CompareReport } from './model.ts';
import { savedLines, savedSummary } from './saved.ts';
import type { Amount } from './totals.ts';
import {
  amountText,
  briefText,
  entryText,
  explained,
  findingName,
  geomeanText,
  happenedLines,
  hintText,
  inLine,
  incompleteNotes,
  largestText,
  sidesText,
  tallyText,
  unreachedText,
  whereText,
} from './words.ts';

/** A comment on GitHub holds 65,536 characters. */
const MOST_CHARACTERS = 60_000;

function statusText({ exitCode, failed, incomplete, missedExpectations }: Tally): string {
  if (exitCode === 0) return 'nothing unexpected';
  if (exitCode === 1) return 'finding or regression';
  if (exitCode !== 3) return `exit ${exitCode}`;
  if (failed > 0) return 'the harness failed';
  if (incomplete > 0) return 'a run ended early';
  return missedExpectations > 0 ? 'an expectation was missed' : 'nothing was run';
}

export function renderMarkdown(report: CompareReport): string {
  const { tally, allRan, complete, against, againstDefault, rows } = report;
  const chosen = against.kind === 'previous' ? 'its predecessor' : `\`${against.id}\``;
  const each = againstDefault ? `${chosen} (the default of \`--against\`)` : chosen;
  const of = statusText(tally);
  const status = !allRan ? 'interrupted' : complete ? of : `incomplete: ${of}`;
  const open = [
    `### pmapdiff: ${status}`,
    `${tallyText(tally)}. ${plural(rows.length, 'workload')}, each revision against ${each}.`,
    ...happened(report),
    columnsTable(report),
    ...unexpected(report),
    ...problems(report),
    ...since(report),
    rows.length === 0 ? '' : 'To step through it: `npx pmapdiff page -o review.html` with the same options.',
  ].filter((part) => part !== '');
  return within(open, folded(report));
}

/** Open parts first; of the folded ones as many as fit. */
function within(open: readonly string[], more: readonly string[]): string {
  let text = open.join('\n\n');
  if (text.length > MOST_CHARACTERS) text = `${text.slice(0, MOST_CHARACTERS).replace(/\n[^\n]*$/, '')}\n\n… (cut)`;
  let left = 0;
  for (const part of more) {
    if (text.length + part.length + 2 > MOST_CHARACTERS) left++;
    else text += `\n\n${part}`;
  }
  return left === 0 ? `${text}\n` : `${text}\n\n${plural(left, 'part')} left out: too long for a comment.\n`;
}

/** One row a revision: how many workloads get which verdict. */
function columnsTable({ columns, rows, tally }: CompareReport): string {
  const body = columns.flatMap((column, i) => {
    if (column.reference === null) return [];
    const cells = rows.flatMap(({ cells: row }) => row[i] ?? []);
    const count = (holds: (one: Cell) => boolean): string => {
      const n = cells.filter(holds).length;
      return n === 0 ? '' : number(n);
    };
    const bad = cells.filter(({ standing }) => standing === 'unexpected').map(({ verdict }) => verdict);
    return [
      [
        column.ids.map(nameCell).join(' = '),
        count(({ verdict }) => verdict === 'identical'),
        count(({ verdict }) => verdict === 'not-exercised'),
        count(({ verdict, standing }) => verdict !== 'incomplete' && standing === 'intended'),
        count(({ verdict, standing }) => verdict !== 'incomplete' && standing === 'known'),
        bad.length === 0 ? '' : `**${number(bad.length)}** (${[...new Set(bad)].join(', ')})`,
        count(({ verdict }) => verdict === 'failed'),
        ...(tally.incomplete > 0 ? [count(({ verdict }) => verdict === 'incomplete')] : []),
      ],
    ];
  });
  const more = tally.incomplete > 0 ? ['incomplete'] : [];
  return table(['revision', 'identical', 'not exercised', 'intended', 'known', 'unexpected', 'failed', ...more], body);
}

/** What a process notices, and panics. */
function happened(report: CompareReport): string[] {
  const lines = happenedLines(report).map(({ column, text: { standing, line } }) => {
    const how = standing === 'unexpected' ? '**unexpected**' : standing;
    return `- ${cell(inLine(column))} against ${cell(column.reference ?? '')}, ${how}: ${cell(line)}`;
  });
  return lines.length === 0 ? [] : [lines.join('\n')];
}

function totalsTables({ totals }: CompareReport): string[] {
  return totals
    .filter(({ totals: list }) => list.length > 0)
    .map(({ column, totals: list }) => {
      const body = list.flatMap((total) => [
        totalRow(`**${cell(total.what)}**`, 'all', total, geomeanText(total.geomean)),
        ...(total.workloads === 1
          ? []
          : Array.from(total.differing, (one) =>
              totalRow('', `${cell(one.workload)}${one.whole ? '' : ' (until the machines diverge)'}`, one, ''),
            )),
      ]);
      const { workloads } = list[0];
      return details(
        `Totals of ${cell(inLine(column))} against ${cell(column.reference ?? '')} over ${plural(workloads, 'workload')}`,
        table(['counter', 'workload', 'old -> new', 'geomean', 'largest in one op'], body),
      );
    });
}

const totalRow = (what: string, workload: string, { kind, sum, largest }: Amount, geomean: string): string[] => [
  what,
  workload,
  kind === 'level' || sum === null ? `level ${sidesText(largest!)}` : sidesText(sum),
  geomean,
  largest === null ? '' : cell(largestText(largest)),
];

function unexpected({ reasons, predecessors }: CompareReport): string[] {
  const all = [
    ...reasons.map(({ column, reasons: list }) => ({ who: `${inLine(column)} against ${column.reference}`, list })),
    ...predecessors.map(({ candidate, reference, reasons: list }) => ({
      who: `${candidate} against ${reference}`,
      list,
    })),
  ];
  const rows = all.flatMap(({ who, list }) =>
    list
      .filter(({ standing }) => standing === 'unexpected')
      .flatMap(({ items }) =>
        items.map((item) => [cell(who), cell(amountText(item)), cell(whereText(item) + hintText(item.hints))]),
      ),
  );
  return rows.length === 0 ? [] : [table(['unexpected', 'what', 'where'], rows)];
}

function problems(report: CompareReport): string[] {
  const { rows, violations, expected, neverSeen, tally, warnings } = report;
  const notes = new Set(
    rows.flatMap(({ cells }) => cells.flatMap((one) => (one?.verdict === 'failed' ? (one.note ?? []) : []))),
  );
  const lines = [
    ...[...notes].map((note) => `failed: ${note}`),
    ...incompleteNotes(report).map((note) => `incomplete: ${note}`),
    ...violations
      .filter(({ known }) => !known)
      .map(({ text, workloads, variants }) => `${text} (${[...variants, ...workloads.slice(0, 3)].join(', ')})`),
    ...expected.expired.map((entry) => `expected until ${entry.expires} only: ${entryText(entry)} (${entry.reason})`),
    ...(tally.wholeCatalog
      ? neverSeen.map(({ variant, what, finding }) => `declared, but never seen: ${variant}, ${what} ${finding ?? ''}`)
      : []),
    ...warnings.map((warning) => `warning: ${warningText(warning)}`),
    ...tally.unreached.map((one) => `changed, but never reached: ${unreachedText(one)}`),
  ];
  return lines.length === 0 ? [] : [lines.map((line) => `- ${cell(line)}`).join('\n')];
}

/** What has changed since results were saved. */
function since({ baseline }: CompareReport): string[] {
  if (baseline === null) return [];
  const lines = savedLines(baseline).map(
    ({ kind, text }) => `- ${kind === 'counters' ? '' : `${kind}: `}${cell(text)}`,
  );
  return [[`${cell(savedSummary(baseline))}`, ...(lines.length === 0 ? [] : ['', ...lines])].join('\n')];
}

function folded(report: CompareReport): string[] {
  const { columns, rows, reasons, findingTitles, removes, processes, expected } = report;
  const shown = columns.flatMap((column, i) => (column.reference === null ? [] : [{ column, i }]));
  const why = reasons.flatMap(({ column, reasons: list }) =>
    list
      .filter(({ standing }) => standing !== 'unexpected')
      .map((reason) => [
        cell(inLine(column)),
        reason.standing,
        reason.items.map((item) => `\`${briefText(item)}\``).join(', '),
        cell(explained(reason, findingTitles)),
      ]),
  );
  const matrix = rows.map(({ workload, cells }) => [cell(workload.name), ...shown.map(({ i }) => cellText(cells[i]))]);
  const calls = removes.map(({ workload, place, cells }) => [
    cell(workload),
    place,
    ...cells.map(({ early, calls: all }) => `${number(early)}/${number(all)}`),
  ]);
  const kinds = processes.map((one) => [
    cell(one.workload),
    one.place,
    kindName(one),
    number(one.processes),
    number(one.touched),
    ...one.cells.map(({ early, calls: all }) => `${number(early)}/${number(all)}`),
  ]);
  const names = (list: readonly { readonly ids: readonly string[] }[]): string[] =>
    list.map((one) => cell(inLine(one)));
  return [
    ...(why.length === 0
      ? []
      : [details('What was intended or known', table(['revision', 'standing', 'what', 'why'], why))]),
    details('Verdict of each workload', table(['workload', ...names(shown.map(({ column }) => column))], matrix)),
    ...totalsTables(report),
    ...(calls.length === 0
      ? []
      : [details('pmap_remove: early exits / calls', table(['workload', 'in', ...names(columns)], calls))]),
    ...(kinds.length === 0
      ? []
      : [
          details(
            'pmap_remove by kind of process: early exits / calls',
            table(['recording', 'in', 'of', 'processes', 'touched', ...names(columns)], kinds),
          ),
        ]),
    ...(expected.unused.length === 0
      ? []
      : [details('Expected, but not seen', expected.unused.map((entry) => `- ${cell(entryText(entry))}`).join('\n'))]),
  ];
}

function cellText(one: Cell | null): string {
  if (one === null) return '';
  const { verdict, standing, findings, accepted } = one;
  if (standing === 'unexpected' || verdict === 'failed' || verdict === 'incomplete') return `**${verdict}**`;
  return [verdict, ...findings.map(findingName), ...(accepted ? ['in your list'] : [])].join(' ');
}
