/** A page as a reader has it: in a browser, from a file, without a network. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core';
import { cliFile, plainEnv } from './command.ts';

const CHROMIUM = '/usr/bin/chromium';

/** Says so if there is none. */
export function hasBrowser(): boolean {
  const isThere = existsSync(CHROMIUM);
  if (!isThere) console.log(`${CHROMIUM}: not there, the page is not tested`);
  return isThere;
}

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });

/** stdout of the program; while it runs, other tests go on. node: which Node, and what is set besides. */
export function pmapdiffAside(
  args: readonly string[],
  {
    node = [process.execPath],
    cwd,
    env = {},
  }: { node?: readonly string[]; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const [command, ...before] = node;
  return new Promise((resolve, reject) => {
    execFile(
      command!,
      [...before, cliFile(), ...args],
      { env: { ...plainEnv, ...env }, maxBuffer: 2 ** 27, ...(cwd === undefined ? {} : { cwd }) },
      (error, stdout, stderr) => {
        // 1: a finding, which is an answer.
        if (error !== null && error.code !== 1) reject(new Error(`${args.join(' ')}: ${error.code} ${stderr}`));
        else resolve(stdout);
      },
    );
  });
}

/** Two sides as the page shows them, or the document has them. */
export interface Sides {
  readonly reference: number;
  readonly candidate: number;
}

/** `pmapdiff.compare/1`, as far as a page shows it. */
export interface Answer {
  readonly workloads: readonly {
    readonly name: string;
    readonly ops: number;
    readonly recorded: boolean;
    readonly pairs: readonly AnswerPair[];
  }[];
}

export interface AnswerPair {
  readonly candidate: string;
  readonly verdict: string;
  readonly standing: string | null;
  readonly differences: readonly {
    readonly what: string;
    readonly standing: string;
    readonly numbers: { readonly kind: string; readonly sum: Sides | null; readonly largest: Sides | null } | null;
  }[];
}

/** A counter that differs, and both sides. */
export type TotalRow = readonly [what: string, reference: number, candidate: number];

/** What the table of totals must show of a pair, by name. */
export const totalsOf = ({ differences }: AnswerPair): TotalRow[] =>
  differences
    .flatMap(({ what, numbers }): TotalRow[] => {
      if (numbers === null || numbers.largest === null) return [];
      const sides = numbers.kind === 'added' ? numbers.sum! : numbers.largest;
      return [[what, sides.reference, sides.candidate]];
    })
    .toSorted();

/** A page that is open, and what it did that it must not. */
export class OpenedPage {
  readonly requests: string[] = [];
  readonly said: string[] = [];
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
    page.on('request', (request) => request.url().startsWith('blob:') || this.requests.push(request.url()));
    page.on('console', (message) => this.said.push(message.text()));
    page.on('pageerror', (error) => this.said.push(String(error)));
  }

  static async of(
    browser: Browser,
    { file, hash = '', ...options }: BrowserContextOptions & { file: string; hash?: string },
  ): Promise<OpenedPage> {
    const context = await browser.newContext({ offline: true, ...options });
    await context.addInitScript(helpers);
    const opened = new OpenedPage(await context.newPage());
    await opened.page.goto(pathToFileURL(file).href + hash);
    if (options.javaScriptEnabled !== false) await opened.page.waitForSelector('html[data-ready]');
    return opened;
  }

  /** What keeps somebody from using what is shown, by the rules of WCAG A and AA. */
  async violations(): Promise<string[]> {
    // By hand, so that it is not stopped by the policy of the page.
    await this.page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
    return this.page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run: (options: object) => Promise<Found> } };
      const { violations } = await axe.run({
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'],
        resultTypes: ['violations'],
      });
      return violations.map(({ id, nodes: [first] }) => `${id}: ${first!.html}`);
    });
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

