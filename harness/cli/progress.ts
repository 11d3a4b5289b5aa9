/** What a command says while it works: to stderr, progress only to a terminal. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Column } from '../columns/column.ts';
import type { Host, Pace } from '../columns/lockstep.ts';
import type { TwoHost } from '../columns/two.ts';
import type { Warning } from '../compare/warnings.ts';
import { paceText, shareText } from '../report/notes.ts';
import { warningText } from '../report/warnings.ts';
import type { RunEnd } from '../run/record.ts';
import type { Workload } from '../workload/ops.ts';
import type { PiecedWorkload, WorkloadHead } from '../workload/pieces.ts';

/** Says what is being done, on one line of stderr that is overwritten, if stderr is a terminal. */
export class Progress {
  readonly #shown = process.stderr.isTTY === true;

  say(text: string): void {
    if (this.#shown) process.stderr.write(`\r\u001B[2K${text}`);
  }

  clear(): void {
    if (this.#shown) process.stderr.write('\r\u001B[2K');
  }

  /** A line that stays: a warning, or what a variant prints. */
  note(text: string): void {
    this.clear();
    process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** What was asked for and applied to nothing. */
  warn(warning: Warning): void {
    this.note(`pmapdiff: warning: ${warningText(warning)}`);
  }

  /** What a variant prints. */
  readonly onOutput = (text: string): void => this.note(text);

  /** Says which columns run, and lets an interrupt in before they do. */
  host(titleOf = ({ name }: WorkloadHead): string => name): Omit<Host, 'isInterrupted'> {
    return {
      now: () => performance.now(),
      running: async (columns, head, ops) => {
        this.say(`${titleOf(head)}${shareText(ops, head)}: ${columns}`);
        await turn();
      },
    };
  }

  hostOfTwo({ name }: Workload): TwoHost {
    return {
      onOutput: this.onOutput,
      running: (variant) => this.say(`${name}: ${variant}`),
      done: () => this.clear(),
    };
  }
}

const KIB_PER_MIB = 1024;

/** How fast a recording was decoded and run. reading: ms, null where it is not known. */
export const paceNote = (
  workload: PiecedWorkload,
  columns: readonly Column[],
  runs: readonly RunEnd[],
  pace: Omit<Pace, 'reading'> & { readonly reading: number | null },
): string => paceText(workload, columns, runs, pace, Math.round(process.resourceUsage().maxRSS / KIB_PER_MIB));
