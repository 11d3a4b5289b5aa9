/** The same workload compared in one piece and in many. */
import type { Machine, Variant } from '../../core/index.ts';
import type { WorkloadComparison } from '../../harness/compare/plan.ts';
import type { MakeChecker, Session } from '../../harness/run/session.ts';
import type { Workload } from '../../harness/workload/ops.ts';
import type { Piece, WorkloadHead } from '../../harness/workload/pieces.ts';

/** The modules it uses, from the source or as built. */
export type Modules = typeof import('./program.ts');

export class PieceComparison {
  readonly #modules: Modules;
  readonly #seats = new Map<string, { readonly machine: Machine; readonly checker: MakeChecker }>();

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  /**
   * Revisions, one that panics at its second exit, and one that fails at its third; created again for each comparison.
   */
  #columns(): Variant[] {
    const { KernelPanic, face } = this.#modules;
    return [
      face.baseline,
      face.doubleCountFix,
      face.landed,
      face.unmapWithoutRefcountCheck,
      this.#breaking('panics', 1, () => {
        throw new KernelPanic('exit1', 'planted', {});
      }),
      this.#breaking('throws', 2, () => {
        throw new Error('planted');
      }),
    ];
  }

  /** landed, until its hook has been reached `after` times; then it runs `fault`. */
  #breaking(id: string, after: number, fault: () => never): Variant {
    const { face, defineVariant } = this.#modules;
    const { hunks, accounting } = face.landed;
    let reached = 0;
    const exitBeforeVmspaceExit: Variant['hunks']['exitBeforeVmspaceExit'] = (m, p) => {
      if (++reached > after) fault();
      hunks.exitBeforeVmspaceExit(m, p);
    };
    return defineVariant({
      id,
      after: 'landed',
      title: id,
      accounting,
      intends: [],
      hunks: { ...hunks, exitBeforeVmspaceExit },
    });
  }

  /** All columns in lockstep. */
  of(pieces: Iterable<Piece>, head: WorkloadHead, check = false): WorkloadComparison {
    const { Session, WorkloadComparer, factsOfAll, planComparison, knownDifferences } = this.#modules;
    const variants = this.#columns();
    const plan = planComparison(
      variants.map(({ id }) => id),
      factsOfAll(variants),
      { against: { kind: 'variant', id: 'baseline' }, ledger: knownDifferences, predecessors: true },
    );
    const comparer = new WorkloadComparer(plan, head);
    let sessions: Session[] | null = null;
    for (const piece of pieces) {
      sessions ??= variants.map((variant, i) => {
        const { machine, checker } = this.#seat(i, head);
        return new Session(machine, { head, variant, options: { check }, watch: { checker } }, piece);
      });
      const parts = sessions.map((session) => session.take(piece));
      comparer.take(piece, parts);
    }
    return comparer.finish(sessions!.map((session) => session.end()));
  }

  /** A failed run may leave its machine in any state, and the next run resets it whatever that is. */
  #seat(i: number, head: WorkloadHead): { readonly machine: Machine; readonly checker: MakeChecker } {
    const { bootMachine, checkers, face } = this.#modules;
    const key = `${i} ${head.machine.ram}`;
    const seat = this.#seats.get(key) ?? {
      machine: bootMachine(head.machine, face.landed.hunks),
      checker: checkers(),
    };
    this.#seats.set(key, seat);
    return seat;
  }

  whole(workload: Workload, check = false): WorkloadComparison {
    const { pieceOf, headOf } = this.#modules;
    return this.of([pieceOf(workload)], headOf(workload), check);
  }

  inPieces(workload: Workload, size: number, check = false): WorkloadComparison {
    const { cut, headOf } = this.#modules;
    return this.of(cut(workload, size), headOf(workload), check);
  }

  /**
   * Compares a recording as it is read, in pieces of at least `size` ops: what is over is forgotten from piece to
   * piece.
   */
  asRead(lines: readonly string[], size: number, head: WorkloadHead): WorkloadComparison {
    const { TraceReader } = this.#modules;
    function* pieces(): Generator<Piece> {
      const reader = new TraceReader('t');
      for (const line of lines) {
        reader.block(line);
        if (reader.held >= size) yield reader.take();
      }
      reader.end('t');
      yield reader.take();
    }
    return this.of(pieces(), head);
  }
}
