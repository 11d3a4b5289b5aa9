/** Input of every check: the machine, its variant's declared accounting, the survey of its tables, and names. */
import type { Machine, Pmap, Proc, Vmspace } from '../../core/inspect.ts';
import type { Translation } from './bits.ts';
import type { Survey } from './survey.ts';
import type { Violations } from './violations.ts';

/** The only fact that a variant may declare. */
export interface Accounting {
  readonly topPagesInResidentCount: boolean;
}

export interface Moment {
  /** Number of the op that just ran, its verb, and its outcome: 0, an errno, or 128 + a signal. */
  readonly op: number;
  readonly verb: string;
  readonly code: number;
  /** The process that ran it; null if none did. */
  readonly acting: Proc | null;
}

export interface State {
  readonly m: Machine;
  readonly accounting: Accounting;
  readonly survey: Survey;
  readonly report: Violations;
  /** Scratch: result of the last lookup in a pmap's tables. Each check looks up before it reads. */
  readonly found: Translation;
  readonly moment: Moment;
  /** The previous op was checked too, so the current state can be compared with that one. */
  readonly isNext: boolean;
  /** Pmaps and vmspaces freed since the last check. */
  readonly released: readonly Pmap[];
  readonly freed: readonly Vmspace[];
  /** Name of the first process that uses a pmap, or a name for the pmap's other owner. */
  readonly who: (pmap: Pmap) => string;
  readonly nameOf: (p: Proc) => string;
}

/** Number of top-level pages of a pmap. */
export const rootsOf = (pmap: Pmap): number => (pmap.top === 0 ? 0 : 1) + (pmap.topUser === 0 ? 0 : 1);

export const hex = (n: number): string => `0x${n.toString(16)}`;
/** The bits of one word of an entry, as text. */
export const bits = (word: number): string => hex(word >>> 0);
