/**
 * Parses lines of strace. Its format is that of strace's printleader, print_syscall_resume, print_event_exit and droptcb
 * (strace.c) and of syscall_exiting_trace (syscall.c).
 */
import type { ForkKind } from './recording.ts';
import { fdOf, numberOf } from './values.ts';

/** How a process ended. */
export interface End {
  readonly code: number;
  readonly signal?: string | undefined;
}

export type StraceLine =
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly args: readonly string[];
      /** NaN for `?`, and of a call that was not executed: --inject */
      readonly value: number;
      /** The error's name; null if the call succeeded or did not return. */
      readonly error: string | null;
    }
  | { readonly kind: 'unfinished'; readonly name: string; readonly text: string }
  | { readonly kind: 'resumed'; readonly name: string; readonly text: string }
  | { readonly kind: 'ended'; readonly end: End }
  | { readonly kind: 'superseded'; readonly by: number }
  /** SIGCHLD of a child that has ended */
  | ({ readonly kind: 'child ended' } & EndedChild)
  | { readonly kind: 'signal' }
  /** the process runs in another mode than that of a 64-bit program */
  | { readonly kind: 'mode'; readonly mode: string }
  | { readonly kind: 'unknown' };

export type StraceCall = Extract<StraceLine, { kind: 'call' }>;

export interface StraceHead {
  /** The thread; 0 if the line does not say. */
  readonly pid: number;
  /** '' if the line has none. */
  readonly time: string;
  readonly rest: string;
}

/** `123 `, `[pid 123] `, `123<comm> ` and `[pid 123<comm>] `: no pid has more than seven digits, but seconds have. */
const PID = /^(?:\[pid +(\d+)(?:<[^>]*>)?\]|(\d{1,7})(?:<[^>]*>)?) +/;
/** -t, -tt, -ttt or -r; with both -r follows in parentheses. */
const TIME = /^ *((?:\d\d?:\d\d:\d\d|\d+)(?:\.\d+)?) +(?:\(\+ *\d+(?:\.\d+)?\) +)?/;
/** --secontext, -n and -i. */
const CONTEXT = /^\[[\w.:,-]+\] +/;
const NUMBERS = /^(?:\[(?: *\d+|0x[\da-f]+|[\da-f]{8,16}|\?+)\] +)+/;
const OPEN_END = / *<(?:unfinished|detached|pid changed to \d+) \.\.\.>$/;
const RESUMED = /^<\.\.\. ([a-z_0-9?]+) resumed> ?/;
const EXITED = /^\+\+\+ exited with (\d+) \+\+\+$/;
const KILLED = /^\+\+\+ killed by (SIG[\w+]+)(?: \(core dumped\))? \+\+\+$/;
const SUPERSEDED = /^\+\+\+ superseded by execve in pid (\d+)(?:<[^>]*>)? \+\+\+$/;
const MODE = /^\[ Process PID=\d+ runs in (.+) mode\. \]$/;
const CALL = /^([a-z_][a-z_0-9]*|\?+)\(/;
const DURATION = / +<(?:\d+(?:\.\d+)?|unavailable)>$/;
const RESULT = /^(-?\d+|0x[0-9a-f]+|\?)(?![\w.])(.*)$/;
/** A pid of another namespace, with strace's own number for it (--decode-pids=pidns). */
const TRANSLATED = /^(?:<[^>]*>)? *\/\* (\d+) in strace's PID NS \*\//;
const INJECTED = / \(INJECTED(?:: [^)]*)?\)/;
const CHILD_ENDED = /\bsi_code=(?:CLD_(?:EXITED|KILLED|DUMPED)|0x[123]\b)/;

/** What stands at the start of a line, and the rest. */
export function headOf(text: string): StraceHead {
  const pid = PID.exec(text);
  let rest = pid === null ? text : text.slice(pid[0].length);
  rest = rest.replace(CONTEXT, '');
  const time = TIME.exec(rest);
  if (time !== null) rest = rest.slice(time[0].length);
  return { pid: Number(pid?.[1] ?? pid?.[2] ?? 0), time: time?.[1] ?? '', rest: rest.replace(NUMBERS, '') };
}

