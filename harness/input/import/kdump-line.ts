/**
 * Parses lines of kdump with any of its options, in old and new formats: -H (threads), -T -E -R (times), -A (ABI), -S
 * (call numbers), -n and -d (numbers as they are). (FreeBSD: usr.bin/kdump/kdump.c dumpheader, ktrsyscall, ktrsysret)
 */
import { isSameNumber, numberOf } from './values.ts';

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
  /^ *(\d+) (.*?) *((?:-?\d+\.\d{6,9} )*)(?<=[ ])(CALL|RET|NAMI|GIO|PSIG|CSW|USER|STRU|SCTL|CAP|PFLT|PRET|ARGS|ENVS|PCTR|PDTR|XTND|FAIL|UNKNOWN\(\d+\)|\?\?\?\?)(?: +(?:[LFU](?:64|32|00)  )?(.*)|$)/s;
/** Thread numbers are higher than process numbers; 0 is one that is not known. */
const THREAD = /^ *(\d{6,}|0) (?=.*\S)/;
const DROPPED = /^(?: *\d+ .*)?Events dropped\.$/;

export const isDropped = (text: string): boolean => DROPPED.test(text);

/** Does the record go on in the next line? Elements of arrays have lines of their own, and names may have line breaks. */
export function goesOn({ type, text }: KdumpLine): boolean {
  if (type === 'STRU') return text.split('{').length > text.split('}').length;
  return (type === 'NAMI' || type === 'SCTL') && !/^".*"$/s.test(text);
}

/** Is this a line of data? They begin with a tab, or with blanks. (FreeBSD: usr.bin/kdump/kdump.c visdump, hexdump) */
export const isData = (text: string): boolean => /^(?:\t| {7})/.test(text);

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
    time: match[3].replace(/ .*/, ''),
    type: match[4],
    text: match[5] ?? '',
  };
}

/**
 * Parses `name(a,b<c,d>)` or `name`, with or without the number of the call (`name[1]`), into the name and its
 * arguments; null if the text is not a call.
 */
export function callOf(text: string): { readonly name: string; readonly args: readonly string[] } | null {
  const match = /^(\[\d+\]|[\w.]+(?:#\d+)?)(?:\[\d+\])?(?:\((.*)\))?$/.exec(text.trim());
  if (match === null) return null;
  return { name: match[1], args: match[2] === undefined ? [] : argumentsOf(match[2]) };
}

/** Splits at the commas of the outermost level. */
export function argumentsOf(text: string): string[] {
  const args: string[] = [];
  let depth = 0;
  let part = '';
  for (const c of text) {
    if (c === '<' || c === '(' || c === '{') depth++;
    else if (c === '>' || c === ')' || c === '}') depth--;
    if (c === ',' && depth === 0) {
      args.push(part);
      part = '';
    } else part += c;
  }
  return [...args, part];
}

export interface Return {
  readonly name: string;
  /** NaN for JUSTRETURN and RESTART. */
  readonly value: number;
  readonly errno: number;
  readonly restart: boolean;
}

/**
 * Parses `name value[/0xhex]`, `name 0xhex`, `name -1 errno n text`, `name JUSTRETURN`, `name RESTART`; null if the text is not a
 * return, or if the value is two different numbers.
 */
export function returnOf(text: string): Return | null {
  const match =
    /^(\[\d+\]|[\w.#]+)(?:\[\d+\])? (?:(RESTART|JUSTRETURN)|-1 errno (-?\d+)(?: .*)?|(-?\d+|0x[0-9a-f]+)(?:\/(0x[0-9a-f]+))?(?:, .*)?)$/.exec(
      text.trim(),
    );
  if (match === null) return null;
  const [, name, word, errno, plain, hexadecimal] = match;
  const value = word !== undefined ? NaN : errno !== undefined ? -1 : numberOf(hexadecimal ?? plain);
  if (word === undefined && Number.isNaN(value)) return null;
  if (hexadecimal !== undefined && !isSameNumber(plain, hexadecimal)) return null;
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
