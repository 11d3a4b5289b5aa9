/** The page of the whole series, in a browser: what it asks for, and that it has the numbers of the command line. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CostReport } from '../../../harness/cost/cost.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import type { PageData } from '../../../harness/page/data.ts';
import { kindsTable, phasesTable, ratioTables, stationsTable } from '../../../harness/report/cost.ts';
import { diffTraces } from '../../../harness/trace/trace.ts';
import { generateWorkload } from '../../../harness/workload/generate.ts';
import { Random } from '../../../harness/workload/random.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { printWorkload } from '../../../harness/workload/text/print.ts';
import { root } from '../../support/layers.ts';
import { NOTHING, Runs, digestOf, rowsOf } from '../../support/machine-rows.ts';
import {
  type Answer,
  type Helpers,
  OpenedPage,
  hasBrowser,
  pmapdiffAside,
  startBrowser,
  totalsOf,
} from '../../support/opened-page.ts';

// What OpenedPage puts into every page.
declare const { goTo, runText, seen, until, totals, machines }: Helpers;

const isThere = hasBrowser();
const folder = isThere ? mkdtempSync(join(tmpdir(), 'pmapdiff-page-')) : '';
const file = join(folder, 'review.html');
let answer: Answer;
let browser: Browser;

const opened = (hash = '', options: object = {}): Promise<OpenedPage> =>
  OpenedPage.of(browser, { file, hash, ...options });

beforeAll(async () => {
  if (!isThere) return;
  answer = JSON.parse(await pmapdiffAside(['compare', '--json', '--html', file])) as Answer;
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  if (isThere) rmSync(folder, { recursive: true });
});

describe.skipIf(!isThere)('the page, alone on the machine', () => {
  it('is at most 600 KB for the series, and the matrix is painted within a second', async () => {
    expect(statSync(file).size).toBeLessThanOrEqual(600 * 1024);
    const of = await opened();
    const painted = await of.page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]!.startTime);
    expect(await of.page.locator('.matrix tbody tr').count()).toBe(answer.workloads.length);
    expect(painted).toBeLessThan(1000);
    await of.close();
  });

  it('steps within a frame, with 300 map entries, in at most 200 MB', async () => {
    const of = await opened('#w=exit-touched&v=double-count-fix');
    const { page } = of;
    const maps = Array.from({ length: 60 }, (_none, i) => `a: mmap anon 4p rw -> m${i}\na: write m${i}`).join('\n');
    await page.evaluate(async (text) => {
      await until('.results[data-ended="1"]');
      await runText(text, 2);
    }, `program big entries=300\na: exec big\n${maps}\na: exit\n`);
    const devtools = await page.context().newCDPSession(page);
    // The time of the page's thread: the test does not depend on what else the machine does.
    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
    const spent = async (): Promise<number> => {
      const { metrics } = await devtools.send('Performance.getMetrics');
      const part = (name: string): number => metrics.find((metric) => metric.name === name)!.value;
      return 1000 * (part('ScriptDuration') + part('LayoutDuration') + part('RecalcStyleDuration'));
    };
    const [first, last] = [60, 90];
    const steps = async (): Promise<number> => {
      const before = await spent();
      await page.evaluate(
        async ([from, to]) => {
          const input = document.querySelector<HTMLInputElement>('input[type=range]')!;
          for (let op = from!; op < to!; op++) {
            input.value = String(op);
            input.dispatchEvent(new Event('input', { bubbles: true }));
            await until(`[data-op="${op}"]`);
            await new Promise((resolve) => requestAnimationFrame(resolve));
          }
        },
        [first, last],
      );
      return ((await spent()) - before) / (last - first);
    };
    await steps();
    const step = await steps();
    console.log(`slider: ${step.toFixed(1)} ms a step`);
    expect(await page.locator('table[aria-label^="map entries"] tr').count()).toBeGreaterThan(300);
    expect(step).toBeLessThan(16);
    const { usedSize } = await devtools.send('Runtime.getHeapUsage');
    expect(usedSize).toBeLessThan(200 * 2 ** 20);
    await of.close();
  });
});

/** The file, and what is packed in it. */
function contents(path: string): string[] {
  const html = readFileSync(path, 'utf8');
  const packed = [...html.matchAll(/<script type="text\/plain" id="\w+">([^<]*)</g)];
  return [html, ...packed.map(([, text]) => gunzipSync(Buffer.from(text!, 'base64')).toString())];
}
const dataOf = (path: string): PageData => JSON.parse(contents(path)[1]!) as PageData;

