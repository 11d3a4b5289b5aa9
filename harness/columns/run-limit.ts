const BASE_MS = 10_000;
const PER_OP_MS = 5;
const PER_CHECKED_OP_MS = 50;

/**
 * Wall limit, in ms, for a run of a variant file without a built-in revision next to it to measure by: a small workload
 * that does not end is reported after about leastMs; the slowest op takes far less than its share.
 */
export const runLimitMs = (ops: number, isChecked = false, leastMs = BASE_MS): number =>
  leastMs + ops * (isChecked ? PER_CHECKED_OP_MS : PER_OP_MS);
