import { hint } from '../../core/suggest.ts';
import { InputError } from '../input-error.ts';

/** Bad usage: one line on stderr, nothing on stdout, exit 2. */
export class UsageError extends InputError {}

/** Of bisect-step: `git bisect run` skips the commit. */
export const EXIT_SKIP = 125;

/** The word of a small vocabulary that `text` is. Throws UsageError: where, all of the words, got. */
export function wordOf<Word extends string>(where: string, text: string, known: readonly Word[], some = ''): Word {
  const word = known.find((one) => one === text.trim());
  if (word !== undefined) return word;
  throw new UsageError(
    `${where}: expected ${some}${known.join(', ')}, got ${JSON.stringify(text)}${hint(text, known)}`,
  );
}

/** As wordOf, for each word of a comma-separated list. */
export function wordsOf<Word extends string>(where: string, text: string, known: readonly Word[]): Word[] {
  const words = text.split(',').map((word) => wordOf(where, word, known, 'some of '));
  const twice = words.find((word, i) => words.indexOf(word) !== i);
  if (twice !== undefined) throw new UsageError(`${where}: expected each word once, got ${twice} twice`);
  return words;
}

/** Throws UsageError. */
export function secondsOf(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const seconds = Number(text);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new UsageError(`${option}: expected seconds above 0, got ${JSON.stringify(text)}`);
}

/** An option as it is typed. */
export const flagOf = (option: string): string =>
  `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** What is wrong with a variant file, by the file's name: once, though many messages begin with it. */
export const inFile = (path: string, message: string): string => {
  const name = path.replace(/^.*[/\\]/s, '');
  return message.startsWith(`${name}:`) ? message : `${name}: ${message}`;
};
