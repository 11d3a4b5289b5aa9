/**
 * Random workloads: turns a stream of numbers into ops that make sense in sequence.
 *
 * A choice is a few numbers, and every choice becomes an op or nothing, whatever preceded it. So a seed makes a
 * workload, and so does any list of choices: a search can drop some, and the rest is still a workload. The intermediate
 * form is text, the same that a user would write.
 */
import { type ChildMemory, type Choice, Composer, PROTECTIONS, type Runner, pick } from './composer.ts';
import type { Workload } from './ops.ts';
import { Random } from './random.ts';
import { parseWorkload } from './text/parse.ts';

export type { Choice };

export interface GenerateOptions {
  /** Number of choices; not all of them become ops. @default 60 */
  readonly choices?: number;
  /** Settings of the machine as in a `machine` line, such as `pti=on cpus=2`. @default '' */
  readonly machine?: string;
  /** Maximum number of processes alive at a time. @default 6 */
  readonly processes?: number;
}

const INHERITANCES = ['share', 'copy', 'none', 'zero'];
const ADVICES = ['dontneed', 'free', 'willneed', 'normal', 'random', 'sequential'];
const MAPPED_AT = [
  { name: 'data', prot: 'rw' },
  { name: 'stack-1p', prot: 'rw' },
  { name: 'text', prot: 'rx' },
  { name: 'shared', prot: 'rx' },
  { name: 'stack-200K', prot: 'rw' },
];
const WITHOUT_SHARED = MAPPED_AT.filter(({ name }) => name !== 'shared');
const ACCESSES = ['read', 'write', 'write', 'run'];
/** Pages that the kernel leaves free at most, when it takes the others. */
const MOST_SPARE = 8;
/** One access in this many ignores rights: it may end in a signal. */
const CARELESS = 24;

const intersection = (a: string, b: string): string => [...a].filter((right) => b.includes(right)).join('');

/** A kind of access that the rights allow; undefined if they allow none. */
function allowedAccess(prot: string, how: number): string | undefined {
  if (how % CARELESS === 0) return pick(ACCESSES, how / CARELESS);
  const allowed = ACCESSES.filter((verb) => prot.includes(verb === 'run' ? 'x' : verb[0]));
  return allowed.length === 0 ? undefined : pick(allowed, how);
}

type Compose = (composer: Composer, runner: Runner, choice: Choice) => void;

const onSpan =
  (text: (span: string, choice: Choice) => string): Compose =>
  (composer, runner, choice) => {
    const span = composer.span(runner, choice);
    if (span !== null) composer.op(runner, text(span.text, choice), choice);
  };

const plain =
  (text: string): Compose =>
  (composer, runner, choice) =>
    composer.op(runner, text, choice);

const child =
  (verb: string, memory: ChildMemory): Compose =>
  (composer, runner, choice) =>
    composer.makeChild(runner, verb, memory, choice);

const map: Compose = (composer, runner, choice) => composer.map(runner, choice);

const access: Compose = (composer, runner, choice) => {
  const span = composer.span(runner, choice);
  const verb = span === null ? undefined : allowedAccess(span.region.prot, choice.how);
  if (verb !== undefined) composer.op(runner, `${verb} ${span!.text}`, choice);
};

const fixed: Compose = (composer, runner, choice) => {
  const { name, prot } = pick(runner.hasShared ? MAPPED_AT : WITHOUT_SHARED, choice.where);
  composer.op(runner, `${allowedAccess(prot, choice.how)} ${name}`, choice);
};

const protect: Compose = (composer, runner, choice) => {
  const span = composer.span(runner, choice);
  if (span === null) return;
  const prot = pick(PROTECTIONS, choice.how);
  span.region.prot = intersection(span.region.prot, prot);
  composer.op(runner, `mprotect ${span.text} ${prot}`, choice);
};

const unmap: Compose = (composer, runner, choice) => {
  const span = composer.span(runner, choice);
  if (span === null) return;
  span.region.prot = '';
  composer.op(runner, `munmap ${span.text}`, choice);
};

/**
 * A swap-out unmaps pages in others too, and so shows what the hook of a stopped exit has unmapped before: a difference
 * that ends with that exit, and that no declaration names.
 */
const swapOut: Compose = (composer, runner, choice) => {
  if (!composer.isStopped) composer.op(runner, `swapout ${runner.name}`, choice);
};

/** Verbs that a choice selects from; a verb listed twice is chosen twice as often. */
const VERBS: readonly Compose[] = [
  map,
  map,
  map,
  access,
  access,
  access,
  access,
  fixed,
  fixed,
  unmap,
  protect,
  protect,
  onSpan((span, { how }) => `minherit ${span} ${pick(INHERITANCES, how)}`),
  onSpan((span, { how }) => `madvise ${span} ${pick(ADVICES, how)}`),
  onSpan((span) => `msync ${span}`),
  onSpan((span) => `mlock ${span}`),
  onSpan((span) => `munlock ${span}`),
  plain('clock'),
  (composer, runner, choice) => composer.op(runner, `kmem-take ${choice.size % MOST_SPARE}`, choice),
  (composer, runner, choice) => composer.op(runner, runner.hasShared ? 'touch-shared' : 'clock', choice),
  plain('handler SIGUSR1'),
  (composer, runner, choice) => composer.op(runner, `kill ${runner.name} SIGCHLD`, choice),
  swapOut,
  (composer, runner, choice) => composer.op(runner, `unref ${runner.name}`, choice),
  plain('unshare'),
  plain('snapshot'),
  child('fork', 'copied'),
  child('fork', 'copied'),
  child('vfork', 'shared'),
  child('rfork mem', 'shared'),
  child('spawn cat', 'new'),
  (composer, runner, choice) => composer.exec(runner, choice),
  plain('execfail ENOENT'),
  (composer, runner, { how }) => composer.exit(runner, how % 256),
  (composer, runner, choice) => composer.stop(runner, choice),
  (composer) => composer.go(),
  (composer, runner, choice) => composer.op(runner, `brk +${1 + (choice.size % 16)}p`, choice),
];

/** The workload for these choices; equal choices give equal workloads. */
export function composeWorkload(choices: readonly Choice[], name: string, options: GenerateOptions = {}): Workload {
  const { machine = '', processes = 6 } = options;
  const cpus = Number(/\bcpus=(\d+)/.exec(machine)?.[1] ?? 1);
  const composer = new Composer(processes, cpus, !/\b(?:la57|lower-shared)=on/.test(machine));
  for (const choice of choices) {
    const runner = composer.next(choice);
    if (runner !== null) pick(VERBS, choice.verb)(composer, runner, choice);
  }
  composer.finish();
  const head = [`# ${name}`, ...(machine === '' ? [] : [`machine ${machine}`]), ...composer.head];
  return parseWorkload(`${[...head, ...composer.lines].join('\n')}\n`, name);
}

/** The workload for a seed, the same on every machine. */
export function generateWorkload(seed: number, options: GenerateOptions = {}): Workload {
  const random = new Random(seed);
  const next = (): number => random.word();
  const choices = Array.from({ length: options.choices ?? 60 }, (): Choice => {
    return { verb: next(), who: next(), where: next(), from: next(), size: next(), how: next() };
  });
  return composeWorkload(choices, `random-${seed}`, options);
}
