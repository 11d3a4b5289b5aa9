/** The page as somebody uses it: by keyboard, with workloads and variants of their own, and with names that do harm. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogText } from '../../../harness/workload/catalog/index.ts';
import { root } from '../../support/layers.ts';
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
declare const { goTo, runText, seen, until, totals }: Helpers;

const isThere = hasBrowser();
const folder = isThere ? mkdtempSync(join(tmpdir(), 'pmapdiff-page-')) : '';
const file = join(folder, 'review.html');
let browser: Browser;

beforeAll(async () => {
  if (!isThere) return;
  await pmapdiffAside(['page', '-o', file, '-w', 'exit-touched', 'vfork-execfail']);
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  if (isThere) rmSync(folder, { recursive: true });
});

const EVIL = '<img src=x onerror=alert(1)>';
const VARIANT = `import { defineVariant, landed } from 'pmapdiff';
export default defineVariant({
  id: 'always-full',
  after: 'landed',
  title: '${EVIL}',
  accounting: { topPagesInResidentCount: true },
  intends: [{ what: 'removeEarlyExits', by: 'fewer', why: 'the test is off' }],
  hunks: { ...landed.hunks, removeIsNoop: () => false },
});
`;

describe.skipIf(!isThere).concurrent('the page', () => {
  it('is used by keyboard alone: F6 is found, the op before is seen, the workload is changed and run', async () => {
    const of = await OpenedPage.of(browser, { file });
    const { page } = of;
    const press = (key: string): Promise<void> => page.keyboard.press(key);
    const tabTo = async (selector: string): Promise<void> => {
      for (let i = 0; i < 300; i++) {
        if (await page.evaluate((to) => document.activeElement?.matches(to) === true, selector)) return;
        await press('Tab');
      }
      throw new Error(`${selector}: not reached by Tab`);
    };
    await tabTo('a[href="#F6"]');
    await press('Enter');
    await tabTo('a[href="#f=F6&n=0&v=double-count-fix"]');
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle);
    expect(outline).not.toBe('none');
    await press('Enter');
    await page.waitForSelector('[data-op="2"]');
    expect(await page.locator('p.outcomes').innerText()).toMatch(/baseline: ok.*double-count-fix: SIGSEGV/s);
    expect(await page.locator('#workbench .happened').innerText()).toContain('make: clock (line 3): ok -> SIGSEGV');
    await press('[');
    await page.waitForSelector('[data-op="1"]');
    expect(await page.locator('tr.differs').allTextContents()).toContainEqual(
      expect.stringContaining('0x7ffffffff000'),
    );
    await press('End');
    await page.waitForSelector('[data-op="2"]');
    await press('Home');
    await page.waitForSelector('[data-op="0"]');
    await tabTo('#draft');
    await press('Control+a');
    await page.keyboard.insertText(
      'make: exec sh60\nmake: vfork -> cc\ncc: execfail ENOENT\ncc: exit 127\nmake: clock\n',
    );
    await press('Control+Enter');
    await page.waitForSelector('.results[data-ended="2"]');
    expect(await page.locator('#workbench .happened').innerText()).toContain('make: clock (line 5): ok -> SIGSEGV');
    await press('Control+a');
    await page.keyboard.insertText('make: exec sh60\nmake: vfork -> cc\ncc: exec cat\ncc: exit 127\nmake: clock\n');
    await press('Control+Enter');
    await page.waitForSelector('.results[data-ended="3"]');
    expect(await page.locator('[data-candidate="double-count-fix"] .verdict').innerText()).toContain('stat-only');
    expect(await page.locator('#workbench .happened').count()).toBe(0);
    expect(of.said).toEqual([]);
    await of.close();
  });

  it.each([
    ['light', 1440],
    ['dark', 1440],
    ['light', 390],
    ['dark', 390],
  ] as const)('asks for nothing, says nothing and can be used by all: %s, %d px', async (colorScheme, width) => {
    const of = await OpenedPage.of(browser, { file, colorScheme, viewport: { width, height: 900 } });
    const { page } = of;
    const shown = async (): Promise<void> => {
      expect(await of.violations()).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    };
    await shown();
    await page.evaluate(async () => {
      await goTo('#w=vfork-execfail&v=double-count-fix&op=4');
      await until('[data-op="4"]');
      await until('#explain-title');
      await seen('.time > [data-constants]');
    });
    await shown();
    expect(of.requests).toEqual([pathToFileURL(file).href]);
    expect(of.said).toEqual([]);
    await of.close();
  });

  it('says where a text is wrong, with the words of the parser', async () => {
    const of = await OpenedPage.of(browser, { file, hash: '#w=exit-touched&v=landed' });
    const { page } = of;
    await page.locator('#draft').fill('make: exec sh60\nmake: vfrok -> cc\n');
    await page.locator('#run').click();
    expect(await page.locator('#draft-error').innerText()).toBe(
      "edited.workload:2:7: expected a verb, found 'vfrok'; did you mean 'vfork'?",
    );
    await of.close();
  });

  it('runs variant files and patches, whose code it names', async () => {
    const variant = join(folder, 'always-full.ts');
    writeFileSync(variant, VARIANT);
    const patch = `${join(root, 'test/fixtures/patches/d33276.diff')}@landed`;
    const path = join(folder, 'own.html');
    const own = ['--variants', 'landed', '--variant', variant, '--patch', patch, '--against', 'landed'];
    const names = ['exit-touched', 'vfork-execfail', 'exec-touched-pti'];
    const stdout = await pmapdiffAside(['compare', '--json', '--html', path, ...own, '-w', ...names], { cwd: folder });
    const { workloads } = JSON.parse(stdout) as Answer;
    const of = await OpenedPage.of(browser, { file: path });
    const { page } = of;
    expect(await page.locator('.note').innerText()).toBe('This page contains code of always-full.ts, d33276.diff.');
    const places = workloads.map(({ name, pairs }) => {
      const { candidate } = pairs[0]!;
      return { hash: `#w=${name}&v=${candidate}`, text: `${catalogText(name)}# the same\n` };
    });
    const shown = await page.evaluate(async (list) => {
      const found = [];
      for (const { hash, text } of list) {
        await goTo(hash);
        await until('.results[data-ended="1"]');
        await runText(text, 2);
        const rows = [...document.querySelectorAll<HTMLElement>('[data-candidate]')];
        found.push({
          verdicts: rows.map((row) => [
            row.dataset.candidate,
            row.querySelector<HTMLElement>('.verdict')!.dataset.verdict,
          ]),
          totals: totals(),
        });
      }
      return found;
    }, places);
    expect(shown).toEqual(
      workloads.map(({ pairs }) => ({
        verdicts: pairs.map(({ candidate, verdict }) => [candidate, verdict]),
        totals: totalsOf(pairs[0]!),
      })),
    );
    expect(workloads.flatMap(({ pairs }) => pairs.map(({ candidate }) => candidate))).toHaveLength(6);
    const head = await page.locator('.findings thead th').allTextContents();
    const candidates = [...new Set(workloads.flatMap(({ pairs }) => pairs.map(({ candidate }) => candidate)))];
    expect(head.slice(2)).toEqual(['landed', ...candidates]);
    const { findings } = JSON.parse(
      await pmapdiffAside(['findings', 'F1', 'F2', 'N2', '--variant', variant, '--json'], { cwd: folder }),
    ) as { findings: { id: string; cases: { answers: { variant: string; status: string }[] }[] }[] };
    for (const { id, cases } of findings) {
      const isShown = cases.some(({ answers }) => answers.some(({ status }) => status === 'shows'));
      const row = page.locator('.findings tbody tr').filter({ has: page.locator(`a[href="#${id}"]`) });
      expect(await row.locator('.mark .hidden').nth(1).textContent(), id).toBe(isShown ? 'shows' : 'does not');
    }
    const code = await page.evaluate(async (to) => {
      await goTo(to);
      return (await until('#code-title')).parentElement!.textContent;
    }, `#w=exit-touched&v=${candidates[1]}`);
    expect(code).toContain('core/pmap/');
    expect(await page.locator('img').count()).toBe(0);
    expect(of.said).toEqual([]);
    await of.close();
  });

  it('shows hostile names as text', async () => {
    const workload = join(folder, `${EVIL}.workload`);
    writeFileSync(workload, `# ${EVIL}</script><script>alert(2)</script><!--\na: exec sh60\na: clock\na: exit\n`);
    const path = join(folder, 'evil.html');
    await pmapdiffAside(['page', '-o', path, '-w', workload]);
    const of = await OpenedPage.of(browser, { file: path });
    const { page } = of;
    const title = `${EVIL}</script><script>alert(2)</script><!--`;
    expect(await page.locator('.matrix tbody th').innerText()).toBe(EVIL);
    expect(await page.locator('.matrix tbody th').getAttribute('title')).toBe(title);
    await page.locator('.matrix tbody a').first().click();
    await page.waitForSelector('[data-op]');
    expect(await page.locator('#workbench .lead').innerText()).toBe(title);
    expect(await page.locator('#workbench h1').innerText()).toBe(EVIL);
    expect(await page.locator('img').count()).toBe(0);
    expect(of.said).toEqual([]);
    await of.close();
  });
});
