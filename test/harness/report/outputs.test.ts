import { describe, expect, it } from 'vitest';
import { FAIL_CLASSES } from '../../../harness/compare/gate.ts';
import { renderGithub } from '../../../harness/report/compare/github.ts';
import { renderJson } from '../../../harness/report/compare/json.ts';
import { renderJunit } from '../../../harness/report/compare/junit.ts';
import { renderMarkdown } from '../../../harness/report/compare/markdown.ts';
import type { CompareReport } from '../../../harness/report/compare/model.ts';
import { renderText } from '../../../harness/report/compare/text.ts';
import { schemas } from '../../../harness/report/schema/index.ts';
import { type Column, type Planned, compareAll } from '../../support/comparison.ts';
import { type PlantedOp, facts, intent, record } from '../../support/records.ts';

const ops = (resident: number, locks = 4, code = 0): PlantedOp[] => [
  { resident, adds: { 'reached.pinitTopPage': 1 } },
  { resident: 0, top: 0, code, adds: { 'reached.releaseTopPage': 1, vmMapLocks: locks } },
];
const both = (id: string, planted: PlantedOp[]) => [record(id, planted), record(id, planted)];
const first: Column = { facts: facts('first'), records: both('first', ops(3)) };
const second: Column = {
  facts: facts('second', 'first', [intent('residentCount', '+1 per live top-level page')], ['pinitTopPage']),
  records: both('second', ops(4)),
};
const odd: Column = { facts: facts('odd', 'second', [], ['removeIsNoop']), records: both('odd', ops(3, 9)) };
const bad: Column = { facts: facts('bad', 'first', [], ['removeIsNoop']), records: both('bad', ops(3, 9, 139)) };

const compared = (columns: readonly Column[], planned?: Planned): CompareReport => compareAll(columns, planned).report;
const entry = { variant: 'bad', workload: '*', what: 'outcome', reason: 'on purpose', expires: '2026-06-15' };
const locks = { ...entry, what: 'vmMapLocks', workload: 'w0', reason: 'one lock more' };

describe('an expectation that the reference misses', () => {
  const wrong = 'a: exec sh60\na: exit => SIGSEGV\n';
  const report = compared([first, second], { texts: [wrong, wrong] });
  const what = 'line 2: the reference should answer SIGSEGV, answers ok';
  const whole = '2 comparisons: 0 identical, 2 intended, 0 known, 0 unexpected, 2 expectations missed';

  it('is said in every format, with the same summary', () => {
    const text = renderText(report, { color: false, width: 200 });
    const markdown = renderMarkdown(report);
    const annotations = renderGithub(report);
    for (const out of [text, markdown, annotations]) expect(out).toContain(whole);
    for (const out of [text, markdown]) expect(out).toContain(what);
    expect(markdown).toContain('### pmapdiff: an expectation was missed\n');
    expect(annotations).toContain(`::error title=w0%2C w1::${what}\n`);
    expect(annotations).toContain(`::error title=pmapdiff::${whole}\n`);
    expect(renderJunit(report)).toContain('<error type="expectation" message="expected SIGSEGV, got ok">');
    expect(schemas.compare.parse(JSON.parse(renderJson(report))).exitCode).toBe(3);
  });
});

describe('Markdown', () => {
  it('shows what is unexpected and folds the rest', () => {
    expect(renderMarkdown(compared([first, second, bad]))).toMatchInlineSnapshot(`
      "### pmapdiff: finding or regression

      4 comparisons: 0 identical, 2 intended, 0 known, 2 unexpected. 2 workloads, each revision against \`first\`.

      - bad against first, **unexpected**: a: exit (line 2): ok -> SIGSEGV (w0, w1)

      | revision | identical | not exercised | intended | known | unexpected | failed |
      |---|---|---|---|---|---|---|
      | \`second\` |  |  | 2 |  |  |  |
      | \`bad\` |  |  |  |  | **2** (behavioural) |  |

      | unexpected | what | where |
      |---|---|---|
      | bad against first | a: exit (line 2): ok -> SIGSEGV | w0 and 1 more workload |

      - changed, but never reached: removeIsNoop (bad against first)

      To step through it: \`npx pmapdiff page -o review.html\` with the same options.

      <details><summary>What was intended or known</summary>

      | revision | standing | what | why |
      |---|---|---|---|
      | second | intended | \`residentCount level +1\` | planted |

      </details>

      <details><summary>Verdict of each workload</summary>

      | workload | second | bad |
      |---|---|---|
      | w0 | stat-only | **behavioural** |
      | w1 | stat-only | **behavioural** |

      </details>

      <details><summary>Totals of second against first over 2 workloads</summary>

      | counter | workload | old -> new | geomean | largest in one op |
      |---|---|---|---|---|
      | **residentCount** | all | level 3 -> 4 (+1, +33.3%) | geomean +33.3% over 2 workloads | +1 in w0, line 1, a: exec |
      |  | w0 | level 3 -> 4 (+1, +33.3%) |  | +1 in w0, line 1, a: exec |
      |  | w1 | level 3 -> 4 (+1, +33.3%) |  | +1 in w1, line 1, a: exec |

      </details>
      "
    `);
  });

  it('never exceeds the size of a comment', () => {
    const report = compared([first, second]);
    const text = renderMarkdown({ ...report, rows: Array.from({ length: 9000 }, () => report.rows[0]!) });
    expect(text.length).toBeLessThan(65_536);
    expect(text).toContain('1 part left out: too long for a comment.');
  });

  it('treats names as text', () => {
    const report = compared([first, bad]);
    const [row] = report.rows;
    const named = { ...row!, workload: { ...row!.workload, name: 'a|b <img src=x> `c`' } };
    expect(renderMarkdown({ ...report, rows: [named] })).toContain('| a\\|b &lt;img src=x> \\`c\\` |');
  });
});

