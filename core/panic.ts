/**
 * KernelPanic: an assertion of the kernel (KASSERT, panic) that a workload reached. It is an outcome that a run records,
 * never a fault of the harness.
 */

/** `where` = the C function, `reason` = the assertion in words, `values` = the numbers that it names. */
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