interface Found {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** What tests may call in a page: a whole list is read there at once, not message by message. */
export interface Helpers {
  /** Goes to another place of the page, which is drawn when this returns. */
  readonly goTo: (hash: string) => Promise<void>;
  /** Writes a workload over the one in the playground, runs it and waits until that is the `ended`th run that has ended. */
  readonly runText: (text: string, ended: number) => Promise<void>;
  /** Waits for an element. */
  readonly until: (selector: string) => Promise<HTMLElement>;
  /** The same, of what is made only once its section is in sight. */
  readonly seen: (selector: string) => Promise<HTMLElement>;
  /** The table of totals, by name. */
  readonly totals: () => TotalRow[];
  /** What the two machines show: what each has in all its address spaces, as sorted lists. */
  readonly machines: () => { readonly digests: string; readonly sides: readonly MachineRows[] };
}

export interface MachineRows {
  /** first address and pages that are mapped */
  readonly entries: readonly string[];
  /** level, first address and entries in use */
  readonly tables: readonly string[];
  /** resident_count of each address space */
  readonly resident: readonly number[];
  /** by name; counters that are 0 in both are not shown */
  readonly counters: Readonly<Record<string, number>>;
}

function helpers(): void {
  // It only ends what hangs, also on a machine with many times its load.
  const LONGEST_MS = 600_000;
  const all = (selector: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(selector)];
  const amount = (text: string | null): number => Number(/^[-\d,]+/.exec(text!.trim())![0].replaceAll(',', ''));
  const until: Helpers['until'] = (selector) =>
    new Promise((resolve, reject) => {
      const observer = new MutationObserver(look);
      const late = setTimeout(() => {
        observer.disconnect();
        reject(new Error(`${location.hash}: ${selector} was not there after ${LONGEST_MS} ms`));
      }, LONGEST_MS);
      function look(): void {
        const found = document.querySelector<HTMLElement>(selector);
        if (found === null) return;
        observer.disconnect();
        clearTimeout(late);
        resolve(found);
      }
      observer.observe(document, { subtree: true, childList: true, attributes: true });
      look();
    });
  const seen: Helpers['seen'] = (selector) => {
    const section = selector.split(' ')[0]!;
    const scrolling = setInterval(() => document.querySelector(section)?.scrollIntoView(), 50);
    return until(selector).finally(() => clearInterval(scrolling));
  };
  const goTo: Helpers['goTo'] = async (hash) => {
    const gone = new Promise((resolve) => addEventListener('hashchange', resolve, { once: true }));
    location.hash = hash;
    await gone;
  };
  const runText: Helpers['runText'] = async (text, ended) => {
    const draft = document.querySelector<HTMLTextAreaElement>('#draft')!;
    draft.value = text;
    draft.dispatchEvent(new Event('input', { bubbles: true }));
    // What is written is taken up before the next task.
    await new Promise((resolve) => setTimeout(resolve));
    document.getElementById('run')!.click();
    await until(`.results[data-ended="${ended}"]`);
  };
  const totals: Helpers['totals'] = () =>
    all('.totals tbody tr')
      .map((row): TotalRow => {
        const [reference, candidate] = [...row.querySelectorAll('td')].map((cell) => cell.textContent);
        return [row.dataset.counter!, amount(reference!), amount(candidate!)];
      })
      .toSorted();
  const machines: Helpers['machines'] = () => {
    const sideOf = (side: number): MachineRows => {
      const cells = (label: string): { head: string; cell: HTMLElement }[] =>
        all(`table[aria-label^="${label}"] tr`).flatMap((row) => {
          const cell = row.querySelectorAll('td')[side]!;
          const head = row.querySelector('th')!;
          head.querySelector('.unequal')?.remove();
          return cell.querySelector('.none') === null ? [{ head: head.textContent!.trim(), cell }] : [];
        });
      const counted = (label: string): string[] =>
        cells(label)
          .map(({ head, cell }) => `${head} ${amount(cell.querySelector('.count')!.textContent)}`)
          .toSorted();
      const named = (name: string): HTMLElement[] =>
        all('.machine tr').filter((row) => row.querySelector('th')!.textContent!.startsWith(name));
      return {
        entries: counted('map entries'),
        tables: counted('page-table pages'),
        resident: named('resident_count')
          .map((row) => row.querySelectorAll('td')[side]!)
          .filter((cell) => cell.querySelector('.none') === null)
          .map((cell) => amount(cell.textContent))
          .toSorted((a, b) => a - b),
        counters: Object.fromEntries(
          all('.counters tbody tr').map((row) => [
            row.querySelector('th span')!.textContent,
            amount(row.querySelectorAll('td')[side]!.textContent),
          ]),
        ),
      };
    };
    return {
      digests: document.querySelector<HTMLElement>('[data-op]')!.dataset.digests!,
      sides: [sideOf(0), sideOf(1)],
    };
  };
  Object.assign(globalThis, { goTo, runText, seen, until, totals, machines } satisfies Helpers);
}
