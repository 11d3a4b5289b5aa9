/** What there is to run: names and what each is, section by section. */
import { jsonText } from './words.ts';

export interface ListSection {
  /** its name in JSON */
  readonly key: string;
  readonly title: string;
  readonly rows: readonly (readonly [name: string, text: string])[];
}

export type ListReport = readonly ListSection[];

export const listText = (sections: ListReport): string => sections.map(sectionText).join('\n');

function sectionText({ title, rows }: ListSection): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return `${title}\n${rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`).join('')}`;
}

export const listJson = (sections: ListReport): string =>
  jsonText({
    schema: 'pmapdiff.list/1',
    ...Object.fromEntries(sections.map(({ key, rows }) => [key, Object.fromEntries(rows)])),
  });
