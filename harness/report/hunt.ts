/** What a hunt has found, for a reader, as files of workload text, and as JSON. */
import pc from 'picocolors';
import type { Difference } from '../compare/pair.ts';
import type { Find, Hunted } from '../search/hunt.ts';
import type { CallPlace } from '../workload/places.ts';
import { outcomesText } from './outcomes.ts';
import { DEFAULT_WIDTH, type Look, jsonText, number, plural, signed, wrapped } from './words.ts';

export interface HuntReport extends Hunted {
  /** ids of the reference and the candidate, and what identifies their code */
  readonly a: Side;
  readonly b: Side;
  /** only reduced what it was given */
  readonly isReducing: boolean;
  /** by find: the file it was written to; null: none */
  readonly files: readonly (string | null)[];
}

export interface Side {
  readonly id: string;
  readonly hash: string;
}

const HEAD_LINES = 4;
/** Of the invariants, those that every run looks at. */
const BALANCE = 'balance ';

function amountText({ what, amount, outcomes, plane }: Difference): string {
  if (outcomes !== null) return outcomesText(outcomes);
  if (plane === 'invariant' && !what.startsWith(BALANCE)) return `${plane} ${what} differs (compare --check)`;
  if (amount === null || amount.total === 0) return plane === what ? `${what} differs` : `${plane} ${what} differs`;
  return `${what} ${signed(amount.total)}`;
}

/** `b: clock (line 8): ok -> SIGSEGV`, with the lines of the file. */
function whatText({ place, difference }: Pick<Find, 'place' | 'difference'>): string {
  const text = amountText(difference);
  return place === null ? `at the end: ${text}` : `${place.process}: ${place.call} (line ${lineOf(place)}): ${text}`;
}

const lineOf = ({ line }: CallPlace): number => line + HEAD_LINES;

const proofText = ({ minimal }: Find): string =>
  minimal === null
    ? 'the hunt ended before it was minimal'
    : `1-minimal: none of ${plural(minimal, 'smaller workload')} shows it`;

/** A find as a file. */
export function findText(find: Find, { a, b, seed }: Pick<HuntReport, 'a' | 'b' | 'seed'>): string {
  const head = [
    `${a.id} -> ${b.id}: ${whatText(find)}`,
    `pmapdiff.find/1: ${find.signature}`,
    `code ${a.hash} -> ${b.hash}, seed ${seed}`,
    proofText(find),
  ];
  return `${head.map((line) => `# ${line}\n`).join('')}${find.text}`;
}

/** The name of a find's file: the signature, as far as a file can be called that. */
export const findFile = (find: Find, { a, b }: Pick<HuntReport, 'a' | 'b'>): string =>
  `${[a.id, b.id, find.signature].join(' ').replaceAll(/[^A-Za-z0-9]+/g, '-')}.workload`;

const reachedText = ({ reached }: Hunted): string => {
  const names = Object.entries(reached);
  if (names.length === 0) return 'no function of the two differs as written';
  return `changed functions reached: ${names.map(([name, times]) => `${name} ${plural(times, 'time')}`).join(', ')}`;
};

function summaryText(report: HuntReport): string {
  const { runs, lastSignal, finds, isReducing } = report;
  const found = finds.length === 0 ? 'nothing' : plural(finds.length, 'find');
  if (isReducing) return `${found} in ${plural(runs, 'workload')}`;
  const last = lastSignal === null ? 'no new signal' : `last new signal at run ${number(lastSignal)}`;
  return `${found} in ${plural(runs, 'run')} (seed ${report.seed}); ${reachedText(report)}; ${last}`;
}

const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ');

export function huntText(report: HuntReport, { color, width = DEFAULT_WIDTH }: Look): string {
  const c = pc.createColors(color);
  const blocks = report.finds.map((find, i) => {
    const title = wrapped(`${i + 1}. ${find.verdict}, ${find.standing}: ${whatText(find)}`, width);
    const file = report.files[i];
    const text = file === null ? indented(findText(find, report)) : `  ${file}\n`;
    return `${c.bold(title)}\n${text}`;
  });
  const { failure } = report;
  const failed =
    failure === null
      ? []
      : [
          `${c.bold(wrapped(`${failure.variant}: its own code failed, and the hunt ended: ${failure.message}`, width))}\n` +
            indented(failure.workload),
        ];
  return `${[...blocks, ...failed, wrapped(summaryText(report), width)].join('\n')}\n`;
}

export function huntJson(report: HuntReport): string {
  const { a, b, seed, runs, reached, finds, failure } = report;
  return jsonText({
    schema: 'pmapdiff.hunt/1',
    a: a.id,
    b: b.id,
    seed,
    runs,
    reached,
    finds: finds.map((find) => ({
      signature: find.signature,
      verdict: find.verdict,
      standing: find.standing,
      what: find.difference.what,
      line: find.place === null ? null : lineOf(find.place),
      ops: find.ops,
      minimal: find.minimal,
      workload: findText(find, report),
    })),
    failed: failure,
  });
}
