/** A reviewed patch of the program's own sources, as text, Markdown or JSON. */
import pc from 'picocolors';
import type { Finding } from '../findings/finding.ts';
import type { ReviewedHunk, TouchedDeclaration } from '../review/patch-review.ts';
import { cell, fenced, table } from './markdown-parts.ts';
import { DEFAULT_WIDTH, type Look, jsonText, plural, wrapped } from './words.ts';

export interface PatchReview {
  /** as it was given */
  readonly name: string;
  readonly title: string;
  /** id of the variant whose hunks it runs */
  readonly base: string;
  readonly intends: readonly { readonly what: string; readonly by: string; readonly why: string }[];
  /** how it was taken */
  readonly notes: readonly string[];
  readonly hunks: readonly ReviewedHunk[];
  /** those that speak of a function that it changes */
  readonly remarks: readonly Pick<Finding, 'id' | 'title' | 'thread'>[];
}

const headline = ({ name, title, base, hunks }: PatchReview): string =>
  `${name}: ${title}: ${plural(hunks.length, 'hunk')}, with the hunks of ${base}`;

/** `pmap_remove_pde, pmap_remove_pages (sys/amd64/amd64/pmap.c)` */
function kernelText({ kernel }: TouchedDeclaration): string {
  const files = [...new Set(kernel.map(({ file }) => file))];
  return files
    .map((file) => {
      const names = kernel.filter((one) => one.file === file).map(({ name }) => name);
      return `${names.join(', ')}${file === null ? '' : ` (${file})`}`;
    })
    .join('; ');
}

function declarationText(one: TouchedDeclaration): string {
  const kernel = kernelText(one);
  const remarks = one.remarks.length === 0 ? '' : ` [${one.remarks.join(' ')}]`;
  return `${one.name}${kernel === '' ? '' : `: ${kernel}`}${remarks}`;
}

const place = ({ file, line }: ReviewedHunk): string => `${file}:${line}`;
const about = ({ declarations }: ReviewedHunk): string =>
  declarations.length === 0 ? 'imports and comments' : declarations.map(declarationText).join('; ');

export function patchReviewText(review: PatchReview, { color, width = DEFAULT_WIDTH }: Look): string {
  const c = pc.createColors(color);
  const paint = { '-': c.red, '+': c.green, ' ': (text: string) => text };
  const listed = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [[title, ...lines.map((line) => wrapped(`  ${line}`, width, 6))].join('\n')];
  const parts = [
    c.bold(wrapped(headline(review), width)),
    ...review.notes.map((note) => c.yellow(`! ${note}`)),
    ...listed(
      'Remarks',
      review.remarks.map(
        ({ id, title, thread }) => `${id.padEnd(3)} ${title} ${c.dim(`(${thread.replace(/\.$/, '')})`)}`,
      ),
    ),
    ...listed(
      'Declares',
      review.intends.map(({ what, by, why }) => `${what}  ${by}: ${why}`),
    ),
    ...review.hunks.map((hunk) =>
      [
        wrapped(c.cyan(`@@ ${place(hunk)} ${about(hunk)} @@`), width),
        ...hunk.lines.map(({ sign, text }) => paint[sign](`${sign} ${text}`.trimEnd())),
      ].join('\n'),
    ),
    ...(review.hunks.length === 0 ? ['No source differs.'] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

export function patchReviewMarkdown(review: PatchReview): string {
  const remarks = review.remarks.map(({ id, title, thread }) => [id, cell(title), cell(thread)]);
  const intends = review.intends.map(({ what, by, why }) => [`\`${what}\``, by, cell(why)]);
  return [
    `### ${cell(headline(review))}`,
    ...review.notes.map((note) => `**${cell(note)}**`),
    ...(remarks.length === 0 ? [] : [table(['remark', '', 'where'], remarks)]),
    ...(intends.length === 0 ? [] : [table(['declares', 'by', 'why'], intends)]),
    ...review.hunks.flatMap((hunk) => [
      `**${cell(place(hunk))}** ${cell(about(hunk))}`,
      fenced('diff', hunk.lines.map(({ sign, text }) => `${sign}${text}`.trimEnd()).join('\n')),
    ]),
    ...(review.hunks.length === 0 ? ['No source differs.'] : []),
  ]
    .join('\n\n')
    .concat('\n');
}

export const patchReviewJson = (patch: PatchReview): string =>
  jsonText({ schema: 'pmapdiff.review/1', interdiffs: [], patch });