export function lineOf(rest: string): StraceLine {
  const resumed = RESUMED.exec(rest);
  if (resumed !== null) return { kind: 'resumed', name: resumed[1], text: rest.slice(resumed[0].length) };
  if (rest.startsWith('--- ') && rest.endsWith(' ---')) return signalOf(rest);
  const exited = EXITED.exec(rest);
  if (exited !== null) return { kind: 'ended', end: { code: Number(exited[1]) } };
  const killed = KILLED.exec(rest);
  if (killed !== null) return { kind: 'ended', end: { code: 0, signal: killed[1] } };
  const superseded = SUPERSEDED.exec(rest);
  if (superseded !== null) return { kind: 'superseded', by: Number(superseded[1]) };
  const mode = MODE.exec(rest);
  if (mode !== null) return mode[1] === '64 bit' ? { kind: 'signal' } : { kind: 'mode', mode: mode[1] };
  const call = CALL.exec(rest);
  if (call === null) return { kind: 'unknown' };
  const open = openTextOf(rest);
  if (open !== null) return { kind: 'unfinished', name: call[1], text: open };
  return callOf(call[1], rest) ?? { kind: 'unknown' };
}

/** The text of a call that has not returned, without its mark; null if it has. */
export const openTextOf = (text: string): string | null => (OPEN_END.test(text) ? text.replace(OPEN_END, '') : null);

function signalOf(text: string): StraceLine {
  const ended = text.startsWith('--- SIGCHLD ') ? endedChildIn(text) : null;
  return ended === null ? { kind: 'signal' } : { kind: 'child ended', ...ended };
}

export interface EndedChild {
  readonly child: number;
  readonly end: End;
}

/** The child that a siginfo says has ended, and how; null if it does not say that. */
export function endedChildIn(siginfo: string): EndedChild | null {
  const pid = CHILD_ENDED.test(siginfo) ? /\bsi_pid=(\d+)(.*)/.exec(siginfo) : null;
  if (pid === null) return null;
  const child = Number(TRANSLATED.exec(pid[2])?.[1] ?? pid[1]);
  const status = /\bsi_status=(?:(\d+)|(SIG[\w+]+))/.exec(siginfo);
  return { child, end: { code: Number(status?.[1] ?? 0), signal: status?.[2] } };
}

/** Parses `name(args) = result <duration>`; null if the text is not a call. */
export function callOf(name: string, text: string): StraceCall | null {
  const args: string[] = [];
  const end = splitArguments(text, name.length + 1, args);
  if (end < 0) return null;
  const equals = /^ *= /.exec(text.slice(end));
  const result = equals === null ? null : RESULT.exec(text.slice(end + equals[0].length).replace(DURATION, ''));
  if (result === null) return null;
  const [, first, more] = result;
  const error = first === '-1' ? (/^ (E[A-Z0-9]+)\b/.exec(more)?.[1] ?? 'error') : null;
  const value = INJECTED.test(more) ? NaN : numberOf(TRANSLATED.exec(more)?.[1] ?? first);
  return { kind: 'call', name, args, value, error };
}

/**
 * Splits at the commas of the outermost level, starting after the opening parenthesis. Returns the position after the
 * closing one, -1 if there is none. Strings, brackets and what strace tells of a descriptor (`3</a,b>`) are kept whole;
 * comments are left out.
 */
function splitArguments(text: string, from: number, args: string[]): number {
  let depth = 0;
  let start = from;
  let before = '';
  for (let at = from; at < text.length; at++) {
    const c = text[at];
    if (c === '"') {
      for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++;
    } else if (c === '/' && text[at + 1] === '*') {
      const end = text.indexOf('*/', at + 2);
      if (end < 0) return -1;
      before += text.slice(start, at).trim();
      at = end + 1;
      start = end + 2;
    } else if (c === '<' && text[at + 1] === '<') {
      at++;
    } else if (c === '<' && /[\dD]/.test(text[at - 1])) {
      at = closingBracket(text, at);
      if (at < 0) return -1;
    } else if (c === '(' || c === '[' || c === '{') {
      depth++;
    } else if (c === ')' && depth === 0) {
      const last = before + text.slice(start, at).trim();
      if (last !== '' || args.length > 0) args.push(last);
      return at + 1;
    } else if (c === ')' || c === ']' || c === '}') {
      depth--;
    } else if (c === ',' && depth === 0) {
      args.push(before + text.slice(start, at).trim());
      before = '';
      start = at + 1;
    }
  }
  return -1;
}

/** The `>` of `</dev/null<char 1:3>>` or `<TCP:[a->b]>` that belongs to the `<` at a position; -1 if there is none. */
function closingBracket(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '<') depth++;
    else if (text[at] === '>' && text[at - 1] !== '-' && --depth === 0) return at;
  }
  return -1;
}

