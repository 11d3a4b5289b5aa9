/**
 * Physical memory: RAM below 4 GiB as one Int32Array (frame f starts at word f << 10, two words per entry), and a sparse
 * store for everything above, within RAM or beyond it, guarded by one bounds test.
 *
 * The array is reserved at once, and the host commits each page when it is first written: an unused gigabyte costs
 * nothing. It ends at 4 GiB because the words above have no Int32 number, and because no host could make it longer.
 */
import type { Hardware } from '../state/machine.ts';
import { type Frame, WORDS_PER_PAGE, wordOf } from '../units.ts';

/** One 32-bit word of physical memory. `index` counts words within the frame. */
export function physRead(m: Hardware, frame: Frame, index: number): number {
  if (frame < m.lowFrames) return m.words[frame * WORDS_PER_PAGE + index];
  const page = m.physBeyond.get(frame);
  return page === undefined ? 0 : page[index];
}

/** Stores one 32-bit word of physical memory. Frames of the sparse store are created on first write. */
export function physWrite(m: Hardware, frame: Frame, index: number, word: number): void {
  if (frame < m.lowFrames) {
    m.words[frame * WORDS_PER_PAGE + index] = word;
    return;
  }
  beyondPage(m, frame)[index] = word;
}

function beyondPage(m: Hardware, frame: Frame): Int32Array {
  let page = m.physBeyond.get(frame);
  if (page === undefined) {
    page = new Int32Array(WORDS_PER_PAGE);
    m.physBeyond.set(frame, page);
  }
  return page;
}

/** Zeroes a frame of RAM. */
export function physZero(m: Hardware, frame: Frame): void {
  if (frame < m.lowFrames) m.words.fill(0, wordOf(frame), wordOf(frame) + WORDS_PER_PAGE);
  else m.physBeyond.delete(frame);
}

/** Copies a frame of RAM. */
export function physCopy(m: Hardware, src: Frame, dst: Frame): void {
  const { words, physBeyond, lowFrames } = m;
  if (src < lowFrames && dst < lowFrames) {
    words.copyWithin(wordOf(dst), wordOf(src), wordOf(src) + WORDS_PER_PAGE);
    return;
  }
  const from = src < lowFrames ? words.subarray(wordOf(src), wordOf(src) + WORDS_PER_PAGE) : physBeyond.get(src);
  if (from === undefined) physZero(m, dst);
  else if (dst < lowFrames) words.set(from, wordOf(dst));
  else beyondPage(m, dst).set(from);
}
