/**
 * Collects violations: at each check, the first one per invariant and process. A violation that is unchanged since the
 * previous check is not reported again.
 */
import type { InvariantName } from './invariants.ts';

/** An invariant that did not hold, after which op and for which process (null: the machine). */
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

  /** measure: the violation is reported again after the next op only if this changes. @default expected and got */
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

  /** Checks that two numbers are equal. */
  same(name: InvariantName, process: string | null, expected: number, got: number, what = ''): void {
    if (expected === got) return;
    this.broken(name, process, `${what}${expected}`, `${what}${got}`, `${what}${got - expected}`);
  }

  /** Reports something that happened during an op, as opposed to a lasting state. */
  happened(name: InvariantName, op: number, process: string | null, expected: string, got: string): void {
    this.violations.push({ name, op, process, expected, got });
  }
}
