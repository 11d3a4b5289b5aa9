/**
 * The checker: after an op it recounts the whole state of the machine and reports what is inconsistent. It reads raw
 * state only (core/inspect) and shares no code with the engine, so that it cannot inherit a mistake from it.
 */
import type { Machine, Pmap, Proc, Vmspace } from '../../core/inspect.ts';
import { Translation } from './bits.ts';
import { checkCharges } from './charges.ts';
import { checkCpus } from './cpus.ts';
import { FreeFrames } from './free-frames.ts';
import { DirtyPages, checkLeaves } from './leaves.ts';
import { LifeCycle } from './life-cycle.ts';
import { Maps } from './maps.ts';
import { checkObjects } from './objects.ts';
import { checkPageTables } from './page-tables.ts';
import { PmapCounts } from './pmap-counts.ts';
import { checkPv } from './pv.ts';
import { checkResidence } from './residence.ts';
import { SharedPage } from './shared-page.ts';
import type { Accounting, Moment, State } from './state.ts';
import { Survey } from './survey.ts';
import { checkSweep } from './sweep.ts';
import { checkTlbs } from './tlb.ts';
import { type Violation, Violations } from './violations.ts';
import { checkWirings } from './wirings.ts';

export interface CheckedMachine {
  readonly m: Machine;
  readonly accounting: Accounting;
  /** Name of a process in violations. */
  readonly nameOf: (p: Proc) => string;
}

/** The checks of one run. */
export interface Checker {
  /** Call after every op. isChecked: recount now; otherwise only note the op. */
  readonly after: (moment: Moment, isChecked: boolean) => void;
  /** Call around each final vm_map_remove of a map during an op; it calls `clear`, which does the removal. */
  readonly sweep: (p: Proc, vm: Vmspace, clear: () => void) => void;
  readonly violations: readonly Violation[];
}

/** Makes a checker per run. Checkers from one call share the memory for surveys, so use them one at a time. */
export function checkers(): (checked: CheckedMachine) => Checker {
  const survey = new Survey();
  const free = new FreeFrames();
  return (checked) => {
    free.reset();
    return new RunChecker(checked, survey, free);
  };
}

class RunChecker implements Checker {
  readonly #checked: CheckedMachine;
  readonly #survey: Survey;
  readonly #free: FreeFrames;
  readonly #report = new Violations();
  readonly #found = new Translation();
  readonly #counts = new PmapCounts();
  readonly #dirty = new DirtyPages();
  readonly #maps = new Maps();
  readonly #lifeCycle = new LifeCycle();
  readonly #sharedPage = new SharedPage();
  #pmaps: Pmap[] = [];
  #newest = 0;
  #vmspaces: Vmspace[] = [];
  #last = -1;
  /** number of the op after the last one noted */
  #op = 0;

  constructor(checked: CheckedMachine, survey: Survey, free: FreeFrames) {
    this.#checked = checked;
    this.#survey = survey;
    this.#free = free;
  }

  get violations(): readonly Violation[] {
    return this.#report.violations;
  }

  after(moment: Moment, isChecked: boolean): void {
    const { m, nameOf } = this.#checked;
    this.#sharedPage.note(this.#report, m.vmspaces, moment, nameOf);
    if (isChecked) this.#check(moment);
    this.#op = moment.op + 1;
  }

  sweep(p: Proc, vm: Vmspace, clear: () => void): void {
    const { m, accounting, nameOf } = this.#checked;
    checkSweep(
      { m, accounting, survey: this.#survey, report: this.#report, op: this.#op, who: nameOf(p) },
      p,
      vm,
      clear,
    );
  }

  #check(moment: Moment): void {
    const { m, accounting, nameOf } = this.#checked;
    // The object of a freed pmap may have been reused for another pmap; the set holds it once.
    const all = new Set(this.#pmaps);
    for (; this.#newest + 1 < m.pmaps.length; this.#newest++) {
      const pmap = m.pmaps[this.#newest + 1];
      if (pmap !== null) all.add(pmap);
    }
    const known = [...all];
    this.#pmaps = known.filter(({ top }) => top !== 0);
    const state: State = {
      m,
      accounting,
      survey: this.#survey,
      report: this.#report,
      found: this.#found,
      moment,
      isNext: moment.op === this.#last + 1,
      released: known.filter(({ top }) => top === 0),
      freed: this.#vmspaces.filter((vm) => !m.vmspaces.includes(vm)),
      who: (pmap) => this.#who(pmap),
      nameOf,
    };
    this.#vmspaces = [...m.vmspaces];
    this.#last = moment.op;
    this.#report.begin(moment.op);
    this.#survey.take(m, this.#pmaps);
    this.#free.take(m);
    this.#counts.check(state);
    checkPageTables(state);
    checkLeaves(state, this.#free);
    this.#dirty.check(state);
    checkPv(state);
    checkCpus(state);
    checkTlbs(state);
    this.#free.check(state);
    const maps = this.#maps.check(state);
    checkObjects(state, maps, this.#free, this.#dirty);
    checkWirings(state, maps);
    checkCharges(state, maps);
    checkResidence(state, maps);
    this.#lifeCycle.check(state);
    this.#sharedPage.check(state, maps);
  }

  #who(pmap: Pmap): string {
    const { m, nameOf } = this.#checked;
    if (pmap === m.pmap0) return 'pmap0';
    for (const p of m.procs.values()) if (p.vmspace.pmap === pmap) return nameOf(p);
    return `pmap ${pmap.id}`;
  }
}
