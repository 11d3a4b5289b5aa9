/** What every check is given: the machine, what is declared of its variant, the survey of its tables, who is who. */
import type { Machine, Pmap, Proc, Vmspace } from '../../core/inspect.ts';
import type { Translation } from './bits.ts';
import type { Survey } from './survey.ts';
import type { Violations } from './violations.ts';

/** The one fact that a variant may declare. */
export interface Accounting {
  readonly topPagesInResidentCount: boolean;
}

export interface Moment {
  /** Number of the op that was just run, its verb, and how it ended: 0, an errno, 128 + a signal. */
  readonly op: number;
  readonly verb: string;
  readonly code: number;
  /** The process that ran it; null: none did. */
  readonly acting: Proc | null;
}

export interface State {
  readonly m: Machine;
  readonly accounting: Accounting;
  readonly survey: Survey;
  readonly report: Violations;
  /** Scratch: what the last look into a pmap's tables found. Each check looks before it reads. */
  readonly found: Translation;
  readonly moment: Moment;
  /** The op before was checked too: state can be held against that of then. */
  readonly isNext: boolean;
  /** Pmaps and vmspaces that are gone since the last check. */
  readonly released: readonly Pmap[];
  readonly freed: readonly Vmspace[];
  /** Name of the first process that uses a pmap, or what else it belongs to. */
  readonly who: (pmap: Pmap) => string;
  readonly nameOf: (p: Proc) => string;
}

/** Top-level pages of a pmap. */
export const rootsOf = (pmap: Pmap): number => (pmap.top === 0 ? 0 : 1) + (pmap.topUser === 0 ? 0 : 1);

export const hex = (n: number): string => `0x${n.toString(16)}`;
/** Bits of one word of an entry. */
export const bits = (word: number): string => hex(word >>> 0);
