/**
 * Reservations: aligned runs of 512 frames, and which of them are fully populated, as promotion wants to know.
 *
 * Runs are taken from the top of RAM downwards, single pages from the bottom upwards.
 * FreeBSD: sys/vm/vm_reserv.c.
 */
import type { Machine } from '../hunks.ts';
import { RUN_PAGES } from '../state/page.ts';
import type { Frame } from '../units.ts';

/** Is the 2M frame of this page a fully populated reservation? FreeBSD: vm_reserv_level_iffullpop(m) == 0 */
export const reservIsFull = (m: Machine, frame: Frame): boolean => m.page.runFull[frame >>> 9] !== 0;

/** Says whether the 2M frame of this page is a fully populated reservation; its first page's psind follows. */
export function reservSetFull(m: Machine, frame: Frame, full: boolean): void {
  const { page } = m;
  page.runFull[frame >>> 9] = full ? 1 : 0;
  page.psind[frame - (frame % RUN_PAGES)] = full ? 1 : 0;
}

/** Takes a free, 2M-aligned run of 512 frames, none of them allocated. Returns its first frame, 0 when there is none. */
export function reservTakeRun(m: Machine): Frame {
  const { page } = m;
  if (page.limit >= 0) return 0;
  const frame = page.freeRun;
  if (frame !== 0) {
    page.freeRun = page.listNext[frame]!;
    page.listNext[frame] = 0;
    return frame;
  }
  if (page.runLow - RUN_PAGES < page.next) return 0;
  page.runLow -= RUN_PAGES;
  return page.runLow;
}

/** Gives back a run of which no frame is allocated. */
export function reservFreeRun(m: Machine, first: Frame): void {
  const { page } = m;
  page.runFull[first >>> 9] = 0;
  page.psind[first] = 0;
  page.listNext[first] = page.freeRun;
  page.freeRun = first;
}
