/**
 * Counts the exits and execs of a run by the kind of process: how many there were, how many of those processes had read
 * the shared page, how many pmap_remove calls they made and how many of these returned early.
 *
 * It counts forward, op by op, and keeps what it knows of a process only while the process exists.
 */
import { OUTCOME_OK } from '../workload/names.ts';
import { OP_CLOCK, OP_EXEC, OP_EXIT, OP_FORK, OP_RFORK_MEM, OP_TOUCH, OP_VFORK } from '../workload/ops.ts';
import { type ByKind, type KindCalls, PROCESS_KINDS, type ProcessKind, type RemoveCalls } from './record.ts';

interface Living {
  kind: ProcessKind;
  /** has read the shared page since its creation or last exec */
  touched: boolean;
}

const noCalls = (): KindCalls => ({ processes: 0, touched: 0, calls: 0, early: 0 });

const noKinds = (): ByKind => {
  const [execed, forked, vforked] = PROCESS_KINDS.map(() => ({ exit: noCalls(), exec: noCalls() }));
  return { execed, forked, vforked };
};

export class ProcessTally {
  readonly byKind = noKinds();
  #known = new Map<number, Living>();

  /** Kind of a process before its next op. A process without a creator counts as forked until it execs. */
  kindOf(process: number): ProcessKind {
    return this.#known.get(process)?.kind ?? 'forked';
  }

  /** Process numbers change from here on. carried: as in Piece. */
  carry(carried: Int32Array): void {
    const before = this.#known;
    this.#known = new Map();
    for (const [process, from] of carried.entries()) {
      const known = before.get(from);
      if (known !== undefined) this.#known.set(process, known);
    }
  }

  /** Counts a completed op: code and arg as in the op list, its outcome, and its pmap_remove calls. */
  take(code: number, process: number, arg: number, outcome: number, removes: Readonly<RemoveCalls>): void {
    if (code === OP_EXEC) this.#add('exec', process, removes);
    else if (code === OP_EXIT) this.#add('exit', process, removes);
    if (outcome !== OUTCOME_OK) return;
    switch (code) {
      case OP_FORK:
        this.#known.set(arg, { kind: 'forked', touched: false });
        return;
      case OP_VFORK:
      case OP_RFORK_MEM:
        this.#known.set(arg, { kind: 'vforked', touched: false });
        return;
      case OP_TOUCH:
      case OP_CLOCK:
        this.#of(process).touched = true;
        return;
      case OP_EXEC:
        this.#known.set(process, { kind: 'execed', touched: false });
        return;
      case OP_EXIT:
        this.#known.delete(process);
        return;
      default:
    }
  }

  #of(process: number): Living {
    let known = this.#known.get(process);
    if (known === undefined) this.#known.set(process, (known = { kind: 'forked', touched: false }));
    return known;
  }

  #add(place: 'exit' | 'exec', process: number, { calls, early }: Readonly<RemoveCalls>): void {
    const { kind, touched } = this.#of(process);
    const at = this.byKind[kind][place];
    at.processes++;
    at.touched += Number(touched);
    at.calls += calls;
    at.early += early;
  }
}
