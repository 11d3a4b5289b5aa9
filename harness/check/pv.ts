/**
 * pv entries and their chunks, compared with the leaves. A chunk is a page: pmap number in word 0, neighbours among the
 * pmap's chunks in words 2 and 4, six words of free bits from word 6, neighbours in the list of all chunks in words 12
 * and 14; then 168 entries of six words: address (two words), next, previous. FreeBSD: sys/amd64/include/pmap.h struct
 * pv_chunk.
 */
import { ALLOC_FAILURES, PV_ENTRY_COUNT, PV_PAGE_COUNT } from '../../core/counters.ts';
import { type Machine, usedFrames } from '../../core/inspect.ts';
import { MANAGED, leafFrame } from './bits.ts';
import { type State, hex } from './state.ts';

const ENTRIES = 168;
const MAP = 6;
const FIRST = 16;
const ENTRY_WORDS = 6;

/** Longer lists are not searched for duplicate addresses. */
const MOST_PAIRS = 64;
/** No list on a machine of this kind is longer. */
const MOST_ENTRIES = 2 ** 20;

export function checkPv(state: State): void {
  const { m, survey, report } = state;
  const used = checkChunks(state);
  const { page } = m;
  let listed = 0;
  for (const [from, to] of usedFrames(m))
    for (let frame = from; frame < to; frame++) {
      const leaves = survey.mapped4k(frame);
      if (page.pvHead[frame] !== 0 || leaves !== 0)
        listed += checkList(state, frame, page.pvHead[frame], page.pvTail[frame], 1, leaves);
    }
  for (let run = 0; run < m.frames / 512; run++) {
    const leaves = survey.mapped2m(run * 512);
    if (page.pvHead2m[run] !== 0 || leaves !== 0)
      listed += checkList(state, run * 512, page.pvHead2m[run], page.pvTail2m[run], 2, leaves);
  }
  report.same('pv-chunks', null, listed, used, 'entries in use ');
  report.same('pv-entry-count', null, used, m.counters[PV_ENTRY_COUNT]);
}

const isUsed = (m: Machine, pv: number): boolean => {
  const chunk = pv & ~1023;
  const slot = (pv - chunk - FIRST) / ENTRY_WORDS;
  return slot >= 0 && slot === (slot | 0) && (m.words[chunk + MAP + (slot >>> 5)] & (1 << (slot & 31))) === 0;
};

/**
 * Checks the list of one page or one 2M frame; returns its length. leaves: the number of managed leaves it should
 * represent.
 */
function checkList(state: State, frame: number, head: number, tail: number, level: number, leaves: number): number {
  const { m, report, found } = state;
  const { words } = m;
  const what = level === 1 ? 'page' : '2M page';
  let last = 0;
  let count = 0;
  for (let pv = head; pv !== 0 && count < MOST_ENTRIES; last = pv, pv = words[pv + 2], count++) {
    const pmap = m.pmaps[words[pv & ~1023]] ?? null;
    const va = (words[pv + 1] >>> 0) * 2 ** 32 + (words[pv] >>> 0);
    if (words[pv + 4] !== last || !isUsed(m, pv) || pmap === null || pmap.top === 0) {
      report.broken('pv-lists', null, `${what} ${frame}: entries in use, linked both ways`, `entry ${pv}`);
      break;
    }
    found.find(m, pmap.top, va);
    const isThere =
      found.isLeaf &&
      found.level === level &&
      (found.lo & MANAGED) !== 0 &&
      leafFrame(found.lo, found.hi, level) === frame;
    const isTwice = count > 0 && count < MOST_PAIRS && isBefore(words, head, pv);
    if (!isThere || isTwice)
      report.broken(
        'pv-entries',
        state.who(pmap),
        `${what} ${frame}: one managed leaf at ${hex(va)}`,
        isTwice ? 'two entries for it' : 'another leaf, or none',
      );
  }
  if (last !== tail) report.broken('pv-lists', null, `${what} ${frame}: last entry ${last}`, tail);
  if (leaves !== count) report.same('pv-entries', null, leaves, count, `${what} ${frame}: entries `);
  return count;
}

/** Does the list hold an entry for the same address and pmap before this one? */
function isBefore(words: Int32Array, head: number, pv: number): boolean {
  for (let at = head; at !== pv; at = words[at + 2])
    if (words[at] === words[pv] && words[at + 1] === words[pv + 1] && words[at & ~1023] === words[pv & ~1023])
      return true;
  return false;
}

/** Checks all chunks, by pmap and by age; returns the number of entries in use. */
function checkChunks({ m, survey, report, who }: State): number {
  const { words } = m;
  const listed = new Set<number>();
  let last = 0;
  for (let chunk = m.pvChunkLruHead; chunk !== 0 && !listed.has(chunk); chunk = words[chunk * 1024 + 12]) {
    if (words[chunk * 1024 + 14] !== last)
      report.broken('pv-lists', null, `chunk ${chunk}: behind ${last}`, words[chunk * 1024 + 14]);
    listed.add(chunk);
    last = chunk;
  }
  report.same('pv-lists', null, last, m.pvChunkLruTail, 'last chunk ');
  let used = 0;
  let chunks = 0;
  for (const { pmap } of survey.spaces) {
    last = 0;
    for (let chunk = pmap.pvChunkHead; chunk !== 0 && chunks <= listed.size; chunk = words[chunk * 1024 + 2]) {
      const base = chunk * 1024;
      let free = 0;
      for (let i = 0; i < 6; i++) for (let rest = words[base + MAP + i]; rest !== 0; rest &= rest - 1) free++;
      if (words[base] !== pmap.id || words[base + 4] !== last)
        report.broken(
          'pv-lists',
          who(pmap),
          `chunk ${chunk}: of pmap ${pmap.id}, behind ${last}`,
          `${words[base]}, ${words[base + 4]}`,
        );
      if (!listed.has(chunk)) report.broken('pv-chunks', who(pmap), `chunk ${chunk}: in pv_chunks`, 'not there');
      if (free === ENTRIES) report.broken('pv-chunks', who(pmap), `chunk ${chunk}: entries in use`, 'none');
      used += ENTRIES - free;
      chunks++;
      last = chunk;
    }
    report.same('pv-lists', who(pmap), last, pmap.pvChunkTail, 'last chunk ');
  }
  report.same('pv-chunks', null, listed.size, chunks, 'chunks ');
  const pages = m.counters[PV_PAGE_COUNT];
  // A chunk reclaimed from a page-table page when there was no other page was never counted, but its freeing is.
  if (m.counters[ALLOC_FAILURES] === 0) report.same('pv-page-count', null, chunks, pages);
  else if (pages > chunks) report.broken('pv-page-count', null, `at most ${chunks}`, pages);
  return used;
}