/** Other versions of Node that npx has run before, or can fetch: named in NODES, separated by spaces. */
const nodes = [
  [process.execPath],
  ...(process.env.NODES ?? '')
    .split(' ')
    .filter((version) => version !== '')
    .map((version) => ['npx', '-y', `node@${version}`]),
];

/** Random numbers, the same for the same seed. */
function numbers(seed: number): (below: number) => number {
  const random = new Random(seed);
  return (below) => random.word() % below;
}

describe.skipIf(!isThere).concurrent('the page', () => {
  it('is the same bytes for the same input, wherever and however it is made', async () => {
    const made = await Promise.all(
      nodes.flatMap((node, version) =>
        ['1', '2'].map(async (jobs) => {
          const [cwd, path] = [jobs === '1' ? folder : root, join(folder, `again-${version}-${jobs}.html`)];
          const env = { TZ: jobs === '1' ? 'UTC' : 'Asia/Tokyo', LANG: jobs === '1' ? 'C' : 'de_DE.UTF-8' };
          const chosen = ['-w', 'exit-touched', 'superpage', 'vfork-execfail', '--jobs', jobs];
          await pmapdiffAside(['page', '-o', path, ...chosen], { node, cwd, env });
          return path;
        }),
      ),
    );
    for (const path of made) expect(readFileSync(path).equals(readFileSync(made[0]!)), path).toBe(true);
    const inIt = contents(file).join('\n');
    expect(inIt).toContain('vfork-execfail-pti');
    for (const hint of [folder, root, new Date().toISOString().slice(0, 10)]) expect(inIt).not.toContain(hint);
  });

  it('can be read without scripts', async () => {
    const of = await opened('', { javaScriptEnabled: false });
    expect(await of.page.locator('.matrix').innerText()).toContain('behavioural F6');
    expect(await of.page.locator('#F6').innerText()).toContain('loses the shared page');
    expect(of.said).toEqual([]);
    await of.close();
  });

  it('has a whole matrix that can be used by all, is wide enough for a telephone, and asks for nothing', async () => {
    const of = await opened('', { viewport: { width: 390, height: 900 } });
    expect(await of.violations()).toEqual([]);
    expect(await of.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    expect(of.requests).toEqual([pathToFileURL(file).href]);
    expect(of.said).toEqual([]);
    await of.close();
  });

  it('shows every verdict and every total of the document', async () => {
    const of = await opened();
    const { page } = of;
    const cells = await page.locator('.matrix tbody tr').evaluateAll((rows) =>
      rows.map((row) => ({
        name: row.querySelector('th')!.textContent,
        ops: row.querySelector('.n')!.textContent,
        verdicts: [...row.querySelectorAll<HTMLElement>('.verdict')].map(
          (one) =>
            `${one.dataset.verdict} ${getComputedStyle(one, '::before').content.includes('!') ? 'unexpected' : 'explained'}`,
        ),
      })),
    );
    const ids = await page
      .locator('.matrix thead th')
      .evaluateAll((heads) => heads.slice(2).map((head) => head.textContent!));
    expect(cells).toEqual(
      answer.workloads.map(({ name, ops, pairs }) => ({
        name,
        ops: ops.toLocaleString('en-US'),
        verdicts: ids.map((id) => {
          const { verdict, standing } = pairs.find(({ candidate }) => candidate === id.split(' = ')[0])!;
          return `${verdict} ${standing === 'unexpected' ? 'unexpected' : 'explained'}`;
        }),
      })),
    );
    const expected = answer.workloads.flatMap(({ name, pairs }) =>
      pairs.map((pair) => [`#w=${name}&v=${pair.candidate}`, totalsOf(pair)] as const),
    );
    const shown = await page.evaluate(
      async (places) => {
        const found = [];
        for (const place of places) {
          await goTo(place);
          found.push([place, totals()]);
        }
        return found;
      },
      expected.map(([place]) => place),
    );
    expect(shown).toEqual(expected);
    expect(of.said).toEqual([]);
    await of.close();
  });

  it('has both machines as the command line has them, after 100 random ops', async () => {
    const of = await opened();
    const draw = numbers(7);
    const { workloads } = dataOf(file);
    const lengths = new Map(workloads.map(({ name, first, ops }) => [name, first ?? ops!]));
    const recordings = answer.workloads.filter(({ recorded }) => recorded);
    expect(recordings.length).toBeGreaterThan(5);
    const drawn = ({ name, pairs }: Answer['workloads'][number]) => {
      return { name, candidate: pairs[draw(pairs.length)]!.candidate, op: draw(lengths.get(name)!) };
    };
    const texts = answer.workloads.filter(({ recorded, ops }) => !recorded && ops > 0);
    const places = [
      ...Array.from({ length: 100 }, () => drawn(texts[draw(texts.length)]!)),
      ...[...recordings, ...recordings].map(drawn),
    ];
    const shown = await of.page.evaluate(async (list) => {
      const found = [];
      for (const { name, candidate, op } of list) {
        await goTo(`#w=${name}&v=${candidate}&op=${op}`);
        await until(`[data-op="${op}"]`);
        found.push(machines());
      }
      return found;
    }, places);
    const runs = new Runs();
    for (const [i, { name, candidate, op }] of places.entries()) {
      const { text, first } = workloads.find((one) => one.name === name)!;
      const workload = await loadWorkload(name);
      // A file that is mapped only after what the page has of a recording is part of the whole one's digest from the start.
      const part = first === null ? workload : parseWorkload(text!, name, name);
      const digests = ['baseline', candidate].map((id) => digestOf(runs.of(part, id, { until: op, stateAfter: op })));
      const sides = ['baseline', candidate].map((id) => {
        const record = runs.of(workload, id, { until: op, stateAfter: op });
        return record.ended.kind === 'done' ? rowsOf(record) : null;
      });
      const where = `${name} ${candidate} op ${op}`;
      expect(shown[i]!.digests, where).toBe(digests.join(' | '));
      for (const [at, side] of sides.entries()) {
        const { counters, ...rows } = side ?? NOTHING;
        expect({ ...shown[i]!.sides[at], counters: {} }, where).toEqual({ ...rows, counters: {} });
        if (side === null) continue;
        for (const [counter, amount] of Object.entries(counters))
          expect([counter, shown[i]!.sides[at]!.counters[counter] ?? 0], where).toEqual([counter, amount]);
      }
    }
    expect(of.said).toEqual([]);
    await of.close();
  });

  it('prices workloads as cost does', async () => {
    const of = await opened();
    const names = ['fork-loop-touch', 'exit-touched', 'exec-touched-pti'];
    for (const name of names) {
      const json = await pmapdiffAside(['cost', name, '--variants', 'baseline,landed', '--json']);
      const report = JSON.parse(json) as CostReport;
      const shown = await of.page.evaluate(async (hash) => {
        await goTo(hash);
        const time = await seen('.time > [data-constants]');
        const texts = (rows: Iterable<Element>): string[][] =>
          [...rows].map((row) => [...row.children].map(({ textContent }) => textContent!));
        return {
          constants: time.dataset.constants,
          tables: [...time.querySelectorAll('table')].map(({ rows }) => texts(rows)),
          lines: [...time.querySelectorAll<SVGElement>('figure')].map((figure) => ({
            title: figure.querySelector('figcaption')!.textContent,
            ends: [...figure.querySelectorAll('.scale')].map(({ textContent }) => Number(textContent)),
            ys: figure
              .querySelector('.typical')!
              .getAttribute('d')!
              .split(/[ML]/)
              .slice(1)
              .map((point) => Number(point.split(' ')[1]) / 100),
          })),
          not: [...time.querySelectorAll('li')].map(({ textContent }) => textContent),
        };
      }, `#w=${name}&v=landed`);
      expect(shown.constants).toBe(report.constants);
      expect(shown.tables).toEqual(
        [
          ...ratioTables(report, name),
          phasesTable(report, report.counted[0]!),
          kindsTable(report, name),
          stationsTable(report, name),
        ].map(({ head, rows }) => [head, ...rows]),
      );
      expect(shown.not).toEqual(report.notModelled);
      for (const { title, ends, ys } of shown.lines) {
        const typical = report.ratios.filter(({ frames }) => title === `F = ${frames}`).map((row) => row.typical);
        expect(ys).toHaveLength(typical.length);
        const [top, bottom] = ends as [number, number];
        for (const [i, ratio] of typical.entries())
          expect(Math.abs(top - ys[i]! * (top - bottom) - ratio)).toBeLessThan(0.01);
      }
      expect(shown.lines).toHaveLength(5);
    }
    const none = await of.page.evaluate(async () => {
      await until('.results[data-ended="1"]');
      await runText('a: exec sh60\n', 2);
      return (await seen('.time > p:not(.muted)')).textContent;
    });
    expect(none).toBe('Nothing to price: baseline: expected a process that exits, got none.');
    expect(of.said).toEqual([]);
    await of.close();
  });

  it('judges 100 random workloads that are typed as the command line does', async () => {
    const texts = Array.from({ length: 100 }, (_none, seed) =>
      printWorkload(generateWorkload(seed, { choices: 40, machine: ['', 'pti=on', 'cpus=2'][seed % 3]! })),
    );
    const files = texts.map((text, seed) => {
      const path = join(folder, `t${seed}.workload`);
      writeFileSync(path, text);
      return path;
    });
    const { workloads } = JSON.parse(await pmapdiffAside(['compare', '--json', '-w', ...files])) as Answer;
    const of = await opened('#w=exit-touched&v=double-count-fix', { viewport: { width: 390, height: 300 } });
    const shown = await of.page.evaluate(async (list) => {
      await until('.results[data-ended="1"]');
      const found = [];
      for (const [i, text] of list.entries()) {
        await runText(text, i + 2);
        const rows = [...document.querySelectorAll<HTMLElement>('[data-candidate]')];
        const first = document.querySelector<HTMLElement>('[data-first]');
        found.push({
          verdicts: rows.map((row) => [
            row.dataset.candidate,
            row.querySelector<HTMLElement>('.verdict')!.dataset.verdict,
          ]),
          totals: totals(),
          first: first === null ? null : Number(first.dataset.first),
        });
      }
      return found;
    }, texts);
    const pairOf = (seed: number) => workloads[seed]!.pairs.find(({ candidate }) => candidate === 'double-count-fix')!;
    const [references, candidates] = [new Runs(), new Runs()];
    expect(texts.some((_text, seed) => totalsOf(pairOf(seed)).length > 0)).toBe(true);
    for (const [seed, text] of texts.entries()) {
      const workload = parseWorkload(text, 'typed');
      const a = references.of(workload, 'baseline', { events: true });
      const b = candidates.of(workload, 'double-count-fix', { events: true });
      expect(shown[seed], text).toEqual({
        verdicts: workloads[seed]!.pairs.map(({ candidate, verdict }) => [candidate, verdict]),
        totals: totalsOf(pairOf(seed)),
        first: workload.ops.length === 0 ? null : (diffTraces(a, b, 'exact').first?.op ?? -1),
      });
    }
    expect(of.said).toEqual([]);
    await of.close();
  });
});
