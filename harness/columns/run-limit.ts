const BASE_MS = 10_000;
const PER_OP_MS = 5;
const PER_CHECKED_OP_MS = 50;

/**
 * Wall limit, ms, of a run of a variant file where no built-in revision runs beside it to be measured by: a small workload
 * that does not end is reported after some 10 s; the slowest op takes far less than its share.
 */
export const runLimitMs = (ops: number, isChecked = false): number =>
  BASE_MS + ops * (isChecked ? PER_CHECKED_OP_MS : PER_OP_MS);
