/**
 * Splits one line of workload text into tokens. `#` starts a comment; a word may contain single dots; unusual names are
 * quoted.
 */
import { WorkloadError, quoted } from '../errors.ts';

export type TokenKind = 'word' | 'string' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** from 1 */
  readonly column: number;
  /** preceded by white space or the start of the line */
  readonly spaced: boolean;
}

const BLANK = /[ \t\r]*/y;
const WORD = /[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const SYMBOL = /->|=>|\.\.|[:/@=+-]/y;

function match(pattern: RegExp, line: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(line)?.[0] ?? '';
}

/** Tokens of a line, followed by an `end` token. */
export function lexLine(line: string, file: string, lineNumber: number): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; ;) {
    const blank = match(BLANK, line, at).length;
    const spaced = blank > 0 || at === 0;
    at += blank;
    const column = at + 1;
    if (at === line.length || line[at] === '#') {
      tokens.push({ kind: 'end', text: '', column, spaced });
      return tokens;
    }
    let text = match(WORD, line, at);
    let kind: TokenKind = 'word';
    if (text === '') [text, kind] = [match(SYMBOL, line, at), 'symbol'];
    if (text === '') [text, kind] = [match(STRING, line, at), 'string'];
    if (text === '') {
      const expected = line[at] === '"' ? "a name closed by '\"'" : 'a word';
      throw new WorkloadError({ file, line: lineNumber, column }, expected, quoted(line.slice(at, at + 8)));
    }
    tokens.push({ kind, text: kind === 'string' ? unquote(text, file, lineNumber, column) : text, column, spaced });
    at += text.length;
  }
}

function unquote(text: string, file: string, line: number, column: number): string {
  try {
    return String(JSON.parse(text));
  } catch {
    throw new WorkloadError({ file, line, column }, 'a quoted name', quoted(text));
  }
}

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*$/;

/** A name in the form that the lexer reads back. */
export const nameText = (name: string): string => (PLAIN_NAME.test(name) ? name : JSON.stringify(name));
export const isPlainName = (text: string): boolean => PLAIN_NAME.test(text);
