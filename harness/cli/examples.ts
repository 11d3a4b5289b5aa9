/** The examples at the end of each command's help. A test runs every one that ends. */
export interface Example {
  /** arguments, separated by single spaces */
  readonly args: string;
  readonly shows: string;
  /** null: it runs until it is stopped */
  readonly exits: 0 | 1 | null;
}

const example = (args: string, shows: string, exits: Example['exits'] = 0): Example => ({ args, shows, exits });

/**
 * Files of the user: `mine.ts` is a variant, `mine.diff` a patch of `core`, `his.diff` one of FreeBSD, `mine.workload`
 * workload text. Shards of a comparison wrote `part-1.json` and `part-2.json`, strace and kdump wrote `make.strace` and
 * `make.kdump`. Vectors are in the repository only.
 */
export const EXAMPLES = {
  compare: [
    example('compare --workload exit-touched vfork-execfail', 'two workloads through the five revisions'),
    example('compare --variant mine.ts --against landed', 'every workload through your own revision as well', 1),
  ],
  merge: [
    example('merge part-1.json part-2.json', 'what compare --shard 1/2 and --shard 2/2 have written'),
    example('merge part-1.json part-2.json --markdown --fail-on panic', 'the same as a review comment'),
  ],
  worker: [
    example('worker --queue redis://127.0.0.1', 'jobs of commands on this machine, on all cores', null),
    example('worker --queue rediss://:PASSWORD@queue.example.org --jobs 2', 'from anywhere, two at a time', null),
  ],
  page: [
    example('page -o review.html', 'the series as a page; open it in a browser'),
    example(
      'page --workload mine.workload --variant mine.ts --against landed -o mine.html',
      'your own, with its code',
      1,
    ),
  ],
  hunt: [
    example('hunt landed d33276 --want stat-only', 'what D33276 fixes, in five lines', 1),
    example('hunt shared-page-unmap landed --runs 500', 'two revisions that nothing is known to tell apart'),
  ],
  schedules: [
    example('schedules sharers-exit-together --variants landed,vmspace-clear', 'two sharers that exit, in every order'),
    example('schedules mine.workload --variants baseline,landed --yield all --preemptions 2', 'at every yield point'),
  ],
  explain: [
    example('explain baseline landed --workload exit-touched', 'every counter that differs, by op, process and stack'),
    example(
      'explain baseline landed --workload make12 --counter removeEarlyExits --by kind,place',
      'one counter over a recorded make, by kind of process and by exit and exec',
    ),
  ],
  trace: [
    example('trace double-count-fix landed --workload exit-touched', 'the first call that differs; exits 1', 1),
    example(
      'trace shared-page-unmap landed --workload superpage --comparator isomorphic',
      'these two make the same calls',
    ),
  ],
  replay: [
    example('replay exit-touched --variant landed --trace', 'every op with its calls into the pmap layer'),
    example('replay mine.workload --variant mine.ts --check', 'your own workload and revision, invariants checked'),
  ],
  probe: [
    example('probe pmap_remove:entry --workload make12', 'the calls of a recorded make under baseline'),
    example('probe pmap_remove:entry --variant landed --by stack --workload mine.workload', 'stacks only'),
  ],
  shares: [
    example('shares', 'the recorded make that the review argues about'),
    example('shares --workload make.jsonl --variant landed --touch exec,never', 'your own recording, two policies'),
  ],
  cost: [
    example('cost', "the review's fork loop, with and without the early exit, on 1 to 64 CPUs"),
    example('cost make12 --variants baseline,landed --cpus 1,8 --frames 8', 'a recorded make, by kind of process'),
  ],
  review: [
    example('review mine.ts', 'your own revision against its predecessor'),
    example('review his.diff', 'a patch of FreeBSD: where each function is restated, and what reaches it'),
  ],
  findings: [
    example('findings', 'all of them, for every variant'),
    example('findings F1 F6 --markdown', 'two of them, as a table for a review comment'),
  ],
  bisect: [
    example('bisect --finding F6', 'the revision that introduces F6, and the one that fixes it'),
    example('bisect --what pmapLocks --workload make12', 'where the count of a recorded make changes'),
  ],
  'bisect-step': [
    example('bisect-step --finding F2 --patch mine.diff', 'a patch; git bisect run pmapdiff bisect-step … tests HEAD'),
    example('bisect-step --verdict cost-only --patch mine.diff --workload exit-touched', 'against what it changes', 1),
  ],
  import: [
    example('import strace make.strace --output make.jsonl', 'from Linux, with strace'),
    example('import kdump make.kdump --output make.jsonl.gz', 'from FreeBSD, with ktrace and kdump'),
  ],
  list: [
    example('list --seam', 'what your own revision can change'),
    example('list --counters --json', 'what its declarations can name, as JSON'),
  ],
  conform: [
    example('conform mmu test/fixtures/vectors/mmu', 'page walks and faults, against emulators'),
    example('conform vm test/fixtures/vectors/vm --variants landed', "one revision, against the kernel's own VM code"),
  ],
  bench: [
    example('bench --task exit-cycle remove-calls --rounds 3', 'two tasks, for the five revisions and C'),
    example('bench --task exit-cycle --variant mine.ts --no-native', 'one task, your own revision as well'),
  ],
} as const satisfies Readonly<Record<string, readonly [Example, Example]>>;

/** The end of a command's help. */
export const examplesText = (examples: readonly Example[]): string =>
  `\nExamples:\n${examples.map(({ args, shows }) => `  # ${shows}\n  pmapdiff ${args}\n`).join('')}`.trimEnd();
