/** WorkloadError: a workload that cannot be read. One line gives the position, what was expected and what was found. */
import { InputError } from '../input-error.ts';

/** Line and column count from 1; 0 means the whole file, or the whole line. */
export class WorkloadError extends InputError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly expected: string;
  readonly found: string;
  /** A known word close to the one found, '' if none. */
  readonly suggestion: string;

  constructor(
    where: { readonly file: string; readonly line?: number; readonly column?: number },
    expected: string,
    found: string,
    suggestion = '',
  ) {
    const { file, line = 0, column = 0 } = where;
    const place = [file, line, column].slice(0, line === 0 ? 1 : column === 0 ? 2 : 3).join(':');
    const hint = suggestion === '' ? '' : `; did you mean '${suggestion}'?`;
    super(`${place}: expected ${expected}, found ${found}${hint}`);
    this.name = 'WorkloadError';
    this.file = file;
    this.line = line;
    this.column = column;
    this.expected = expected;
    this.found = found;
    this.suggestion = suggestion;
  }
}

/** Text from a file, quoted for a message: control characters escaped, long ones cut. */
export function quoted(text: string): string {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return `'${JSON.stringify(shown).slice(1, -1).replaceAll('\\"', '"')}'`;
}
