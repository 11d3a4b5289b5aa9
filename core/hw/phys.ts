/**
 * Physical memory: RAM as one Int32Array (frame f starts at word f << 10, two words per entry), and a sparse store for
 * physical addresses beyond RAM, guarded by one bounds test.
 *
 * RAM is reserved at once, and the host commits each page when it is first written: an unused gigabyte costs nothing.
 */
import type { Hardware } from '../state/machine.ts';
import { type Frame, WORDS_PER_PAGE } from '../units.ts';

/** One 32-bit word of physical memory. `index` counts words within the frame. */
export function physRead(m: Hardware, frame: Frame, index: number): number {
  if (frame < m.frames) return m.words[frame * WORDS_PER_PAGE + index];
  const page = m.physBeyond.get(frame);
  return page === undefined ? 0 : page[index];
}

/** Stores one 32-bit word of physical memory. Frames beyond RAM are created on first write. */
export function physWrite(m: Hardware, frame: Frame, index: number, word: number): void {
  if (frame < m.frames) {
    m.words[frame * WORDS_PER_PAGE + index] = word;
    return;
  }
  let page = m.physBeyond.get(frame);
  if (page === undefined) {
    page = new Int32Array(WORDS_PER_PAGE);
    m.physBeyond.set(frame, page);
  }
  page[index] = word;
}

/** Zeroes a frame of RAM. */
export function physZero(m: Hardware, frame: Frame): void {
  const at = frame * WORDS_PER_PAGE;
  m.words.fill(0, at, at + WORDS_PER_PAGE);
}
