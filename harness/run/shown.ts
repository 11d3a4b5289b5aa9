/** Text of a stranger, fit to be shown in a message or on a terminal. */

/** Characters of a message. */
export const MAX_MESSAGE = 1000;

/** Controls, line separators, what turns the direction of writing, and halves of pairs. */
const UNFIT = /[\p{Cc}\p{Cs}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu;
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escaped = (character: string): string => {
  const code = character.codePointAt(0)!;
  const hex = code.toString(16);
  return NAMED[character] ?? (code < 256 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`);
};

/** One line of at most `most` characters (and a note, if it is cut), with control characters escaped. */
export function shown(text: string, most = MAX_MESSAGE): string {
  const isCut = text.length > most;
  const end = isCut && /[\uD800-\uDBFF]/.test(text[most - 1]) ? most - 1 : most;
  const fit = (isCut ? text.slice(0, end) : text).replaceAll(UNFIT, escaped);
  return isCut ? `${fit} … (cut, ${text.length} characters)` : fit;
}

/** As shown, but lines and tabs stay. */
export const shownLines = (text: string): string =>
  text.replaceAll(UNFIT, (character) => (character === '\n' || character === '\t' ? character : escaped(character)));
