/** Words that the help of several commands uses. */
export const MACHINE =
  'machine that recordings run on, written as in a machine line: ram=4G cpus=2 … (default: as large as they need)';
export const TOUCH = 'who touches the shared page in a recording: recorded, exec, never or all (default: recorded)';
export const WORKLOAD = 'a built-in workload by name, or a file';
export const VARIANTS =
  'variants by name or file, comma-separated; one alone is compared with its predecessor (default: the five revisions)';
export const OWN_VARIANT = 'TypeScript file of your own revision (or further built-in names)';
export const JOBS = 'number of threads; the output does not depend on it (default: one per core)';
export const SHARD = 'run part i of n (parts of about equal cost), and write its results for merge';
export const QUEUE =
  'send the jobs to workers through this Redis or Valkey: redis:// to a loopback address, or rediss:// with a password';
export const RESUME = 'with --queue: keep results in this file, and skip jobs whose results it already holds';
export const CANDIDATE = 'the candidate, in the same form; or --patch, against a if given, otherwise its base';
export const CHECK =
  'check every invariant after each op (in workloads of 20,000 ops or more: at process exits and at the end)';
export const REVISION = 'a built-in variant by name, or a TypeScript file';
