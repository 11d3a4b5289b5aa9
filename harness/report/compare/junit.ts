/**
 * The report as JUnit XML: a suite per workload, a case per comparison, and one suite for what concerns no single
 * workload. Unexpected is a failure, a variant whose own code failed or a comparison that is
 * incomplete an error, not exercised is skipped. No times: they
 * are not what is tested, and the same answer is the same bytes.
 */
import { unexpectedVerdict, type PairComparison, type Verdict } from '../../compare/pair.ts';
import type { WorkloadComparison } from '../../compare/plan.ts';
import type { SavedComparison } from '../../saved/compare.ts';
import { isChange, itemOf, type CompareReport } from './model.ts';
import { savedLines, savedSummary } from './saved.ts';
import type { Found } from './totals.ts';
import { amountAndPlace, endText, entryText, hintText, inLine, totalText } from './words.ts';

interface Case {
  readonly name: string;
  readonly kind: 'passed' | 'failure' | 'error' | 'skipped';
  /** of a failure: its class */
  readonly type: string;
  readonly message: string;
  /** what differs, whatever comes of it: a line each */
  readonly output?: readonly string[];
}

interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
  readonly output: readonly string[];
}

export function renderJunit(report: CompareReport): string {
  const suites: Suite[] = [
    ...report.rows.map(({ workload }) => ({
      name: workload.name,
      cases: casesOf(workload, report.tally.failOn),
      output: [],
    })),
    { name: 'the whole', cases: wholeCases(report), output: totalLines(report) },
  ].filter(({ cases, output }) => cases.length + output.length > 0);
  const all = suites.flatMap(({ cases }) => cases);
  const body = suites.map(({ name, cases, output }) =>
    [
      `  <testsuite ${attributes({ name, ...counts(cases) })}>`,
      ...cases.map(caseXml(name)),
      ...(output.length === 0 ? [] : [`    ${outputXml(output)}`]),
      '  </testsuite>',
    ].join('\n'),
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributes({ name: 'pmapdiff', ...counts(all) })}>`,
    ...body,
    '</testsuites>\n',
  ].join('\n');
}

const outputXml = (lines: readonly string[]): string => `<system-out>${escaped(lines.join('\n'))}</system-out>`;

function casesOf(workload: WorkloadComparison, failOn: readonly Verdict[]): Case[] {
  const { pairs, predecessors, runs, missed } = workload;
  return [
    ...[...pairs, ...predecessors].map((pair) => pairCase(pair, workload, failOn)),
    ...missed.map(({ line, op, expected, got }): Case => {
      const name = `expectation of ${line > 0 ? `line ${line}` : `op ${op}`}`;
      return { name, kind: 'error', type: 'expectation', message: `expected ${expected}, got ${got}` };
    }),
    ...runs.flatMap(({ variant, faults }) =>
      faults
        .filter(({ standing }) => standing === 'unexpected')
        .map(({ name, expected, got }): Case => ({
          name: `${variant}: ${name}`,
          kind: failOn.includes('invariant-broken') ? 'failure' : 'passed',
          type: 'invariant-broken',
          message: `expected ${expected}, got ${got}`,
        })),
    ),
  ];
}

function pairCase(pair: PairComparison, workload: WorkloadComparison, failOn: readonly Verdict[]): Case {
  const { reference, candidate, verdict, differences, failures, incomplete, unreachedMembers } = pair;
  const name = `${candidate} against ${reference}`;
  if (verdict === 'failed') {
    const message = failures.map(({ variant, failure }) => `${variant}: ${failure.message}`).join('; ');
    return { name, kind: 'error', type: verdict, message };
  }
  if (incomplete !== null) return { name, kind: 'error', type: verdict, message: endText(incomplete, workload) };
  // What is unexpected stands in the failure.
  const output = differences
    .filter(({ standing }) => standing === 'intended' || standing === 'known')
    .map((difference) => `${difference.standing}: ${differenceText({ workload, difference })}`);
  const worst = unexpectedVerdict(pair);
  if (worst !== null && failOn.includes(worst)) {
    const lines = differences
      .filter(({ standing }) => standing === 'unexpected')
      .map((difference) => differenceText({ workload, difference }));
    return { name, kind: 'failure', type: worst, message: lines.join('\n'), output };
  }
  if (verdict === 'not-exercised')
    return { name, kind: 'skipped', type: verdict, message: `never reached: ${unreachedMembers.join(', ')}` };
  return { name, kind: 'passed', type: verdict, message: '', output };
}

const differenceText = (found: Found): string => amountAndPlace(itemOf([found])) + hintText(found.difference.hints);

/** What each candidate's counters come to over all workloads. */
const totalLines = ({ totals }: CompareReport): string[] =>
  totals.flatMap(({ column, totals: list }) =>
    list.map((total) => `${inLine(column)} against ${column.reference}: ${totalText(total)}`),
  );

function wholeCases({ expected, neverSeen, tally, allRan, baseline }: CompareReport): Case[] {
  return [
    ...(baseline === null ? [] : sinceCases(baseline)),
    ...expected.expired.map((entry): Case => {
      const message = `expected until ${entry.expires} only: ${entry.reason}`;
      return { name: entryText(entry), kind: 'failure', type: 'expired', message };
    }),
    ...(tally.wholeCatalog
      ? neverSeen.map(({ variant, what, finding, intent }): Case => {
          const message = `${what} ${intent?.by ?? `(finding ${finding})`} did not show in any workload`;
          return { name: `declaration of ${variant}: ${what}`, kind: 'failure', type: 'never-seen', message };
        })
      : []),
    ...(tally.requireExercised
      ? tally.unreached.map(({ candidate, reference, members }): Case => {
          const message = `no workload reached ${members.join(', ')}`;
          return { name: `${candidate} against ${reference}`, kind: 'failure', type: 'not-exercised', message };
        })
      : []),
    ...(allRan
      ? []
      : [{ name: 'complete', kind: 'error', type: 'interrupted', message: 'the rest was not run' } as const]),
    ...(tally.pairs > 0
      ? []
      : [{ name: 'anything', kind: 'error', type: 'empty', message: 'nothing was compared' } as const]),
  ];
}

/** What has changed since results were saved; a case for each cell, or one that passes. */
function sinceCases(baseline: SavedComparison): Case[] {
  const name = savedSummary(baseline);
  const changed = savedLines(baseline).filter(({ kind }) => isChange(kind));
  if (changed.length === 0) return [{ name, kind: 'passed', type: 'changed', message: '' }];
  return changed.map(({ text }): Case => ({
    name: text,
    kind: 'failure',
    type: 'changed',
    message: `${name}: ${text}`,
  }));
}

const counts = (cases: readonly Case[]) => ({
  tests: cases.length,
  failures: cases.filter(({ kind }) => kind === 'failure').length,
  errors: cases.filter(({ kind }) => kind === 'error').length,
  skipped: cases.filter(({ kind }) => kind === 'skipped').length,
});

const caseXml =
  (suite: string) =>
  ({ name, kind, type, message, output = [] }: Case): string => {
    const head = `    <testcase ${attributes({ name, classname: suite })}`;
    const said = output.length === 0 ? '' : outputXml(output);
    if (kind === 'passed') return said === '' ? `${head}/>` : `${head}>${said}</testcase>`;
    if (kind === 'skipped') return `${head}><skipped ${attributes({ message })}/></testcase>`;
    const [first = ''] = message.split('\n');
    return `${head}><${kind} ${attributes({ type, message: first })}>${escaped(message)}</${kind}>${said}</testcase>`;
  };

const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}="${escaped(String(value)).replaceAll(/\s/g, ' ')}"`)
    .join(' ');

/** Characters that XML cannot hold at all become a replacement character. */
const escaped = (text: string): string =>
  text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
