/** Reads the tokens of one line: words, names, numbers, sizes; every failure says where, what was expected and found. */
import { nearest } from '../../../core/suggest.ts';
import { WorkloadError, quoted } from '../errors.ts';
import { parseSize } from '../size.ts';
import { type Token, isPlainName, lexLine } from './lexer.ts';

export class Cursor {
  readonly file: string;
  readonly line: number;
  #tokens: Token[];
  #at = 0;
  /** Words that would have been taken at token #offeredAt: what a misspelt one may have meant. */
  #offered: string[] = [];
  #offeredAt = 0;

  constructor(text: string, file: string, line: number) {
    this.file = file;
    this.line = line;
    this.#tokens = lexLine(text, file, line);
  }

  get token(): Token {
    return this.#tokens[this.#at];
  }

  get column(): number {
    return this.token.column;
  }

  get atEnd(): boolean {
    return this.token.kind === 'end';
  }

  /** The token after this one. */
  get following(): Token {
    return this.#tokens[Math.min(this.#at + 1, this.#tokens.length - 1)];
  }

  skip(): Token {
    const { token } = this;
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  /** Throws: something else was expected at `column` (default: here). */
  fail(expected: string, options: { found?: string; column?: number; known?: Iterable<string> } = {}): never {
    const offered = options.column === undefined && this.#offeredAt === this.#at ? this.#offered : undefined;
    const { found = this.#found(), column = this.column, known = offered } = options;
    const suggestion = known !== undefined && this.token.kind === 'word' ? nearest(this.token.text, known) : '';
    throw new WorkloadError({ file: this.file, line: this.line, column }, expected, found, suggestion);
  }

  isSymbol(text: string): boolean {
    return this.token.kind === 'symbol' && this.token.text === text;
  }

  isWord(text: string): boolean {
    return this.token.kind === 'word' && this.token.text === text;
  }

  acceptSymbol(text: string): boolean {
    if (!this.isSymbol(text)) return false;
    this.skip();
    return true;
  }

  acceptWord(text: string): boolean {
    if (!this.isWord(text)) {
      if (this.#offeredAt !== this.#at) [this.#offered, this.#offeredAt] = [[], this.#at];
      this.#offered.push(text);
      return false;
    }
    this.skip();
    return true;
  }

  symbol(text: string): void {
    if (!this.acceptSymbol(text)) this.fail(`'${text}'`);
  }

  end(): void {
    if (!this.atEnd) this.fail('the end of the line');
  }

  /** Reads a name: a word that does not begin with a digit, or a quoted one. */
  name(expected: string): string {
    const { kind, text } = this.token;
    if (kind !== 'string' && !(kind === 'word' && isPlainName(text))) this.fail(expected);
    return this.skip().text;
  }

  /** Reads a word of a fixed vocabulary, hyphens included. */
  keyword(expected: string, known: readonly string[]): string {
    const start = this.#at;
    const { column } = this.token;
    let word = this.token.kind === 'word' ? this.skip().text : this.fail(expected);
    while (this.isSymbol('-') && !this.token.spaced && this.following.kind === 'word' && !this.following.spaced) {
      this.skip();
      word += `-${this.skip().text}`;
    }
    if (known.includes(word)) return word;
    this.#at = start;
    throw new WorkloadError({ file: this.file, line: this.line, column }, expected, quoted(word), nearest(word, known));
  }

  /** The word here, and what follows it after a colon, unspaced: `aged:8`. Nothing is read. */
  get valueText(): string {
    const [{ text }, colon, rest] = this.#tokens.slice(this.#at, this.#at + 3);
    const isJoined = colon?.text === ':' && !colon.spaced && rest?.kind === 'word' && !rest.spaced;
    return isJoined ? `${text}:${rest.text}` : text;
  }

  /** Reads a decimal number from `least` to `most`. */
  count(expected: string, least: number, most: number): number {
    const { kind, text } = this.token;
    const value = kind === 'word' && /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most)) this.fail(expected);
    this.skip();
    return value;
  }

  get isSize(): boolean {
    return this.token.kind === 'word' && /^\d/.test(this.token.text);
  }

  size(expected: string): number {
    const value = this.token.kind === 'word' ? parseSize(this.token.text) : NaN;
    if (Number.isNaN(value)) this.fail(expected);
    this.skip();
    return value;
  }

  #found(): string {
    const { kind, text } = this.token;
    if (kind === 'end') return 'the end of the line';
    const { following } = this;
    const signed =
      kind === 'symbol' && (text === '-' || text === '+') && following.kind === 'word' && !following.spaced;
    return quoted(signed ? text + following.text : text);
  }
}
