/** What would make a comparison hold nothing unexpected, to be pasted: entries of `intends`, and a file for --expect. */
import type { Declared } from '../../declare/declarations.ts';
import { jsonText } from '../words.ts';
import type { CompareReport } from './model.ts';

export function renderSuggestions({ suggestions, files, complete }: CompareReport): string {
  const { intends, expected } = suggestions ?? { intends: [], expected: [] };
  const parts = [
    ...(complete ? [] : ['// interrupted: the rest was not run']),
    ...intends.map(({ variant, entries }) =>
      files[variant] === undefined
        ? `// ${variant}: add to the head of the patch, before its first file, and say why\n${entries.map(headText).join('')}`
        : `// ${files[variant]}: add to intends, and say why\n${entries.map(entryText).join('')}`,
    ),
    ...(expected.length === 0
      ? []
      : [
          `// a file for --expect (without this line): say the reason, and the last day\n${jsonText({
            schema: 'pmapdiff.expect/1',
            differences: expected,
          })}`,
        ]),
  ];
  return parts.length === 0 ? '// nothing is unexpected\n' : parts.join('\n');
}

const entryText = ({ what, by }: Declared): string => `    { what: '${what}', by: '${by}', why: '' },\n`;

const headText = ({ what, by }: Declared): string => `Intends: ${what} ${by}: \n`;
