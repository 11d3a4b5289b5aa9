/** What is known of a process at one point of a recording. No behaviour. */
import type { Image } from './open-images.ts';
import type { RangeSet } from './ranges.ts';

interface Space {
  readonly mapped: RangeSet;
  brk: number;
}

export interface Process {
  readonly pid: number;
  image: Image | null;
  /** Shared between a vfork child and its parent. */
  space: Space;
  touched: boolean;
  /** vfork children for which it no longer sleeps; that is seen at its next event */
  vforked: number[];
  /** its exec is in the recording already, before the line that says so */
  execDue: boolean;
  /** its exit is */
  ended: boolean;
  /** a line has been about it */
  heard: boolean;
}

export const newProcess = (pid: number, image: Image | null, space: Space): Process => ({
  pid,
  image,
  space,
  touched: false,
  vforked: [],
  execDue: false,
  ended: false,
  heard: false,
});