/** A string argument without its quotes and escapes; null for anything else. */
export function stringOf(text: string): string | null {
  const inner = /^"(.*)"(?:\.\.\.)?$/s.exec(text);
  return inner === null ? null : unescaped(inner[1]);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' };

function unescaped(text: string): string {
  return text.replaceAll(/\\(x[0-9a-f]{2}|[0-7]{1,3}|.)/g, (_, code: string) => {
    if (/^x../.test(code)) return String.fromCharCode(parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(parseInt(code, 8));
    return ESCAPES[code] ?? code;
  });
}

/** Descriptor and path in `3</path>`, `3`, `0x3` or `-1`; null for any other text. */
export function descriptorOf(text: string): { readonly fd: number; readonly path: string | null } | null {
  const match = /^(-?\d+|0x[0-9a-f]+)(?:<(.*?)(?:<(?:char|block) [\d:]+>)?>(?:\(deleted\))?)?$/.exec(text);
  if (match === null) return null;
  return { fd: fdOf(match[1]), path: match[2] === undefined ? null : unescaped(match[2]) };
}

const CLONE_BITS: Readonly<Record<string, number>> = { CLONE_VM: 0x100, CLONE_VFORK: 0x4000, CLONE_THREAD: 0x10000 };

/**
 * What a call creates, from its arguments as written, however few of them there are yet. Null if they do not show its
 * flags (`-e raw=clone3` prints a pointer).
 */
export function forkKindOf(name: string, args: string): ForkKind | null {
  if (name === 'fork' || name === 'vfork') return name;
  const raw = name === 'clone' ? /^(?:0x[0-9a-f]+|\d+)(?=,|\)|$)/.exec(args)?.[0] : undefined;
  const flags = /\bflags=([^,})]+)/.exec(args)?.[1] ?? raw;
  if (flags === undefined) return null;
  let bits = 0;
  for (const [word] of flags.matchAll(/\b(?:CLONE_\w+|0x[0-9a-f]+|\d+)\b/g))
    bits |= CLONE_BITS[word] ?? (Number(word) || 0);
  if (bits & CLONE_BITS.CLONE_THREAD) return 'thread';
  if (!(bits & CLONE_BITS.CLONE_VM)) return 'fork';
  return bits & CLONE_BITS.CLONE_VFORK ? 'vfork' : 'clone_vm';
}

const WAIT_EXITED = /WIFEXITED\(s\) && WEXITSTATUS\(s\) == (\d+)/;
const WAIT_SIGNALED = /WIFSIGNALED\(s\) && WTERMSIG\(s\) == (SIG[\w+]+|\d+)/;
/** Options of wait4 that let it return for a child that lives: WUNTRACED, WCONTINUED. */
const WAIT_LIVING = 0x2 | 0x8;

/** How the child that wait4 has returned ended; null if it may still live. */
export function waitEndOf(status: string, options: string): End | null {
  const exited = WAIT_EXITED.exec(status);
  if (exited !== null) return { code: Number(exited[1]) };
  const signaled = WAIT_SIGNALED.exec(status);
  if (signaled !== null) return { code: 0, signal: signaled[1] };
  const living = /WUNTRACED|WSTOPPED|WCONTINUED/.test(options) || (numberOf(options) & WAIT_LIVING) !== 0;
  return status.startsWith('[{') || living ? null : { code: 0 };
}

/** When the call in a line took effect, and what the line says about an exec: to place page faults between lines. */
export interface StraceSpan {
  readonly pid: number;
  /** as written */
  readonly time: string;
  /** seconds that the call took, if the line tells */
  readonly duration: number;
  readonly exec: 'begins' | 'ends' | 'whole' | 'none';
}

/** Returns null for a line that is not understood. */
export function spanOf(text: string): StraceSpan | null {
  const { pid, time, rest } = headOf(text);
  const line = lineOf(rest);
  if (line.kind === 'unknown') return null;
  const isExec = 'name' in line && line.name.startsWith('execve');
  const exec = !isExec ? 'none' : line.kind === 'call' ? 'whole' : line.kind === 'resumed' ? 'ends' : 'begins';
  const duration = line.kind === 'call' ? Number(/ <(\d+(?:\.\d+)?)>$/.exec(rest)?.[1] ?? 0) : 0;
  return { pid, time, duration, exec };
}

/** An argument without the name that -N puts before it. */
export const withoutName = (arg: string): string => arg.replace(/^[a-z_]\w*=/, '');

/** `["sh", "-c", …]` as words. */
export function commandOf(argv = ''): string {
  const words = argv.replace(/^\[|\]$/g, '').match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  return words.map((word) => stringOf(word)).join(' ');
}
