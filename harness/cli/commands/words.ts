/** Words that the help of several commands uses. */
export const MACHINE =
  'the machine of recordings, as in workload text: ram=4G cpus=2 … (default: as large as they need)';
export const TOUCH = 'who touches the shared page in a recording: recorded, exec, never or all (default: recorded)';
export const WORKLOAD = 'a built-in workload by name, or a file';
export const VARIANTS =
  'variants by name or file, comma-separated; one alone is compared with its predecessor (default: the five revisions)';
export const OWN_VARIANT = 'TypeScript file of your own revision (or further built-in names)';
export const JOBS = 'threads to use, with the same answer for any number (default: the cores)';
export const SHARD = 'run one of n parts, each as heavy, and write it for merge';
export const QUEUE =
  'have the jobs done by workers at this Redis or Valkey: redis:// to a loopback address, or rediss:// with a password';
export const RESUME = 'with --queue: keep results in this file, and begin with those that it has';
export const CANDIDATE = 'the candidate, given in the same way; or --patch, alone or after a';
export const CHECK =
  'check every invariant after each op (in workloads of 20,000 ops or more: at process exits and at the end)';
export const REVISION = 'a built-in variant by name, or a TypeScript file';
