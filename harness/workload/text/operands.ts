/** Operands shared by several verbs: protections, places, spans, the words of mmap. */
import { PAGE_SIZE, VM_MAXUSER_ADDRESS_LA57, VM_PROT_ALL } from '../../../core/units.ts';
import { MMAP_WISHES, type MmapKind } from '../mmap.ts';
import type { Cursor } from './cursor.ts';
import type { AddressNode, OpNode } from './syntax.ts';

const MMAP_KINDS = ['anon', 'guard', 'stack', 'file', 'phys'] as const satisfies readonly MmapKind[];
/** Places that need no definition. */
export const PLACE_WORDS: readonly string[] = ['text', 'data', 'heap', 'stack', 'shared', 'top'];
/** Largest step that fits the operand that holds it. */
const MAX_STEP = 2 ** 31 - 1;

const PROTECTION = /^(?!.*(.).*\1)[rwx]+$/;
const ADDRESS = 'an address (0x and hexadecimal digits, or a name)';
const LENGTH = "a size, or '..' and an address";

/** Reads letters of rwx in any order, `-` or `none`; returns undefined if the next word is none of these. */
function protection(c: Cursor): number | undefined {
  if (c.isSymbol('-') || c.isWord('none')) {
    c.skip();
    return 0;
  }
  if (c.token.kind !== 'word' || !PROTECTION.test(c.token.text)) return undefined;
  let prot = 0;
  for (const letter of c.skip().text) prot |= 1 << 'rwx'.indexOf(letter);
  return prot;
}

export const needProtection = (c: Cursor): number => protection(c) ?? c.fail("a protection (letters of rwx, or '-')");

/** Reads a numeric address. A double must hold it exactly, unless it is beyond every machine anyway. */
function hexAddress(c: Cursor): number {
  const { text } = c.token;
  if (!/^0x[0-9a-fA-F]{1,16}$/.test(text)) c.fail(ADDRESS);
  const address = Number(text);
  const exact = Number.isSafeInteger(address) || BigInt(text) === BigInt(address);
  if (!exact && address < VM_MAXUSER_ADDRESS_LA57) c.fail('an address of 53 significant bits');
  c.skip();
  return address;
}

export function readAddress(c: Cursor): AddressNode {
  const { column } = c;
  const absolute = c.token.kind === 'word' && /^\d/.test(c.token.text);
  let offset = absolute ? hexAddress(c) : 0;
  const base = absolute ? '' : c.name(ADDRESS);
  // `-4p` and ` - 4p` belong to the place; ` -4p` after a blank is the next word, a negative size.
  while (
    (c.isSymbol('+') || c.isSymbol('-')) &&
    /^\d/.test(c.following.text) &&
    !(c.token.spaced && !c.following.spaced)
  ) {
    const sign = c.skip().text === '+' ? 1 : -1;
    offset += sign * c.size('a size');
  }
  return { base, offset, column };
}

/** `place size` or `place .. place`. */
export function span(c: Cursor, op: OpNode): void {
  op.address = readAddress(c);
  if (c.acceptSymbol('..')) op.end = readAddress(c);
  else op.len = c.size(LENGTH);
}

/**
 * Reads the accesses of read, write and run: one, or one per `step` bytes of a span (one per page if no step is given).
 */
export function accesses(c: Cursor, op: OpNode): void {
  op.address = readAddress(c);
  op.len = 1;
  op.arg = PAGE_SIZE;
  if (c.acceptSymbol('..')) {
    op.end = readAddress(c);
  } else if (!c.atEnd && !c.isWord('step') && !c.isSymbol('=>')) {
    const { column } = c;
    op.len = c.size(LENGTH);
    if (op.len === 0) c.fail('a size of at least 1 byte', { found: "'0'", column });
  }
  if (!c.acceptWord('step')) return;
  const { column } = c;
  op.arg = c.size('a step (a size)');
  if (!(op.arg >= 1 && op.arg <= MAX_STEP)) {
    c.fail(`a step from 1 to ${MAX_STEP} bytes`, { found: `${op.arg}`, column });
  }
}

/**
 * `anon|guard|stack|file F[+size]|phys size prot [max prot] [shared] [prefault] [nocore] [nosync] [fixed PLACE]`; a
 * guard needs no protection.
 */
export function mmapOperands(c: Cursor, op: OpNode): void {
  const kind = c.keyword(`a kind of memory (${MMAP_KINDS.join(', ')})`, MMAP_KINDS) as MmapKind;
  let file = '';
  let off = 0;
  if (kind === 'file') {
    file = c.name('the name of a file');
    if (c.acceptSymbol('+')) off = c.size('an offset in the file (a size)');
  }
  op.len = c.size('a size');
  const prot = kind === 'guard' ? (protection(c) ?? 0) : needProtection(c);
  const maxProt = c.acceptWord('max') ? needProtection(c) : VM_PROT_ALL;
  const shared = c.acceptWord('shared');
  const wishes = MMAP_WISHES.filter((word) => c.acceptWord(word));
  const fixed = c.acceptWord('fixed');
  if (fixed) op.address = readAddress(c);
  op.mmap = { kind, prot, maxProt, shared, wishes, fixed, file, off };
}
