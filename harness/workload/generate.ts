/**
 * Random workloads: turns a stream of numbers into ops that make sense in sequence.
 *
 * A choice is a few numbers, and every choice becomes an op or nothing, whatever preceded it. So a seed makes a
 * workload, and so does any list of choices: a search can drop some, and the rest is still a workload. The intermediate
 * form is text, the same that a user would write.
 */
import { type ChildMemory, Composer, PROTECTIONS, type Runner, pick } from './composer.ts';
import type { Workload } from './ops.ts';
import { Random } from './random.ts';
import { type Choice, type Region, change } from './regions.ts';
import { parseWorkload } from './text/parse.ts';

export type { Choice };

export interface GenerateOptions {
  /** Number of choices; not all of them become ops. @default 60 */
  readonly choices?: number;
  /** Settings of the machine as in a `machine` line, such as `pti=on cpus=2`. @default '' */
  readonly machine?: string;
  /** Maximum number of processes alive at a time. @default 6 */
  readonly processes?: number;
  /** What a fault comes to: the process dies of its signal, or goes on. @default 'kill' */
  readonly signals?: Workload['signals'];
  /** Ends with a snapshot before the processes that are left exit. @default false */
  readonly isLookedAt?: boolean;
}

const INHERITANCES = ['share', 'copy', 'none', 'zero'];
const ADVICES = ['dontneed', 'free', 'willneed', 'normal', 'random', 'sequential'];
const MSYNCS = ['sync', 'invalidate', 'sync', 'async'];
const SIGNALS = ['SIGCHLD', 'SIGUSR1', 'SIGSEGV', 'SIGCHLD', 'SIGBUS', 'SIGKILL'];
const SHARED = [{ name: 'shared', prot: 'rx' }];
const SEGMENTS = [
  { name: 'data', prot: 'rw' },
  { name: 'text', prot: 'rx' },
  { name: 'stack-1p', prot: 'rw' },
  { name: 'stack-200K', prot: 'rw' },
];
const ACCESSES = ['read', 'write', 'write', 'run'];
/** Pages that the kernel leaves free at most, when it takes the others. */
const MOST_SPARE = 8;
/** One access in this many ignores rights: it may end in a signal. */
const CARELESS = 10;

/** A kind of access that the rights allow; undefined if they allow none. */
function allowedAccess(prot: string, how: number): string | undefined {
  if (how % CARELESS === 0) return pick(ACCESSES, Math.floor(how / CARELESS));
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
  const accessed = composer.accessed(runner, choice);
  const verb = accessed === null ? undefined : allowedAccess(accessed.region.prot, choice.how);
  if (verb !== undefined) composer.op(runner, `${verb} ${accessed!.text}`, choice);
};

/** What a program has without mapping it; one without a shared page has text. */
const placesOf = (composer: Composer, runner: Runner): typeof SEGMENTS => [
  ...(composer.hasShared(runner) ? SHARED : []),
  ...(composer.hasText(runner) ? SEGMENTS : []),
];

const fixed: Compose = (composer, runner, choice) => {
  const { name, prot } = pick(placesOf(composer, runner), choice.where);
  composer.op(runner, `${allowedAccess(prot, choice.how)} ${name}`, choice);
};

/** A call about a page of the program, or the shared page, instead of a mapping of its own; or one in place of the latter. */
const fixedCall: Compose = (composer, runner, choice) => {
  if (choice.from % 4 === 3) {
    composer.mapAtTop(runner, choice);
    return;
  }
  const { name } = pick(placesOf(composer, runner), choice.where);
  const calls = [
    `mprotect ${name} 1p ${pick(PROTECTIONS, Math.floor(choice.from / 8))}`,
    `munmap ${name} 1p`,
    `mlock ${name} 1p`,
    `minherit ${name} 1p ${pick(INHERITANCES, Math.floor(choice.from / 8))}`,
    `madvise ${name} 1p ${pick(ADVICES, Math.floor(choice.from / 8))}`,
    `mmap anon 1p rw${choice.from % 64 < 16 ? ' shared' : ''} fixed ${name}`,
  ];
  composer.op(runner, pick(calls, choice.from), choice);
};

/** Of the rights that were asked for, a region gets all or none. */
const protectedTo =
  (prot: string) =>
  (region: Region): Region =>
    [...prot].every((right) => right === '-' || region.max.includes(right)) ? { ...region, prot } : region;

