/**
 * Columns of the built-in variants, which run in this process: their machines are a pool, and those whose runs are over
 * are used again.
 */
import type { Machine, Variant } from '../../core/index.ts';
import * as face from '../../variants/index.ts';
import { checkers } from '../check/checker.ts';
import { type Facts, factsOf } from '../run/facts.ts';
import { type RunEnd, type RunPart, emptyPart } from '../run/record.ts';
import { type MakeChecker, Session, type SessionSpec } from '../run/session.ts';
import type { Piece } from '../workload/pieces.ts';
import type { Column, ColumnRun } from './column.ts';

export const builtInVariants: readonly Variant[] = [...face.series, ...face.experiments];
export const builtInFacts: readonly Facts[] = factsOf(builtInVariants, face);

/** The variant is one of the built-in ones. */
export const factsOfBuiltIn = ({ id }: Variant): Facts => builtInFacts.find((facts) => facts.id === id)!;

/** Facts of the columns, and of every built-in variant that may lie between two of them. */
export function factsAround(columns: readonly Column[]): Facts[] {
  const own = columns.map(({ facts }) => facts);
  return [...own, ...builtInFacts.filter(({ id }) => !own.some((facts) => facts.id === id))];
}

export const builtInColumn = (variant: Variant): Column => ({
  facts: factsOfBuiltIn(variant),
  kind: 'built-in',
  begin: (head, options) => new BuiltInRun({ head, variant, options }),
  abort: () => {},
  close: () => {},
});

/** What a built-in variant runs on. */
interface Seat {
  readonly machine: Machine | null;
  readonly checker: MakeChecker;
}
const pool: Seat[] = [];

class BuiltInRun implements ColumnRun {
  readonly #spec: Omit<SessionSpec, 'watch'>;
  #session: Session | null = null;
  #checker: MakeChecker | null = null;
  end: RunEnd | null = null;

  constructor(spec: Omit<SessionSpec, 'watch'>) {
    this.#spec = spec;
  }

  async take(piece: Piece): Promise<RunPart> {
    if (this.end !== null) return emptyPart();
    const session = (this.#session ??= this.#begin(piece));
    const part = session.take(piece);
    if (!session.isOver) return part;
    this.end = session.end();
    this.#session = null;
    pool.push({ machine: session.machine, checker: this.#checker! });
    return part;
  }

  #begin(first: Piece): Session {
    const { ram } = this.#spec.head.machine;
    const at = pool.findLastIndex(({ machine }) => machine === null || machine.config.ram === ram);
    const { machine, checker } = at < 0 ? { machine: null, checker: checkers() } : pool.splice(at, 1)[0];
    this.#checker = checker;
    return new Session(machine, { ...this.#spec, watch: { checker } }, first);
  }
}
