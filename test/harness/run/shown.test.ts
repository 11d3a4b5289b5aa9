import { describe, expect, it } from 'vitest';
import { describeError } from '../../../harness/run/describe.ts';
import { shown, shownLines } from '../../../harness/run/shown.ts';

describe('text of a stranger', () => {
  it.each([
    ['an escape sequence', '\u001B]0;owned\u0007', '\\x1b]0;owned\\x07'],
    ['lines and tabs', 'a\r\n\tb', 'a\\r\\n\\tb'],
    ['a turn of the writing direction', 'a\u202Eb', 'a\\u202eb'],
    ['half a pair', 'a\uD83Db', 'a\\ud83db'],
    ['other letters', 'größe 日本 😀', 'größe 日本 😀'],
  ])('shows %s escaped, or as it is', (_what, text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it('is cut between characters, and says so', () => {
    expect(shown('ab😀cd', 3)).toBe('ab … (cut, 6 characters)');
    expect(shown('abcd', 4)).toBe('abcd');
  });

  it('keeps its lines and tabs if it was printed', () => {
    expect(shownLines('a\n\tb\u001B[2J\r')).toBe('a\n\tb\\x1b[2J\\r');
  });
});

describe('an error of a stranger', () => {
  const odd = (fields: object): Error => Object.assign(new Error('x'), fields);

  it.each<[string, unknown]>([
    ['no object', null],
    ['a symbol', Symbol('s')],
    ['without a prototype', Object.create(null)],
    ['a proxy', new Proxy({}, { getPrototypeOf: () => { throw new Error('no'); } })], // prettier-ignore
    ['with a message that throws', Object.defineProperty(new Error('x'), 'message', { get: () => { throw 1; } })], // prettier-ignore
    ['with a name that is no text', odd({ name: { toString: null } })],
    ['with a stack of megabytes', odd({ stack: 'x'.repeat(2 ** 24), message: 'y'.repeat(2 ** 24) })],
  ])('is one short line, even if it is %s', (_what, error) => {
    const text = describeError(error, 'mine.ts');
    expect(text).toMatch(/^mine\.ts: [^\n]{3,1100}$/);
  });
});
