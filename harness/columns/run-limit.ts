const BASE_MS = 10_000;
const PER_OP_MS = 5;
const PER_CHECKED_OP_MS = 50;

/**
 * Wall limit, in ms, for a run of a variant file without a built-in revision next to it to measure by: a small workload
 * that does not end is reported after about 10 s; the slowest op takes far less than its share.
 */
export const runLimitMs = (ops: number, isChecked = false): number =>
  BASE_MS + ops * (isChecked ? PER_CHECKED_OP_MS : PER_OP_MS);
