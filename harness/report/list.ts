/** Names and what each is, section by section: what there is to run, and what a variant file can name. */
import { jsonText } from './words.ts';

export interface ListSection {
  /** its name in JSON */
  readonly key: string;
  readonly title: string;
  /** of what is said of a name, where that is more than one text: the keys in JSON */
  readonly fields?: readonly string[];
  readonly rows: readonly (readonly [name: string, ...texts: string[]])[];
}

export interface ListReport {
  /** of its document: `pmapdiff.KIND/1` */
  readonly kind: string;
  readonly sections: readonly ListSection[];
}

export const listText = ({ sections }: ListReport): string => sections.map(sectionText).join('\n');

function sectionText({ title, rows }: ListSection): string {
  const columns = rows[0]?.map((_text, i) => Math.max(...rows.map((row) => row[i].length))) ?? [];
  // What comes last is as long as it likes.
  const padded = (text: string, i: number, { length }: readonly string[]): string =>
    i === length - 1 ? text : text.padEnd(columns[i]);
  return `${title}\n${rows.map((row) => `  ${row.map((text, i) => padded(text, i, row)).join('  ')}\n`).join('')}`;
}

export const listJson = ({ kind, sections }: ListReport): string =>
  jsonText({
    schema: `pmapdiff.${kind}/1`,
    ...Object.fromEntries(sections.map((section) => [section.key, sectionJson(section)])),
  });

const sectionJson = ({ fields, rows }: ListSection): object =>
  Object.fromEntries(
    rows.map(([name, ...texts]) => [
      name,
      fields === undefined ? texts[0] : Object.fromEntries(fields.map((field, i) => [field, texts[i]])),
    ]),
  );
