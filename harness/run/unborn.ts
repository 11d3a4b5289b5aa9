/** Children of forks that are stopped at fork-unlocked: the workload names them before the kernel makes them. */
import type { Machine, Proc } from '../../core/index.ts';

export class Unborn {
  /** per process, 1 + the child of its stopped fork */
  #child = new Int32Array();
  /** how many of these are not 0 */
  #count = 0;

  /** From here on, processes have these numbers. carried: as in Piece. */
  renumber(carried: Int32Array): void {
    const before = this.#child;
    this.#child = new Int32Array(carried.length);
    this.#count = 0;
    for (let i = 0; i < carried.length; i++) {
      const from = carried[i];
      if (from < 0 || before[from] === 0) continue;
      this.#child[i] = carried.indexOf(before[from] - 1) + 1;
      if (this.#child[i] !== 0) this.#count++;
    }
  }

  add(parent: number, child: number): void {
    this.#child[parent] = child + 1;
    this.#count++;
  }

  has(parent: number): boolean {
    return this.#child[parent] !== 0;
  }

  /** Enters the children of forks that have finished, also in a process that was killed meanwhile. */
  enterBorn(m: Machine, procs: (Proc | null)[]): void {
    for (let process = 0; this.#count > 0 && process < this.#child.length; process++) {
      const parent = procs[process];
      if (this.#child[process] === 0 || parent === null || parent.stoppedAt !== 0) continue;
      procs[this.#child[process] - 1] = m.procs.get(parent.lastChild) ?? null;
      this.#child[process] = 0;
      this.#count--;
    }
  }
}
