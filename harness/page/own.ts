/**
 * A variant that is not built in, as it goes into a page: bundled with the engine that it runs on, patched or not, into
 * one text. Loading it adds it to the worker's list.
 */
import type { Machine } from '../../core/index.ts';
import { experiments, series } from '../../variants/index.ts';
import { type Entries, EntryCounts } from '../run/entries.ts';
import { type CoreNames, exportedVariant, introduce } from '../run/load.ts';
import { type RunEnd, type RunOptions, type RunPart, emptyPart } from '../run/record.ts';
import { Session } from '../run/session.ts';
import { checkedMembers } from '../sandbox/members.ts';
import type { Piece, WorkloadHead } from '../workload/pieces.ts';

/** A run of it, piece by piece: end is null while it goes on. */
export interface OwnRun {
  readonly end: RunEnd | null;
  readonly take: (piece: Piece) => RunPart;
}

export interface OwnVariant {
  /** what its core's numbers stand for */
  readonly names: CoreNames;
  readonly begin: (head: WorkloadHead, options: RunOptions) => OwnRun;
}

/** Where the variants of a page are, in the order of their ids in its data. */
export interface OwnScope {
  pmapdiffOwn?: OwnVariant[];
}

/** exported: what the variant's file exports. counted: absent if no patch changes anything. */
export function serve(exported: Readonly<Record<string, unknown>>, counted: Entries | null = null): void {
  const entries = counted === null ? null : new EntryCounts(counted);
  entries?.boot();
  const found = exportedVariant(exported, 'variant');
  const variant = { ...found, hunks: checkedMembers(found.hunks) };
  let machine: Machine | null = null;
  const begin = (head: WorkloadHead, options: RunOptions): OwnRun => {
    let session: Session | null = null;
    let end: RunEnd | null = null;
    return {
      get end() {
        return end;
      },
      take(piece) {
        if (end !== null) return emptyPart();
        if (session === null) {
          entries?.clear();
          session = new Session(machine, { head, variant, options, watch: { counters: Float64Array } }, piece);
          entries?.boot();
        }
        const part = session.take(piece);
        if (!session.isOver) return part;
        ({ machine } = session);
        end = entries === null ? session.end() : { ...session.end(), entered: entries.entered };
        return part;
      },
    };
  };
  const scope = globalThis as OwnScope;
  (scope.pmapdiffOwn ??= []).push({ names: introduce(found, [...series, ...experiments]).names, begin });
}
