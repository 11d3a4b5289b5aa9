/** Processes and their references on vmspaces. */
import {
  PRS_NORMAL,
  P_PPWAIT,
  type Proc,
  STOP_PAGES_REMOVED,
  STOP_VMSPACE0_ACTIVE,
  type Vmspace,
} from '../../core/inspect.ts';
import type { State } from './state.ts';

/** Stopped while it tears down a vmspace: it has dropped the last reference, and has one on vmspace0. */
const hasDropped = ({ stoppedAt }: Proc): boolean =>
  stoppedAt === STOP_PAGES_REMOVED || stoppedAt === STOP_VMSPACE0_ACTIVE;

export class LifeCycle {
  /** vfork children whose parent was asleep at the last check. */
  #waitedFor: Proc[] = [];

  check(state: State): void {
    const { m, report, nameOf } = state;
    const users = new Map<Vmspace, number>();
    const add = (vm: Vmspace | null): void => {
      if (vm !== null) users.set(vm, (users.get(vm) ?? 0) + 1);
    };
    for (const p of m.procs.values()) {
      if (hasDropped(p)) add(m.vmspace0);
      else {
        add(p.vmspace);
        // A stopped exec, exit or fork holds a second vmspace.
        add(p.oldVmspace);
      }
      if (p.state !== PRS_NORMAL && (p.flags & P_PPWAIT) !== 0)
        report.broken('vfork-wait', nameOf(p), 'no parent that waits for a zombie', 'P_PPWAIT');
    }
    for (const vm of m.vmspaces) {
      const using = users.get(vm) ?? 0;
      if (using !== vm.refcnt)
        report.same('vmspace-references', state.who(vm.pmap), using, vm.refcnt, `vmspace ${vm.id}: `);
    }
    const vmspace0 = m.vmspace0!;
    report.same('vmspace0-references', null, 1 + (users.get(vmspace0) ?? 0), vmspace0.refcnt);
    for (const p of this.#waitedFor) {
      const { parent } = p;
      if (p.state !== PRS_NORMAL || (p.flags & P_PPWAIT) !== 0 || parent === null) continue;
      if (p.vmspace === parent.vmspace)
        report.broken('vfork-wait', nameOf(p), `another vmspace than ${nameOf(parent)}'s`, `vmspace ${p.vmspace.id}`);
    }
    this.#waitedFor = [...m.procs.values()].filter((p) => (p.flags & P_PPWAIT) !== 0);
  }
}
