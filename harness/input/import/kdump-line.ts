/** Parses lines of kdump, with any of -H, -T, -E and -R, in old and new formats. */
import { numberOf } from './values.ts';

export interface KdumpLine {
  readonly pid: number;
  /** The thread with -H, otherwise 0. */
  readonly tid: number;
  readonly command: string;
  /** '' without -T, -E, -R. */
  readonly time: string;
  readonly type: string;
  readonly text: string;
}

/** The first of these words after a pid, a command and a time is the type of the record. */
const HEADER =
  /^ *(\d+) (.*?) *(?:(-?\d+\.\d{6,9}) )?(?<=[ ])(CALL|RET|NAMI|GIO|PSIG|CSW|USER|STRU|SCTL|CAP|PFLT|PRET|ARGS|ENVS|PCTR|PDTR|XTND|FAIL|\?\?\?\?)(?: +(.*)|$)/s;
/** Thread numbers are higher than process numbers. */
const THREAD = /^ *(\d{6,}) (?=.*\S)/;
const DROPPED = /^(?: *\d+ .*)?Events dropped\.$/;

export const isDropped = (text: string): boolean => DROPPED.test(text);

const isPid = (n: number): boolean => n >= 1 && n < 2 ** 31;

/** Returns null if the line does not start like a record. */
export function kdumpLineOf(text: string): KdumpLine | null {
  const match = HEADER.exec(text);
  if (match === null) return null;
  const pid = Number(match[1]);
  const thread = THREAD.exec(match[2]);
  const command = thread === null ? match[2] : match[2].slice(thread[0].length);
  if (command.trim() === '' || !isPid(pid)) return null;
  return {
    pid,
    tid: thread === null ? 0 : Number(thread[1]),
    command: command.trim(),
    time: match[3] ?? '',
    type: match[4],
    text: match[5] ?? '',
  };
}

/** Parses `name(a,b<c,d>)` or `name` into the name and its arguments; null if the text is not a call. */
export function callOf(text: string): { readonly name: string; readonly args: readonly string[] } | null {
  const match = /^(\[?\w+\]?(?:#\d+)?)(?:\((.*)\))?$/.exec(text.trim());
  if (match === null) return null;
  const args: string[] = [];
  let depth = 0;
  let part = '';
  for (const c of match[2] ?? '') {
    if (c === '<' || c === '(' || c === '{') depth++;
    else if (c === '>' || c === ')' || c === '}') depth--;
    if (c === ',' && depth === 0) {
      args.push(part);
      part = '';
    } else part += c;
  }
  if (match[2] !== undefined) args.push(part);
  return { name: match[1], args };
}

export interface Return {
  readonly name: string;
  /** NaN for JUSTRETURN and RESTART. */
  readonly value: number;
  readonly errno: number;
  readonly restart: boolean;
}

/**
 * Parses `name value[/0xhex]`, `name -1 errno n text`, `name JUSTRETURN`, `name RESTART`; null if the text is not a
 * return.
 */
export function returnOf(text: string): Return | null {
  const match = /^(\S+) (?:(RESTART|JUSTRETURN)|-1 errno (-?\d+)(?: .*)?|(-?\d+)(?:\/(0x[0-9a-f]+))?(?:, .*)?)$/.exec(
    text.trim(),
  );
  if (match === null) return null;
  const [, name, word, errno, decimal, hexadecimal] = match;
  const value = word !== undefined ? NaN : errno !== undefined ? -1 : numberOf(hexadecimal ?? decimal);
  if (word === undefined && Number.isNaN(value)) return null;
  return { name, value, errno: Number(errno ?? 0), restart: word === 'RESTART' };
}

/**
 * Address and access of a fault; write takes precedence over execute, and execute over read. Null if the text is not a
 * fault.
 */
export function faultOf(text: string): { readonly addr: number; readonly access: 'r' | 'w' | 'x' } | null {
  const match = /^(0x[0-9a-f]+|0) (?:(0x[0-9a-f]+)(?:<.*>)?|<?([A-Z_|]+)>?)$/.exec(text.trim());
  if (match === null) return null;
  const names = match[3] ?? '';
  const bits = Number(match[2] ?? 0);
  const has = (bit: number, name: string): boolean => (bits & bit) !== 0 || names.split('|').includes(name);
  const addr = numberOf(match[1]);
  if (Number.isNaN(addr)) return null;
  if (has(2, 'VM_PROT_WRITE')) return { addr, access: 'w' };
  if (has(4, 'VM_PROT_EXECUTE')) return { addr, access: 'x' };
  return has(1, 'VM_PROT_READ') ? { addr, access: 'r' } : null;
}
