/** Parses lines of strace. */

export type StraceLine =
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly string[]; readonly result: string }
  | { readonly kind: 'unfinished'; readonly name: string; readonly text: string }
  | { readonly kind: 'resumed'; readonly name: string; readonly text: string }
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: string }
  | { readonly kind: 'superseded'; readonly by: number }
  | { readonly kind: 'signal' }
  | { readonly kind: 'unknown' };

export interface StraceHead {
  readonly pid: number;
  /** '' if the line has none. */
  readonly time: string;
  readonly rest: string;
}

const PID = /^(?:\[pid +(\d+)\]|(\d+)) +(?![\d.]*\.)/;
const PID_BEFORE_TIME = /^(?:\[pid +(\d+)\]|(\d+)) +(?=[\d.:]+ )/;
const TIME = /^ *((?:\d+:\d\d:\d\d|\d+)(?:\.\d+)?) +/;
const UNFINISHED = / *<unfinished \.\.\.>$/;
const RESUMED = /^<\.\.\. ([a-z_0-9]+) resumed> ?/;
const EXITED = /^\+\+\+ exited with (\d+) \+\+\+$/;
const KILLED = /^\+\+\+ killed by (SIG\w+)(?: \(core dumped\))? \+\+\+$/;
const SUPERSEDED = /^\+\+\+ superseded by execve in pid (\d+) \+\+\+$/;
const CALL = /^([a-z_][a-z_0-9]*)\(/;
const DURATION = / +<(?:\d+\.\d+|unavailable)>$/;

/** The pid (1 without -f) and the time at the start of a line. */
export function headOf(text: string): StraceHead {
  const pid = PID_BEFORE_TIME.exec(text) ?? PID.exec(text);
  let rest = pid === null ? text : text.slice(pid[0].length);
  const time = TIME.exec(rest);
  if (time !== null) rest = rest.slice(time[0].length);
  return { pid: pid === null ? 1 : Number(pid[1] ?? pid[2]), time: time?.[1] ?? '', rest };
}

export function lineOf(rest: string): StraceLine {
  const resumed = RESUMED.exec(rest);
  if (resumed !== null) return { kind: 'resumed', name: resumed[1], text: rest.slice(resumed[0].length) };
  if (rest.startsWith('--- ') && rest.endsWith(' ---')) return { kind: 'signal' };
  const exited = EXITED.exec(rest);
  if (exited !== null) return { kind: 'exited', code: Number(exited[1]) };
  const killed = KILLED.exec(rest);
  if (killed !== null) return { kind: 'killed', signal: killed[1] };
  const superseded = SUPERSEDED.exec(rest);
  if (superseded !== null) return { kind: 'superseded', by: Number(superseded[1]) };
  const call = CALL.exec(rest);
  if (call === null) return { kind: 'unknown' };
  if (UNFINISHED.test(rest)) return { kind: 'unfinished', name: call[1], text: rest.replace(UNFINISHED, '') };
  return callOf(call[1], rest) ?? { kind: 'unknown' };
}

/** Parses `name(args) = result <duration>`; null if the text is not a call. */
export function callOf(name: string, text: string): StraceLine | null {
  const args: string[] = [];
  const end = splitArguments(text, name.length + 1, args);
  const result = /^ *= (.*)$/.exec(text.slice(end).replace(DURATION, ''));
  return end < 0 || result === null ? null : { kind: 'call', name, args, result: result[1] };
}

/**
 * Splits at the commas of the outermost level, starting after the opening parenthesis. Returns the position after the
 * closing one, -1 if there is none. Strings, brackets and the paths of descriptors (`3</a,b>`) are kept whole.
 */
function splitArguments(text: string, from: number, args: string[]): number {
  let depth = 0;
  let start = from;
  for (let at = from; at < text.length; at++) {
    const c = text[at];
    if (c === '"') {
      for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++;
    } else if (c === '<' && /[\dD]/.test(text[at - 1])) {
      at = text.indexOf('>', at);
      if (at < 0) return -1;
    } else if (c === '(' || c === '[' || c === '{') {
      depth++;
    } else if (c === ')' && depth === 0) {
      const last = text.slice(start, at).trim();
      if (last !== '' || args.length > 0) args.push(last);
      return at + 1;
    } else if (c === ')' || c === ']' || c === '}') {
      depth--;
    } else if (c === ',' && depth === 0) {
      args.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return -1;
}

/** A string argument without its quotes and escapes; anything else is returned unchanged. */
export function unquoted(text: string): string {
  const inner = /^"(.*)"(?:\.\.\.)?$/s.exec(text);
  return unescaped(inner === null ? text : inner[1]);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' };

function unescaped(text: string): string {
  return text.replaceAll(/\\(x[0-9a-f]{2}|[0-7]{1,3}|.)/g, (_, code: string) => {
    if (/^x../.test(code)) return String.fromCharCode(parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(parseInt(code, 8));
    return ESCAPES[code] ?? code;
  });
}

/** Descriptor and path in `3</path>`, `3` or `-1`; null for any other text. */
export function descriptorOf(text: string): { readonly fd: number; readonly path: string | null } | null {
  const match = /^(-?\d+)(?:<(.*)>(?:\(deleted\))?)?$/.exec(text);
  return match === null ? null : { fd: Number(match[1]), path: match[2] === undefined ? null : unescaped(match[2]) };
}

/**
 * The process of a line, when its call took effect, and what it says about an exec. Used to place faults between lines.
 */
export interface StraceSpan {
  readonly pid: number;
  readonly end: number;
  readonly exec: 'begins' | 'ends' | 'whole' | 'none';
}

export function spanOf(text: string): StraceSpan {
  const { pid, time, rest } = headOf(text);
  const begin = time === '' ? -Infinity : Number(time);
  const resumed = RESUMED.exec(rest);
  if (resumed !== null) return { pid, end: begin, exec: resumed[1].startsWith('execve') ? 'ends' : 'none' };
  const exec = rest.startsWith('execve');
  if (UNFINISHED.test(rest)) return { pid, end: begin, exec: exec ? 'begins' : 'none' };
  const duration = /<(\d+\.\d+)>$/.exec(rest);
  return { pid, end: begin + Number(duration?.[1] ?? 0), exec: exec ? 'whole' : 'none' };
}