const protect: Compose = (composer, runner, choice) => {
  const span = composer.span(runner, choice);
  if (span === null) return;
  const prot = pick(PROTECTIONS, choice.how);
  composer.op(runner, `mprotect ${span.text} ${prot}`, choice);
  change(runner.space, span, protectedTo(prot));
};

const unmap: Compose = (composer, runner, choice) => {
  const span = composer.span(runner, choice);
  if (span === null) return;
  composer.op(runner, `munmap ${span.text}`, choice);
  change(runner.space, span, (region) => ({ ...region, prot: '-', max: '' }));
};

const kernel: Compose = (composer, runner, choice) =>
  composer.op(runner, choice.how % 3 === 0 ? 'kmem-free' : `kmem-take ${choice.size % MOST_SPARE}`, choice);

const kill: Compose = (composer, runner, choice) => {
  const target = choice.where % 4 === 0 ? composer.other(runner, choice.from) : runner;
  composer.op(runner, `kill ${target.name} ${pick(SIGNALS, choice.size)}`, choice);
};

const sync = onSpan((span, { how }) => `msync ${span} ${pick(MSYNCS, how)}`);

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
  fixedCall,
  unmap,
  unmap,
  protect,
  protect,
  onSpan((span, { how }) => `minherit ${span} ${pick(INHERITANCES, how)}`),
  onSpan((span, { how }) => `madvise ${span} ${pick(ADVICES, how)}`),
  sync,
  sync,
  onSpan((span) => `mlock ${span}`),
  onSpan((span) => `mlock ${span}`),
  onSpan((span) => `munlock ${span}`),
  plain('clock'),
  (composer, runner, { where }) => composer.again(runner, where),
  (composer, runner, { where }) => composer.again(runner, where),
  kernel,
  (composer, runner, choice) => composer.op(runner, composer.hasShared(runner) ? 'touch-shared' : 'clock', choice),
  (composer, runner, { size, ...choice }) =>
    composer.op(runner, `handler ${pick(SIGNALS.slice(0, -1), size)}`, { size, ...choice }),
  kill,
  (composer, runner, choice) => composer.op(runner, `swapout ${runner.name}`, choice),
  (composer, runner, choice) => composer.op(runner, `unref ${runner.name}`, choice),
  plain('unshare'),
  plain('snapshot'),
  child('fork', 'copied'),
  child('fork', 'copied'),
  child('vfork', 'shared'),
  child('rfork mem', 'shared'),
  child('rfork mem', 'shared'),
  child('rfork thread', 'shared'),
  child('spawn small', 'new'),
  (composer, runner, choice) => composer.spawnFailing(runner, choice),
  (composer, runner, choice) => composer.exec(runner, choice),
  (composer, runner, choice) => composer.exec(runner, choice),
  plain('execfail ENOENT'),
  (composer, runner, choice) => composer.execFailLate(runner, choice),
  (composer, runner, { how }) => composer.exit(runner, how % 256),
  (composer, runner, { how }) => composer.exit(runner, how % 256),
  (composer, runner, choice) => composer.stop(runner, choice),
  (composer, runner, choice) => composer.stop(runner, choice),
  (composer, _runner, { where }) => composer.go(where),
  (composer, _runner, { where }) => composer.go(where),
  (composer, runner, choice) =>
    composer.brk(runner, (1 + (Math.floor(choice.size / 4) % 16)) * (choice.size % 4 === 3 ? -1 : 1), choice),
];

/** The workload for these choices; equal choices give equal workloads. */
export function composeWorkload(choices: readonly Choice[], name: string, options: GenerateOptions = {}): Workload {
  return parseWorkload(composeText(choices, name, options), name);
}

/** Its text, as composeWorkload parses it. */
export function composeText(choices: readonly Choice[], name: string, options: GenerateOptions = {}): string {
  const { machine = '', processes = 6, signals = 'kill', isLookedAt = false } = options;
  const composer = new Composer(processes, machine);
  for (const choice of choices) {
    const runner = composer.next(choice);
    if (runner !== null) pick(VERBS, choice.verb)(composer, runner, choice);
  }
  composer.finish(isLookedAt);
  const settings = [machine === '' ? '' : `machine ${machine}`, signals === 'kill' ? '' : `signals ${signals}`];
  const head = [`# ${name}`, ...settings.filter((line) => line !== ''), ...composer.head];
  return `${[...head, ...composer.lines].join('\n')}\n`;
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
