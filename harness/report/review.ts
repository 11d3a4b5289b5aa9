/** Interdiffs for a reader: text for a terminal, Markdown for a review comment, JSON. */
import pc from 'picocolors';
import type { Block, Interdiff } from '../review/interdiff.ts';
import type { Bearing, Relation } from '../review/remarks.ts';
import { cell, details, fenced } from './markdown-parts.ts';
import { DEFAULT_WIDTH, type Look, jsonText, plural, wrapped } from './words.ts';

const RELATION_WORDS: Readonly<Record<Relation, string>> = {
  gone: 'no longer shows',
  appears: 'shows from here',
  said: 'said before',
  explains: 'also explains',
};

const headline = ({ candidate, reference, review, title }: Interdiff): string =>
  `${candidate} after ${reference}: ${review === '' ? '' : `${review}, `}${title}`;

const blockTitle = ({ members }: Block): string => members.join(', ');

const signedNote = ({ restated, candidate }: Interdiff): string[] =>
  restated.map((name) => `${candidate} restates ${name} as its predecessor has it`);

export function reviewText(interdiffs: readonly Interdiff[], { color, width = DEFAULT_WIDTH }: Look): string {
  return `${interdiffs.map((one) => interdiffText(one, pc.createColors(color), width)).join('\n\n')}\n`;
}

function interdiffText(one: Interdiff, c: ReturnType<typeof pc.createColors>, width: number): string {
  const listed = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [[title, ...lines.map((line) => wrapped(line, width, 6))].join('\n')];
  const { message, remarks, blocks, notes } = one;
  const parts = [
    `${c.bold(wrapped(headline(one), width))}\n${'='.repeat(Math.min(headline(one).length, width))}`,
    ...(message === '' ? [] : [indented(message)]),
    ...[...notes, ...signedNote(one)].map((note) => c.yellow(`! ${note}`)),
    ...listed(
      'Remarks',
      remarks.map((remark) => remarkText(remark, c)),
    ),
    ...listed('Declares', declaresText(one)),
    ...blocks.map((block) => blockText(block, c)),
    ...(blocks.length === 0 ? ['No member of the seam differs.'] : []),
  ];
  return parts.join('\n\n');
}

const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ');

function remarkText({ id, title, relation, thread }: Bearing, c: ReturnType<typeof pc.createColors>): string {
  const paint = { gone: c.green, appears: c.yellow, said: c.dim, explains: c.dim }[relation];
  return `  ${paint(RELATION_WORDS[relation].padEnd(15))}  ${id.padEnd(3)} ${title} ${c.dim(`(${thread.replace(/\.$/, '')})`)}`;
}

function declaresText({ declares, candidate }: Interdiff): string[] {
  if (declares.length === 0) return [];
  const width = Math.max(...declares.map(({ what }) => what.length));
  return declares.map(({ what, by, why, variant, undone }) => {
    const whose = undone ? ` [${variant}, undone]` : variant === candidate ? '' : ` [${variant}]`;
    return `  ${what.padEnd(width)}  ${by}: ${why}${whose}`;
  });
}

function blockText(block: Block, c: ReturnType<typeof pc.createColors>): string {
  const paint = { '-': c.red, '+': c.green, ' ': (text: string) => text };
  const lines = block.lines.map(({ sign, text }) => paint[sign](`${sign} ${text}`.trimEnd()));
  return [c.cyan(`@@ ${blockTitle(block)} @@`), ...lines].join('\n');
}

const memberCount = (blocks: readonly Block[]): string =>
  `${plural(blocks.flatMap(({ members }) => members).length, 'member')} of the seam`;

/** The message keeps its own markup, but no tags. */
const quoted = (text: string): string => text.replaceAll(/<(?=[a-z/!])/gi, '&lt;').replaceAll(/^/gm, '> ');

/** One folded part a step, so that a series fits in a review comment. */
export function reviewMarkdown(interdiffs: readonly Interdiff[]): string {
  return interdiffs
    .map((one) => {
      const { message, remarks, declares, blocks, notes, candidate } = one;
      const remarkRows = remarks.map(
        ({ relation, id, title, thread }) =>
          `| ${RELATION_WORDS[relation]} | ${id} | ${cell(title)} | ${cell(thread)} |`,
      );
      const declareRows = declares.map(
        ({ what, by, why, variant, undone }) =>
          `| \`${what}\` | ${by} | ${cell(why)}${undone ? ` (${variant}, undone)` : variant === candidate ? '' : ` (${variant})`} |`,
      );
      const diffs = blocks.map((block) =>
        fenced(
          'diff',
          [`@@ ${blockTitle(block)} @@`, ...block.lines.map(({ sign, text }) => `${sign}${text}`.trimEnd())].join('\n'),
        ),
      );
      return [
        `### ${cell(headline(one))}`,
        ...(message === '' ? [] : [quoted(message)]),
        ...[...notes, ...signedNote(one)].map((note) => `**${cell(note)}**`),
        ...(remarkRows.length === 0 ? [] : [['| remark | | | where |', '|---|---|---|---|', ...remarkRows].join('\n')]),
        ...(declareRows.length === 0 ? [] : [['| declares | by | why |', '|---|---|---|', ...declareRows].join('\n')]),
        blocks.length === 0 ? 'No member of the seam differs.' : details(memberCount(blocks), diffs.join('\n\n')),
      ].join('\n\n');
    })
    .join('\n\n')
    .concat('\n');
}

export const reviewJson = (interdiffs: readonly Interdiff[]): string =>
  jsonText({ schema: 'pmapdiff.review/1', interdiffs });
