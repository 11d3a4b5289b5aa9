/** Results of jobs as JSON, for a file or another machine: what is read is what was written. */

/** Sums of counters are arrays of numbers that JSON has no form of. */
const SUMS = 'f64';

export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => (part instanceof Float64Array ? { [SUMS]: [...part] } : part));

/** Throws SyntaxError. */
export const fromJson = (text: string): unknown =>
  JSON.parse(text, (_key, part: unknown) => {
    const sums = (part as { readonly [SUMS]?: unknown } | null)?.[SUMS];
    return Array.isArray(sums) ? Float64Array.from(sums as number[]) : part;
  });
