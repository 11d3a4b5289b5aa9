/**
 * Calls into the pmap layer in words: `remove pmap 3 0x200000..0x201000 early`.
 */
import { EVENT_KINDS, EVENT_WORDS, type EventKind } from '../../core/index.ts';
import type { RecordedEvents } from './record.ts';

const hex = (n: number): string => `0x${n.toString(16)}`;
const PROT = ['r', 'w', 'x'] as const;
const protText = (prot: number): string => PROT.map((letter, bit) => (prot & (1 << bit) ? letter : '-')).join('');
const range = (start: number, end: number): string => `${hex(start)}..${hex(end)}`;

type Words = readonly number[];

/** Text of the operands by kind; subject is the pmap, and unused by calls about a page. */
const OPERANDS: Readonly<Record<EventKind, (words: Words, subject: number) => string>> = {
  pinit: (_w, pmap) => `pmap ${pmap}`,
  release: (_w, pmap) => `pmap ${pmap}`,
  activate: ([cpu], pmap) => `pmap ${pmap} on cpu ${cpu}`,
  remove_pages: (_w, pmap) => `pmap ${pmap}`,
  remove: ([sva, eva, early], pmap) => `pmap ${pmap} ${range(sva, eva)}${early ? ' early' : ''}`,
  protect: ([sva, eva, prot], pmap) => `pmap ${pmap} ${range(sva, eva)} ${protText(prot)}`,
  copy: ([source, sva, eva], pmap) => `pmap ${source} to pmap ${pmap} ${range(sva, eva)}`,
  unwire: ([sva, eva], pmap) => `pmap ${pmap} ${range(sva, eva)}`,
  advise: ([sva, eva, advice], pmap) => `pmap ${pmap} ${range(sva, eva)} advice ${advice}`,
  enter: ([va, prot, flags], pmap) => `pmap ${pmap} ${hex(va)} ${protText(prot)} flags ${hex(flags)}`,
  enter_quick: ([va, prot], pmap) => `pmap ${pmap} ${hex(va)} ${protText(prot)}`,
  enter_object: ([sva, eva, prot], pmap) => `pmap ${pmap} ${range(sva, eva)} ${protText(prot)}`,
  copy_page: ([from, page, to, at]) => `object ${from} page ${page} to object ${to} page ${at}`,
  remove_all: ([object, page]) => `object ${object} page ${page}`,
  remove_write: ([object, page]) => `object ${object} page ${page}`,
  clear_modify: ([object, page]) => `object ${object} page ${page}`,
};

const isKnown = (name: string): name is EventKind => Object.hasOwn(OPERANDS, name);

/** Event number `index` of a stream, in words; of a kind that only a patched core knows, as numbers. */
export function eventText({ words, kinds = EVENT_KINDS }: RecordedEvents, index: number): string {
  const [kind, subject, ...operands] = words.subarray(index * EVENT_WORDS, (index + 1) * EVENT_WORDS);
  const name = kinds[kind];
  if (!isKnown(name)) return `${name} ${[subject, ...operands].join(' ')}`;
  return `${name} ${OPERANDS[name](operands, subject)}`;
}
