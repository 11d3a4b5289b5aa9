/** A reviewed patch of the kernel's C sources: one line a function, as text, Markdown or JSON. */
import pc from 'picocolors';
import type { KernelReview, Reached, ReviewedFile, ReviewedUnit } from '../review/kernel-review.ts';
import { cell, table } from './markdown-parts.ts';
import { type Look, jsonText, number, plural } from './words.ts';

/** Workloads that a line names. */
const MOST_NAMED = 3;

const KIND_WORDS = { function: '', macro: 'macro', type: 'type', declaration: 'declaration' } as const;
const CHANGE_WORDS = {
  changed: '',
  added: 'added by this patch',
  removed: 'removed by this patch',
  comments: 'comments and blanks only',
} as const;

/** What is said of a unit besides where it is. */
function notes({ kind, change, isStatic, isListed, remarks }: ReviewedUnit): string[] {
  const known = isListed === false && kind === 'function' && change !== 'added' ? 'not in FreeBSD of July 2022' : '';
  const said = remarks.length === 0 ? '' : `${remarks.length === 1 ? 'remark' : 'remarks'} ${remarks.join(' ')}`;
  const own = isStatic && kind === 'function' ? 'static' : '';
  return [said, KIND_WORDS[kind], own, CHANGE_WORDS[change], known].filter((note) => note !== '');
}

/** What restates it, with its file. */
const places = ({ restated }: ReviewedUnit): string => restated.map(({ file, name }) => `${file} ${name}`).join(', ');

const seam = ({ members }: ReviewedUnit): string =>
  members.length === 0 ? '' : `seam: ${members.map(({ name }) => name).join(', ')}`;

/** The calls of the function that is called most, or of the member. */
function reachedText({ restated, members }: ReviewedUnit): string {
  const total = ({ workloads }: Reached): number => workloads.reduce((sum, { calls }) => sum + calls, 0);
  const all = [...restated, ...members].flatMap(({ name, reached }) => (reached === null ? [] : [{ name, reached }]));
  if (all.length === 0) return '';
  const [{ name, reached }] = all.toSorted((a, b) => total(b.reached) - total(a.reached));
  const { workloads, of } = reached;
  if (workloads.length === 0) return 'no built-in workload reaches it';
  const most = workloads.slice(0, MOST_NAMED).map((one) => `${one.name} ${number(one.calls)}`);
  const whose = all.length === 1 ? 'calls' : `calls of ${name}`;
  return `${number(workloads.length)} of ${plural(of, 'workload')}, ${whose}: ${most.join(', ')}${workloads.length > MOST_NAMED ? ', …' : ''}`;
}

function lineOf(unit: ReviewedUnit): string {
  const where = [places(unit), seam(unit)].filter((part) => part !== '').join('; ');
  const answer = unit.notModelled === null ? `-> ${where}` : `not modelled: ${unit.notModelled}`;
  return [`${unit.name} ${answer}`, reachedText(unit), ...notes(unit)].filter((part) => part !== '').join('; ');
}

const unnamedText = (heading: string): string =>
  heading === ''
    ? 'a hunk without a heading does not say what it changes: diff -up and git diff write headings'
    : `a hunk under ${JSON.stringify(heading)} does not say what it changes`;

function summary({ name, files }: KernelReview): string {
  const functions = files.flatMap(({ units }) => units).filter(({ kind }) => kind === 'function');
  const here = functions.filter(({ notModelled }) => notModelled === null);
  return `${name}: ${plural(files.length, 'file')}, ${plural(functions.length, 'function')}, ${number(here.length)} of them restated here`;
}

/** Of a file that is no C, or only renamed. */
const NOTHING = 'no function, macro or type of C';

export function kernelReviewText(review: KernelReview, { color }: Look): string {
  const c = pc.createColors(color);
  const parts = review.files.map(({ path, units, unnamed }) => {
    const lines = [
      ...units.map((unit) => (unit.notModelled === null ? lineOf(unit) : c.dim(lineOf(unit)))),
      ...unnamed.map((heading) => c.yellow(`! ${unnamedText(heading)}`)),
    ];
    return [c.bold(path), ...(lines.length === 0 ? [NOTHING] : lines).map((line) => `  ${line}`)].join('\n');
  });
  return `${[summary(review), ...parts].join('\n\n')}\n`;
}

export function kernelReviewMarkdown(review: KernelReview): string {
  const rows = ({ path, units, unnamed }: ReviewedFile): string[][] => [
    ...units.map((unit) => [
      cell(path),
      `\`${unit.name}\``,
      unit.notModelled === null ? cell(places(unit)) : `not modelled: ${cell(unit.notModelled)}`,
      cell(unit.members.map(({ name }) => name).join(', ')),
      cell(reachedText(unit)),
      cell(notes(unit).join(', ')),
    ]),
    ...unnamed.map((heading) => [cell(path), '', cell(unnamedText(heading)), '', '', '']),
  ];
  return [
    `### ${cell(summary(review))}`,
    table(['file', 'function', 'restated in', 'seam', 'reached by', ''], review.files.flatMap(rows)),
  ]
    .join('\n\n')
    .concat('\n');
}

export const kernelReviewJson = ({ name, files }: KernelReview): string =>
  jsonText({ schema: 'pmapdiff.review/1', interdiffs: [], kernel: { name, files } });
