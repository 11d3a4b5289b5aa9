/**
 * C as the kernel writes it (style(9)): which function, macro or type a line belongs to. Reads whole files and parts of
 * them, such as one side of a hunk. What stands at column 0 decides: names of functions, braces of bodies, labels.
 */

export type UnitKind = 'function' | 'macro' | 'type' | 'declaration';

/** What a line belongs to. */
export interface Unit {
  readonly kind: UnitKind;
  readonly name: string;
  readonly isStatic: boolean;
}

export interface Line {
  /** null: outside of everything, or in something whose name is not among the lines */
  readonly unit: Unit | null;
  /** without comments and blanks */
  readonly code: string;
  /** the unit's name stands in this line */
  readonly isHead: boolean;
}

const COMMENT = /\/\*[\s\S]*?(?:\*\/|$)|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
/** A line within a block comment. */
const IN_COMMENT = /^\s*\*(?:[\s/]|$)/;
/** Names before `(` that are no function's. */
const NO_NAME = /^(?:_Static_assert|[A-Z][A-Z0-9_]*)$/;
/** What the compiler is told about a declaration. */
const ATTRIBUTE =
  /\b__(?:attribute__|aligned|section|printflike|asm__|nonnull|locks_\w+|requires_\w+)\s*\([^()]*(?:\([^()]*\)[^()]*)*\)/g;
/** Behind the parentheses, parameters are declared as before ANSI C. */
const OLD_STYLE = /\)\s*\n\s+(?!__)\w/;

/**
 * start: what the first line belongs to, unless it says itself. Comments right above a unit belong to it.
 */
export function readLines(lines: readonly string[], start: Unit | null): Line[] {
  const code = withoutComments(lines);
  const units: (Unit | null)[] = [];
  const heads = new Set<number>();
  let current = start;
  /** what the lines before a comment at column 0 belong to: indented code behind it continues that */
  let before: Unit | null = null;
  /** first line of a comment at column 0 that no unit has claimed */
  let above = -1;
  for (let i = 0; i < lines.length; i++) {
    const text = code[i];
    const define = /^\s*#\s*define\s+(\w+)/.exec(text);
    if (define !== null) {
      const macro: Unit = { kind: 'macro', name: define[1], isStatic: false };
      heads.add(i);
      claim(units, above, i, macro);
      above = -1;
      units[i] = macro;
      while (/\\\s*$/.test(lines[i]) && i + 1 < lines.length) units[++i] = macro;
      continue;
    }
    if (text.startsWith('}')) {
      units[i] = current ?? before;
      if (text.includes('{')) continue;
      current = null;
      before = null;
      above = -1;
      continue;
    }
    if (beginsUnit(text)) {
      const head = headAt(code, i);
      if (head.unit !== null) heads.add(head.at);
      claim(units, above, i, head.unit);
      above = -1;
      for (; i < head.end; i++) units[i] = head.unit;
      units[i] = head.unit;
      current = head.isOpen ? head.unit : null;
      before = null;
      continue;
    }
    if (text.trim() === '') {
      if (isOutside(lines[i])) {
        if (above < 0) [above, before] = [i, current];
        current = null;
      } else if (lines[i].trim() === '') above = -1;
    } else if (current === null && /^\s/.test(text)) current = before;
    units[i] = current;
  }
  return lines.map((_line, i) => ({ unit: units[i], code: code[i].replaceAll(/\s+/g, ''), isHead: heads.has(i) }));
}

/** The label in a line; null if there is none. */
export const labelIn = (line: string): string | null => /^([A-Za-z_]\w*)\s*:(?!:)/.exec(line)?.[1] ?? null;

const beginsUnit = (text: string): boolean => /^[A-Za-z_]/.test(text) && labelIn(text) === null;

/** A comment at column 0: bodies are indented. */
const isOutside = (line: string): boolean => /^(?:\/\*| \*)/.test(line);

function claim(units: (Unit | null)[], from: number, to: number, unit: Unit | null): void {
  if (from >= 0) units.fill(unit, from, to);
}

interface Head {
  readonly unit: Unit | null;
  /** line of the name, and the last line of the head */
  readonly at: number;
  readonly end: number;
  /** a body follows, up to a brace at column 0 */
  readonly isOpen: boolean;
}

