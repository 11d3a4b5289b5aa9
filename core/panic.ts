/**
 * KernelPanic: a kernel assertion (KASSERT, panic) that a workload triggered. A run records it as an outcome; it is not
 * a harness error.
 */

/** `where` is the C function, `reason` the assertion in words, `values` the numbers it reports. */
export class KernelPanic extends Error {
  readonly where: string;
  readonly reason: string;
  readonly values: Readonly<Record<string, number | string>>;

  constructor(where: string, reason: string, values: Readonly<Record<string, number | string>> = {}) {
    const shown = Object.entries(values)
      .map(([name, value]) => ` ${name}=${value}`)
      .join('');
    super(`${where}: ${reason}${shown}`);
    this.name = 'KernelPanic';
    this.where = where;
    this.reason = reason;
    this.values = values;
  }
}
