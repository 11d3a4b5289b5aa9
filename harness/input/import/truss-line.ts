/**
 * Parses lines of truss with any of -f, -H (process and thread), -d, -D (times), -a and -e. A string may have line
 * breaks, so a call may be several lines. (FreeBSD: usr.bin/truss/setup.c print_line_prefix, report_exit;
 * usr.bin/truss/syscalls.c print_syscall, print_syscall_ret)
 */
import { argumentsOf } from './kdump-line.ts';
import { isSameNumber } from './values.ts';

export interface TrussHead {
  /** 1 without -f: only one process is traced then. */
  readonly pid: number;
  /** '' without -d and -D. */
  readonly time: string;
  /** '' with none of -f, -H, -d, -D. */
  readonly head: string;
  readonly rest: string;
}

export type TrussLine =
  | { readonly kind: 'call'; readonly call: string; readonly name: string; readonly result: TrussResult }
  /** a call whose result is two different numbers */
  | { readonly kind: 'disagreeing'; readonly name: string }
  /** a call whose end is not in the line */
  | { readonly kind: 'begun'; readonly name: string }
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: number }
  | { readonly kind: 'signal'; readonly number: number; readonly name: string }
  | { readonly kind: 'process' }
  | { readonly kind: 'thread' }
  | { readonly kind: 'unknown call' }
  | { readonly kind: 'unknown' };

export interface TrussResult {
  /** NaN for EJUSTRETURN and ERESTART. */
  readonly value: number;
  readonly errno: number;
  readonly restart: boolean;
}

/** Thread numbers are higher than process numbers. (FreeBSD: sys/sys/proc.h PID_MAX) */
const LEAST_THREAD = 100_000;
const HEAD = /^ *(?:([1-9]\d*)(?: +\d+)?: )?(?:(\d+\.\d{9}) )?(?:\d+\.\d{9} )?/;
const CALL = /^(#\d+|[a-z_][\w.]*)\(/i;
const END = /\)\t* (?:= (-?\d+) \((0x[0-9a-f]+)\)|ERR#(-?\d+) '[^\n']*'|(ERESTART)|(EJUSTRETURN))$/;
/** The process ends in it, so it has no result. */
const EXIT = /^_?exit\([^)\n]*\)\t*$/;
const EXITED = /^process exit, rval = (\d+)$/;
const KILLED = /^process killed, signal = (\d+)(?: \(core dumped\))?$/;
const SIGNAL = /^SIGNAL (\d+) \((\w+|\?)\)/;
const THREAD = /^<(?:new thread \d+|thread \d+ exited)>$/;
const UNKNOWN_CALL = /^-- UNKNOWN \w+ SYSCALL \d+ --$/;

export function trussHeadOf(text: string): TrussHead {
  const head = HEAD.exec(text)!;
  const number = Number(head[1] ?? 1);
  const pid = number < LEAST_THREAD ? number : 1;
  return { pid, time: head[2] ?? '', head: head[0], rest: text.slice(head[0].length) };
}

/** Takes a line, or the lines of one call, without the head. */
export function trussLineOf(rest: string): TrussLine {
  const call = CALL.exec(rest);
  if (call !== null) return callOf(call[1], rest);
  if (rest === '<new process>') return { kind: 'process' };
  const exited = EXITED.exec(rest);
  if (exited !== null) return { kind: 'exited', code: Number(exited[1]) };
  const killed = KILLED.exec(rest);
  if (killed !== null) return { kind: 'killed', signal: Number(killed[1]) };
  const signal = SIGNAL.exec(rest);
  if (signal !== null) return { kind: 'signal', number: Number(signal[1]), name: signal[2] };
  if (THREAD.test(rest)) return { kind: 'thread' };
  return UNKNOWN_CALL.test(rest) ? { kind: 'unknown call' } : { kind: 'unknown' };
}

function callOf(name: string, text: string): TrussLine {
  const end = END.exec(text);
  if (end === null) {
    if (!EXIT.test(text)) return { kind: 'begun', name };
    return { kind: 'call', name, call: text.trimEnd(), result: { value: NaN, errno: 0, restart: false } };
  }
  const [, value, hexadecimal, errno, restart] = end;
  if (value !== undefined && !isSameNumber(value, hexadecimal)) return { kind: 'disagreeing', name };
  const result = {
    value: value === undefined ? NaN : Number(value),
    errno: Number(errno ?? 0),
    restart: restart !== undefined,
  };
  return { kind: 'call', name, call: text.slice(0, end.index + 1), result };
}

/** Where calls have the name of a file, which is printed as it is: with quotes, commas and line breaks. */
const PATHS: Readonly<Record<string, RegExp>> = {
  execve: /^execve\("(.*?)",(?:0x|\[|<)/s,
  open: /^open\("(.*)",[^"]*$/s,
  openat: /^openat\([^",]*,"(.*)",[^"]*$/s,
  shm_open: /^shm_open\("(.*)",[^"]*$/s,
  shm_open2: /^shm_open2\("(.*)",[^"]*(?:,"[^"]*")?\)$/s,
};

/** Arguments of a call, and the file that it names, if it is one that names one. */
export function trussArguments(
  name: string,
  call: string,
): { readonly args: string[]; readonly path: string | undefined } {
  const path = Object.hasOwn(PATHS, name) ? PATHS[name].exec(call)?.[1] : undefined;
  return { args: argumentsOf(call.slice(name.length + 1, -1)), path };
}