/** The declaration that begins in a line, as far as the lines go. */
function headAt(code: readonly string[], first: number): Head {
  let text = '';
  let depth = 0;
  for (let i = first; i < code.length; i++) {
    for (let at = 0; at < code[i].length; at++) {
      const char = code[i][at];
      if (char === '(') depth++;
      else if (char === ')') depth--;
      else if (
        depth === 0 &&
        (char === '{' || char === '=' || (char === ';' && !OLD_STYLE.test(text + code[i].slice(0, at))))
      ) {
        text += code[i].slice(0, at);
        // Values and types end at a brace at column 0, or in this line.
        const isOpen =
          char === ';' ? false : char === '{' ? !code[i].includes('}', at) : !code[i].trimEnd().endsWith(';');
        return { unit: named(text, char), at: first + lineOfName(text), end: i, isOpen };
      }
    }
    text += `${code[i]}\n`;
    const next = code.slice(i + 1).find((line) => line.trim() !== '');
    // Something else begins: this was a macro that takes no semicolon.
    if (depth === 0 && text.includes('(') && next !== undefined && !continues(text, next))
      return { unit: named(text, ';'), at: first + lineOfName(text), end: i, isOpen: false };
  }
  return { unit: named(text, ''), at: first + lineOfName(text), end: code.length - 1, isOpen: true };
}

const continues = (head: string, next: string): boolean =>
  /^[{\s]/.test(next) || (next.startsWith('#') && !NO_NAME.test(/(\w+)\s*\(/.exec(head)?.[1] ?? ''));

/** Line of the name within a head. */
function lineOfName(text: string): number {
  const paren = text.indexOf('(');
  return paren < 0 ? 0 : text.slice(0, paren).split('\n').length - 1;
}

/** end: the character behind the text; empty if the lines end there. */
function named(text: string, end: string): Unit | null {
  const isStatic = /^\s*(?:static|DEFINE_IFUNC\s*\(\s*static)\b/.test(text);
  const ifunc = /^\s*DEFINE_IFUNC\s*\([^,]*,[^,]*,\s*(\w+)/.exec(text);
  if (ifunc !== null) return { kind: 'function', name: ifunc[1], isStatic };
  const type = /^\s*(?:typedef\s+)?(?:struct|union|enum)\s+(\w+)\s*$/.exec(text);
  if (type !== null && end === '{') return { kind: 'type', name: type[1], isStatic };
  const call = /(\w+)\s*\(/.exec(text.replaceAll(ATTRIBUTE, ''));
  if (call === null && end === '') return null;
  if (call !== null && end !== '=' && end !== ';' && !NO_NAME.test(call[1])) {
    const isAtStart = new RegExp(`^${call[1]}\\s*\\(`, 'm').test(text);
    if (end === '{' || isAtStart) return { kind: 'function', name: call[1], isStatic };
  }
  const before = call === null ? text : text.slice(0, text.indexOf('('));
  const name = /(\w+)\s*(?:\[[^\]]*\]\s*)*$/.exec(before)?.[1];
  return name === undefined ? null : { kind: 'declaration', name, isStatic };
}

/** What a hunk's heading says that its first line belongs to; null: it does not say. The heading may be cut. */
export function unitOfHeading(heading: string): Unit | null {
  const [text] = withoutComments([heading]);
  const define = /^\s*#\s*define\s+(\w+)/.exec(text);
  if (define !== null) return { kind: 'macro', name: define[1], isStatic: false };
  if (!beginsUnit(text)) return null;
  const end = /[;={]/.exec(text);
  const head = text.slice(0, end?.index);
  // Only what has a body can be changed behind its head.
  return named(head, end?.[0] ?? (head.includes('(') ? '{' : ''));
}

/** Lines without comments, also where the first one begins within one. */
function withoutComments(lines: readonly string[]): string[] {
  const text = lines.join('\n');
  const [opens, closes] = [text.indexOf('/*'), text.indexOf('*/')];
  let from = 0;
  if (closes >= 0 && (opens < 0 || closes < opens)) from = closes + 2;
  else if (lines.length > 0) for (const line of lines.slice(0, leading(lines))) from += line.length + 1;
  const blank = (part: string): string => part.replaceAll(/[^\n]/g, ' ');
  return (
    blank(text.slice(0, from)) +
    text.slice(from).replaceAll(COMMENT, (found) => (/^\/[*/]/.test(found) ? blank(found) : found))
  ).split('\n');
}

/** Number of first lines that are within a comment which neither opens nor closes in them. */
function leading(lines: readonly string[]): number {
  const end = lines.findIndex((line) => !IN_COMMENT.test(line));
  return end < 0 ? lines.length : end;
}
