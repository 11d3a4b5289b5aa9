/**
 * Columns of the built-in variants, which run in this process: their machines form a pool and are reused after their
 * runs end.
 */
import type { Machine, Variant } from '../../core/index.ts';
import * as face from '../../variants/index.ts';
import { checkers } from '../check/checker.ts';
import type { VariantFacts } from '../declare/declarations.ts';
import { type RunEnd, type RunPart, emptyPart } from '../run/record.ts';
import { type MakeChecker, Session, type SessionSpec } from '../run/session.ts';
import type { Piece } from '../workload/pieces.ts';
import type { Column, ColumnRun } from './column.ts';

export const builtInVariants: readonly Variant[] = [...face.series, ...face.experiments];

/** facts: those of the variant. */
export const builtInColumn = (variant: Variant, facts: VariantFacts): Column => ({
  facts,
  recipe: variant.id,
  kind: 'built-in',
  begin: (head, options) => new BuiltInRun({ head, variant, options }),
  abort: () => {},
  close: () => {},
});

/** Columns of those built-in variants that have these facts. */
export const builtInColumns = (some: readonly VariantFacts[]): Column[] =>
  some.flatMap((facts) => {
    const variant = builtInVariants.find(({ id }) => id === facts.id);
    return variant === undefined ? [] : [builtInColumn(variant, facts)];
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
    const { machine, checker } = pool.pop() ?? { machine: null, checker: checkers() };
    this.#checker = checker;
    const { head, variant, options } = this.#spec;
    return new Session(machine, { head, variant, options, watch: { checker } }, first);
  }
}