describe('JUnit', () => {
  it('has a suite per workload and a case per comparison', () => {
    expect(renderJunit(compared([first, second, bad]))).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <testsuites name="pmapdiff" tests="4" failures="2" errors="0" skipped="0">
        <testsuite name="w0" tests="2" failures="1" errors="0" skipped="0">
          <testcase name="second against first" classname="w0"><system-out>intended: residentCount level 3 -&gt; 4 (+1, +33.3%): largest in one op +1 at line 1, a: exec</system-out></testcase>
          <testcase name="bad against first" classname="w0"><failure type="behavioural" message="a: exit (line 2): ok -&gt; SIGSEGV">a: exit (line 2): ok -&gt; SIGSEGV</failure></testcase>
        </testsuite>
        <testsuite name="w1" tests="2" failures="1" errors="0" skipped="0">
          <testcase name="second against first" classname="w1"><system-out>intended: residentCount level 3 -&gt; 4 (+1, +33.3%): largest in one op +1 at line 1, a: exec</system-out></testcase>
          <testcase name="bad against first" classname="w1"><failure type="behavioural" message="a: exit (line 2): ok -&gt; SIGSEGV">a: exit (line 2): ok -&gt; SIGSEGV</failure></testcase>
        </testsuite>
        <testsuite name="the whole" tests="0" failures="0" errors="0" skipped="0">
          <system-out>second against first: residentCount level 3 -&gt; 4 (+1, +33.3%), geomean +33.3% over 2 workloads, largest in one op +1 in w0, line 1, a: exec</system-out>
        </testsuite>
      </testsuites>
      "
    `);
  });

  it('passes verdicts excluded by --fail-on', () => {
    const text = renderJunit(compared([first, bad], { gate: { failOn: ['panic'] } }));
    expect(text).toContain('failures="0"');
  });

  it('escapes what XML cannot hold', () => {
    const report = compared([first, bad]);
    const named = { ...report.rows[0]!, workload: { ...report.rows[0]!.workload, name: '<&"\u0000\uD800>' } };
    expect(renderJunit({ ...report, rows: [named] })).toContain('name="&lt;&amp;&quot;\uFFFD\uFFFD&gt;"');
  });
});

describe('annotations', () => {
  it('are one per reason, in the given file, and nothing else', () => {
    expect(renderGithub({ ...compared([first, second, bad]), files: { bad: 'series/bad,1.ts' } }))
      .toMatchInlineSnapshot(`
        "::error file=series/bad%2C1.ts,line=1,title=bad against first%3A unexpected::a: exit (line 2): ok -> SIGSEGV: w0 and 1 more workload
        ::notice title=second against first%3A totals::residentCount level 3 -> 4 (+1, +33.3%25), geomean +33.3%25 over 2 workloads, largest in one op +1 in w0, line 1, a: exec
        ::error title=pmapdiff::4 comparisons: 0 identical, 2 intended, 0 known, 2 unexpected
        "
      `);
  });

  it('are one notice when nothing is unexpected', () => {
    expect(renderGithub(compared([first, second])).replaceAll(/^::notice title=.*%3A totals::.*\n/gm, '')).toBe(
      '::notice title=pmapdiff::2 comparisons: 0 identical, 2 intended, 0 known, 0 unexpected\n',
    );
  });
});

describe('a comparison that ended early in both runs', () => {
  const ended = { kind: 'panic', op: 1, where: 'vm_wait', reason: 'no free pages', values: {} } as const;
  const early = (id: string, resident: number, after: string | null): Column => ({
    facts: facts(id, after),
    records: [record(id, ops(resident).slice(0, 1), { ended })],
  });
  const report = compared([early('old', 3, null), early('same', 3, 'old'), early('other', 5, 'old')]);
  const memory = 'the machine has ram=1G (262,144 pages), which a machine line of the workload sets';
  const note = `w0: both: panic: vm_wait: no free pages at line 2, a: exit; 1 of 2 ops compared; ${memory}`;

  it('is no agreement in text', () => {
    const text = renderText(report, { color: false, width: 400 });
    expect(text).toMatch(/^w0 +2 +✗ incomplete +✗ incomplete$/m);
    expect(text).toContain(`! incomplete: ${note} (same against old, other against old)`);
    const quiet = renderText(report, { color: false, quiet: true, width: 300 });
    expect(quiet).toContain(`! incomplete: ${note} (same against old, other against old)\n`);
    expect(quiet).not.toContain('interrupted');
    expect(text).toContain('0 identical, 0 intended, 0 known, 1 unexpected, 2 incomplete');
  });

  it('is in the open in Markdown', () => {
    const [open] = renderMarkdown(report).split('<details>');
    expect(open).toContain('### pmapdiff: incomplete: a run ended early');
    expect(open).toContain(`${memory} (same against old, other against old)`);
  });

  it('is an error in JUnit and an annotation', () => {
    const text = renderJunit(report);
    expect(text).toContain('tests="2" failures="0" errors="2"');
    expect(text).toContain('<error type="incomplete" message="both: panic: vm_wait: no free pages');
    expect(renderGithub(report)).toContain(`::error title=incomplete::${note}`);
  });

  it('is not complete in JSON, and shares no column', () => {
    const body = schemas.compare.parse(JSON.parse(renderJson(report)));
    expect(body).toMatchObject({ complete: false, exitCode: 3, equalEverywhere: [] });
    expect(body.workloads[0]).toMatchObject({ complete: false, groups: [['old'], ['same'], ['other']] });
    expect(body.workloads[0]!.pairs[0]).toMatchObject({
      verdict: 'incomplete',
      incomplete: { op: 1, ops: 2, panic: { where: 'vm_wait', reason: 'no free pages' } },
    });
  });
});

describe('a list of expected differences', () => {
  it('turns what it names into known differences, with its reason', () => {
    const report = compared([first, bad], { expected: [entry] });
    expect(report.tally).toMatchObject({ unexpected: 0, known: 2, exitCode: 0 });
    const text = renderText(report, { color: false });
    expect(text).toContain('✓ behavioural E');
    expect(text).toContain('known      outcome: on purpose');
  });

  it('leaves other differences, and other workloads, unexpected', () => {
    const columns = [first, odd];
    expect(compared(columns, { expected: [{ ...locks, variant: 'odd' }] }).tally).toMatchObject({
      unexpected: 1,
      known: 1,
      exitCode: 1,
    });
  });

  it('reports entries that match no difference, without failing', () => {
    const report = compared([first, second], { expected: [entry] });
    expect(report.tally.exitCode).toBe(0);
    expect(renderText(report, { color: false })).toContain('expected, but not seen: bad, *, outcome (on purpose)');
  });

  it.each([
    ['2026-06-15', 0],
    ['2026-06-14', 1],
  ])('holds up to its last day: %s', (expires, exitCode) => {
    const report = compared([first, bad], { expected: [{ ...entry, expires }] });
    expect(report.tally.exitCode).toBe(exitCode);
    const text = renderText(report, { color: false });
    if (exitCode === 1) expect(text).toContain(`! expected until ${expires} only: bad, *, outcome (on purpose)`);
  });

  it('fails when it has expired even if nothing is unexpected', () => {
    const report = compared([first, second], { expected: [{ ...entry, expires: '2020-01-01' }] });
    expect(report.tally).toMatchObject({ unexpected: 0, expired: 1, exitCode: 1 });
  });
});

describe('classes to fail on', () => {
  it.each([
    [undefined, 1],
    [['behavioural'] as const, 1],
    [['cost-only', 'panic'] as const, 0],
    [FAIL_CLASSES, 1],
  ])('%j', (failOn, exitCode) => {
    const gate = failOn === undefined ? {} : { failOn };
    expect(compared([first, bad], { gate }).tally).toMatchObject({ unexpected: 2, exitCode });
  });

  it('consider unexpected differences only, not the declared ones next to them', () => {
    const declared: Column = {
      facts: facts('declared', 'first', [intent('residentCount', '+1 per live top-level page')], ['pinitTopPage']),
      records: both('declared', ops(4, 9)),
    };
    const exit = (failOn: readonly (typeof FAIL_CLASSES)[number][]): number =>
      compared([first, declared], { gate: { failOn } }).tally.exitCode;
    expect([exit(['stat-only']), exit(['cost-only'])]).toEqual([0, 1]);
  });
});

describe('the schema of compare --json', () => {
  it.each<[string, Planned]>([
    ['plain', {}],
    ['step by step', { against: { kind: 'previous' } }],
    ['with predecessors', { predecessors: true }],
    ['with expected differences', { expected: [entry, locks, { ...entry, expires: '2020-01-01' }] }],
    ['interrupted', { gate: { interrupted: true } }],
  ])('holds: %s', (_name, planned) => {
    schemas.compare.parse(JSON.parse(renderJson(compared([first, second, odd, bad], planned))));
  });

  it('rejects what it does not know', () => {
    const body = JSON.parse(renderJson(compared([first, second])));
    expect(schemas.compare.safeParse({ ...body, more: 1 }).success).toBe(false);
    expect(schemas.compare.safeParse({ ...body, schema: 'pmapdiff.compare/2' }).success).toBe(false);
  });
});
