/** The addresses in which an op may take mappings away, replace or wire them, or lower their rights. */
import { type Machine, type MappedSpan, PAGE_SIZE, type Proc, roundPage, truncPage } from '../../core/index.ts';
import { OP_BRK, OP_EXEC, OP_EXEC_FAIL, OP_MUNLOCK, OP_MUNMAP, OP_UNSHARE } from '../workload/ops.ts';

export class OpSpan {
  // Not 0, so that the layout is for addresses at once: see core/state/layout.ts.
  #from = Infinity;
  #to = Infinity;

  /** No such op, or one whose effect a checkpoint shows. */
  clear(): void {
    this.set(0, 0);
  }

  set(from: number, to: number): void {
    this.#from = from;
    this.#to = to;
  }

  /** p is about to do this. What mmap is about is known when it has returned. */
  begin({ vmspace: { daddr, dsize } }: Proc, code: number, addr: number, len: number): void {
    if (code >= OP_MUNMAP && code <= OP_MUNLOCK) this.set(addr, addr + len);
    else if (code === OP_UNSHARE || code === OP_EXEC || code === OP_EXEC_FAIL) this.set(0, Infinity);
    else if (code === OP_BRK) {
      const end = daddr + dsize * PAGE_SIZE;
      this.set(Math.min(end, end + len), Math.max(end, end + len));
    }
  }

  /** Count what p's pmap maps there; nothing if it has no address space of its own. */
  look(m: Machine, p: Proc | null, mapped: MappedSpan): void {
    if (this.#from === this.#to || p === null || p.vmspace === m.vmspace0) mapped.clear();
    else mapped.take(m, p.vmspace, truncPage(this.#from), roundPage(this.#to));
  }
}
