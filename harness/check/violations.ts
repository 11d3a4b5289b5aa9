/**
 * Violations as they come: after each check the first of every invariant and process. One that stands as it stood after
 * the check before is not said again.
 */
import type { InvariantName } from './invariants.ts';

/** What did not hold, after which op, of which process (null: the machine). */
export interface Violation {
  readonly name: InvariantName;
  readonly op: number;
  readonly process: string | null;
  readonly expected: string;
  readonly got: string;
}

export class Violations {
  readonly violations: Violation[] = [];
  #op = 0;
  #before = new Map<string, string>();
  #now = new Map<string, string>();

  begin(op: number): void {
    this.#op = op;
    const spare = this.#before;
    this.#before = this.#now;
    this.#now = spare;
    spare.clear();
  }

  /** measure: what must change for this to be said again after the next op. @default expected and got */
  broken(
    name: InvariantName,
    process: string | null,
    expected: string | number,
    got: string | number,
    measure: string = `${expected}|${got}`,
  ): void {
    const key = `${name}|${process ?? ''}`;
    if (this.#now.has(key)) return;
    this.#now.set(key, measure);
    if (this.#before.get(key) === measure) return;
    this.violations.push({ name, op: this.#op, process, expected: String(expected), got: String(got) });
  }

  /** Two numbers that should be one. */
  same(name: InvariantName, process: string | null, expected: number, got: number, what = ''): void {
    if (expected === got) return;
    this.broken(name, process, `${what}${expected}`, `${what}${got}`, `${what}${got - expected}`);
  }

  /** Something that happened during an op, rather than a state that lasts. */
  happened(name: InvariantName, op: number, process: string | null, expected: string, got: string): void {
    this.violations.push({ name, op, process, expected, got });
  }
}
