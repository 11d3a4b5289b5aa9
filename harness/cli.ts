#!/usr/bin/env node
/**
 * The command line. Every command imports its machinery when it runs, so that --help answers at once.
 *
 * Exit codes: 0 nothing unexpected, 1 finding or regression, 2 usage or bad input, 3 the harness failed or nothing was
 * run, 4 inconclusive (with --strict), 130 interrupted.
 */
import { Command, CommanderError } from 'commander';
import about from '../package.json' with { type: 'json' };
import { withFormats } from './cli/answer.ts';
import { EXIT_SKIP } from './cli/errors.ts';
import { EXAMPLES, examplesText } from './cli/examples.ts';
import { MERGE_HELP, WORKER_HELP } from './cli/machines-help.ts';
import { endWhenOutputFails } from './cli/output.ts';
import { PATCHABLE, withPatchOptions, withQuestionOptions } from './cli/patch-options.ts';
import { InputError } from './input-error.ts';
import { FORMATS } from './report/formats.ts';
import { STOP_POINTS } from './workload/ops.ts';

/** Commands that take names by option only, where other commands take them bare. */
const BARE = [
  ['compare', 'name variants with --variants, your own file with --variant, workloads with -w'],
  ['list', 'a workload is shown by --workload NAME'],
  ['bench', 'name tasks with --task, variants with --variants'],
] as const;
const advised = (text: string): string => {
  const advice = BARE.find(([command]) => text.includes(`too many arguments for '${command}'`))?.[1];
  return advice === undefined ? text : `${text.trimEnd()} (${advice})\n`;
};

const EXIT_USAGE = 2;
const EXIT_HARNESS = 3;

const program = new Command('pmapdiff')
  .description('What each revision of a kernel patch counts, breaks and costs, on the same workloads.')
  .version(about.version)
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(advised(text.replaceAll(/\n(?=.)/g, ' '))) })
  .showSuggestionAfterError()
  .addHelpCommand(
    new Command('help').argument('[command]').description('show the help of a command').helpGroup('Help:'),
  )
  .addHelpText(
    'after',
    `
Exit codes:
  0 nothing unexpected, 1 finding or regression, 2 usage or bad input,
  3 the harness failed or nothing was run, 4 inconclusive (--strict), 130 interrupted`,
  );

const MACHINE = 'the machine of recordings, as in workload text: ram=4G cpus=2 … (default: as large as they need)';

const ACTIONS = {
  compare: () => import('./cli/compare.ts').then(({ compareCommand }) => compareCommand),
  merge: () => import('./cli/merge.ts').then(({ mergeCommand }) => mergeCommand),
  worker: () => import('./cli/worker.ts').then(({ workerCommand }) => workerCommand),
  hunt: () => import('./cli/hunt.ts').then(({ huntCommand }) => huntCommand),
  schedules: () => import('./cli/schedules.ts').then(({ schedulesCommand }) => schedulesCommand),
  replay: () => import('./cli/replay.ts').then(({ replayCommand }) => replayCommand),
  conform: () => import('./cli/conform.ts').then(({ conformCommand }) => conformCommand),
  list: () => import('./cli/list.ts').then(({ listCommand }) => listCommand),
  findings: () => import('./cli/findings.ts').then(({ findingsCommand }) => findingsCommand),
  review: () => import('./cli/review.ts').then(({ reviewCommand }) => reviewCommand),
  explain: () => import('./cli/explain.ts').then(({ explainCommand }) => explainCommand),
  trace: () => import('./cli/trace.ts').then(({ traceCommand }) => traceCommand),
  shares: () => import('./cli/shares.ts').then(({ sharesCommand }) => sharesCommand),
  cost: () => import('./cli/cost.ts').then(({ costCommand }) => costCommand),
  probe: () => import('./cli/probe.ts').then(({ probeCommand }) => probeCommand),
  bench: () => import('./cli/bench.ts').then(({ benchCommand }) => benchCommand),
  bisect: () => import('./cli/bisect.ts').then(({ bisectCommand }) => bisectCommand),
  'bisect-step': () => import('./cli/bisect.ts').then(({ bisectStepCommand }) => bisectStepCommand),
  import: () => import('./cli/import.ts').then(({ importCommand }) => importCommand),
};

const TOUCH = 'who touches the shared page in a recording: recorded, exec, never or all (default: recorded)';
const WORKLOAD = 'a built-in workload by name, or a file';
const VARIANTS =
  'variants by name or file, comma-separated; one alone is compared with its predecessor (default: the five revisions)';
const OWN_VARIANT = 'TypeScript file of your own revision (or further built-in names)';
const JOBS = 'threads to use, with the same answer for any number (default: the cores)';
const SHARD = 'run one of n parts, each as heavy, and write it for merge';
const QUEUE =
  'have the jobs done by workers at this Redis or Valkey: redis:// to a loopback address, or rediss:// with a password';
const RESUME = 'with --queue: keep results in this file, and begin with those that it has';
const REVISION = 'a built-in variant by name, or a TypeScript file';

program.commandsGroup('Compare:');

/** How a comparison is judged and shown. */
const withJudging = (command: Command): Command =>
  command
    .option(
      '--require-exercised',
      'fail when no workload reaches a member of the seam, or a function, that a revision changes',
    )
    .option('--fail-on <verdicts>', 'unexpected verdicts that cause exit 1, comma-separated (default: all)')
    .option('--expect <file>', 'JSON list of the differences you expect, each with a reason and an expiry date')
    .option('--today <YYYY-MM-DD>', 'the date to check expiry against (default: today, UTC)')
    .option('--quiet', 'print only what is unexpected, and the summary (text only)');

withJudging(
  program
    .command('compare')
    .description('run workloads through revisions and show what differs (default: every workload, the five revisions)')
    .option('-w, --workload <name|file...>', 'built-in workloads by name, or files (default: all built-in ones)')
    .option('--variants <ids>', VARIANTS)
    .option('--variant <file...>', OWN_VARIANT)
    .option(
      '--against <id|previous>',
      'the variant to compare the others with, or previous: each with its predecessor ' +
        '(default: baseline, or the first variant if baseline is not compared)',
    )
    .option('--touch <policy>', TOUCH)
    .option('--machine <key=value...>', MACHINE),
)
  .option('--save <file>', 'save the results, to compare later ones with (gzipped JSON)')
  .option('--baseline <file>', 'say what differs from saved results; exit 1 if something has changed')
  .option('--time-limit <seconds>', 'minimum time limit per workload for your own revision (default: 10)')
  .option('--jobs <n>', JOBS)
  .option('--shard <i/n>', SHARD)
  .option('--queue <url>', QUEUE)
  .option('--resume <file>', RESUME)
  .option(
    '--check',
    'check every invariant after each op (in workloads of 20,000 ops or more: at process exits and at the end)',
  )
  .action(async (options) => finish((await ACTIONS.compare())(options)));

program
  .command('hunt')
  .description(
    'search for workloads that tell two revisions apart, and make each as small as it can be; exit 1 if found',
  )
  .argument('[a]', `the reference: ${REVISION}`)
  .argument('[b]', 'the candidate, given in the same way; or --patch, alone or after a')
  .option('--runs <n>', 'random workloads to run (default: 20000; no limit with --seconds)')
  .option('--seconds <s>', 'stop searching after this time')
  .option('--seed <n>', 'the same seed finds the same (default: 1)')
  .option(
    '--want <verdicts>',
    'what to look for, declared and known differences too: some of panic, invariant-broken, behavioural, latent, ' +
      'stat-only, cost-only, or any (default: what is neither declared nor known)',
  )
  .option('--from <name|file...>', 'do not search: make these workloads as small as they can be')
  .option('--out <dir>', 'write finds to this folder; those that are there are run first')
  .option('--no-catalog', 'do not run the built-in workloads first')
  .option('--jobs <n>', JOBS)
  .option('--shard <i/n>', `${SHARD}; a hunt is dealt by 20,000 runs`)
  .option('--queue <url>', QUEUE)
  .option('--resume <file>', RESUME)
  .action(async (a, b, options) => finish((await ACTIONS.hunt())(a, b, options)));

program
  .command('schedules')
  .description(
    'run the interleavings of a workload through two revisions, and show what they come to; exit 1 if unexpected. Its ' +
      'ops up to the first of a second process, or the first that can stop while there is one, stay as written',
  )
  .argument('<workload>', WORKLOAD)
  .option('--variants <a,b>', 'the reference and the candidate, by name or file; or --patch, alone or after a')
  .option('--yield <points>', `where calls stop: some of ${STOP_POINTS.join(', ')}, or all`, 'refcnt-tested')
  .option('--preemptions <n>', 'at most so many switches away from a process that can run on (default: no limit)')
  .option('--budget <n>', 'run all interleavings if that takes no more runs, otherwise draw as many (default: 10000)')
  .option('--seed <n>', 'the same seed draws the same (default: 1)')
  .option('--out <dir>', 'write an easiest schedule of each class to this folder')
  .action(async (workload, options) => finish((await ACTIONS.schedules())(workload, options)));

withJudging(
  program
    .command('merge')
    .description('join the parts that --shard has written into the answer of the whole command; exit as it would')
    .argument('<part...>', 'what each shard wrote to stdout')
    .option('--out <dir>', 'of a hunt: write finds to this folder')
    .addHelpText('after', MERGE_HELP),
).action(async (parts, options) => finish((await ACTIONS.merge())(parts, options)));

program
  .command('worker')
  .description('do jobs of compare --queue and hunt --queue, until stopped')
  .option('--queue <url>', QUEUE.replace('have the jobs done by workers at', 'take jobs from'))
  .option('--jobs <n>', 'jobs at a time (default: the cores)')
  .addHelpText('after', WORKER_HELP)
  .action(async (options) => finish((await ACTIONS.worker())(options)));

program.commandsGroup('Look closer:');

program
  .command('explain')
  .description('break down the difference of a counter between two revisions into parts that add up exactly')
  .argument('[a]', `the reference: ${REVISION}`)
  .argument('[b]', 'the candidate, given in the same way; or --patch, alone or after a')
  .requiredOption('-w, --workload <name|file>', WORKLOAD)
  .option(
    '--counter <name>',
    'one counter or statistic with all its groups, see list --counters (default: all that differ)',
  )
  .option(
    '--by <list>',
    'group by some of op, process, kind, place, stack, call ' +
      '(default: op,process,stack; op,kind,stack with more than 16 processes)',
  )
  .option('--until <op>', 'stop after this op, counted from 0, to explain a level such as residentCount at that point')
  .option('--touch <policy>', TOUCH)
  .option('--machine <key=value...>', MACHINE)
  .action(async (a, b, options) => finish((await ACTIONS.explain())(a, b, options)));

program
  .command('trace')
  .description('find the first call into the pmap layer that differs between two revisions; show both machines there')
  .argument('[a]', `the reference: ${REVISION}`)
  .argument('[b]', 'the candidate, given in the same way; or --patch, alone or after a')
  .requiredOption('-w, --workload <name|file>', WORKLOAD)
  .option('--plane <name>', 'find the first difference of outcome, calls, statistics or counters (default: of any)')
  .option('--comparator <name>', 'exact, no-cost, or isomorphic (up to the numbers of frames and objects)', 'exact')
  .option('--touch <policy>', TOUCH)
  .option('--machine <key=value...>', MACHINE)
  .action(async (a, b, options) => finish((await ACTIONS.trace())(a, b, options)));

program
  .command('replay')
  .description('run one workload through one revision and show what it did')
  .argument('<workload>', WORKLOAD)
  .option('--variant <id|file>', `${REVISION} (this, or a patch, is needed)`)
  .option('--touch <policy>', TOUCH)
  .option('--trace', 'show every op with its calls into the pmap layer')
  .option(
    '--check',
    'check every invariant after each op (in workloads of 20,000 ops or more: at process exits and at the end)',
  )
  .action(async (workload, options) => finish((await ACTIONS.replay())(workload, options)));

program
  .command('probe')
  .description('count pmap_remove calls by stack and by resident_count == 0, as dtrace would print them')
  .argument('<point>', 'pmap_remove:entry')
  .option(
    '--by <list>',
    'some of stack, empty (resident_count == 0 at entry) and early (left at the first test) (default: all three)',
  )
  .option('-w, --workload <name|file...>', 'built-in workloads by name, or files (default: make12)')
  .option('--variant <id|file>', `${REVISION} (default: baseline)`)
  .option('--touch <policy>', TOUCH)
  .option('--machine <key=value...>', MACHINE)
  .addHelpText(
    'after',
    `
From toplevel-accounting on, resident_count includes the top-level pages. It is then never 0 for a user pmap, although
the later revisions do leave early. Group by early as well to see that, as the default does.`,
  )
  .action(async (point, options) => finish((await ACTIONS.probe())(point, options)));

program
  .command('shares')
  .description("show the share of a recording's pmap_remove calls that leave early, by kind of process")
  .option('-w, --workload <name|file...>', 'built-in recordings by name, or files (default: make12)')
  .option('--variant <id|file>', `${REVISION} (default: baseline)`)
  .option(
    '--touch <policies>',
    'who touches the shared page: some of recorded, exec, never, all, comma-separated (default: recorded,exec)',
  )
  .option('--machine <key=value...>', MACHINE)
  .action(async (options) => finish((await ACTIONS.shares())(options)));

program
  .command('cost')
  .description('price what runs count, and compare the speed of revisions on one CPU and on many: ranges, never a gate')
  .argument('[workload...]', 'built-in workloads by name, or files (default: fork-loop-touch)')
  .option('--variants <ids>', 'variants by name or file, comma-separated (default: landed,no-early-exit)')
  .option('--variant <file...>', OWN_VARIANT)
  .option('--cpus <list>', 'instances that run at once, one on each CPU, up to 64', '1,2,4,8,16,32,64')
  .option('--frames <list>', '2M frames that hold the shared pages, or counted: as in the run', '1,4,8,20,counted')
  .option('--touch <policy>', TOUCH)
  .option('--machine <word...>', `prices of zen3, skx, icx or default (default: default); ${MACHINE}`)
  .action(async (workloads, options) => finish((await ACTIONS.cost())(workloads, options)));

program
  .command('review')
  .description('show how the hunks of two variants differ, as written, beside the remarks that bear on the step')
  .argument(
    '[variant...]',
    'one: against its predecessor; two: the second against the first (default: the series). ' +
      'Or a diff (-: stdin) of the C sources of the kernel: where each function is restated, and what reaches it; ' +
      'or of core/ and variants/: its hunks, and the functions of the kernel that they restate',
  )
  .option('--patch <file[@base]>', 'a diff of core/ and variants/, whatever its name')
  .action(async (variants, options) => finish((await ACTIONS.review())(variants, options)));

program
  .command('findings')
  .description("run the reviewers' remarks, each on every variant; exit 1 if a cell is not as its source says")
  .argument('[id...]', 'findings by id, such as F6 (default: all)')
  .option('--variants <ids>', 'built-in variants to ask, comma-separated (default: all that the ledger names)')
  .option('--variant <file...>', `${OWN_VARIANT}: ask it too`)
  .option('--jobs <n>', JOBS)
  .action(async (ids, options) => finish((await ACTIONS.findings())(ids, options)));

withQuestionOptions(
  program
    .command('bisect')
    .description(
      'find the step of a series at which a finding, a verdict or a count changes (default: the five revisions)',
    ),
)
  .option('--series <path[@base]>', 'a folder of patches, a mailbox or a quilt series')
  .option('--rev <a..b[@base]>', 'the commits after a, up to b, along first parents')
  .option('--all', 'run every step of a series of more than 64, which is otherwise halved')
  .option('--no-cache', 'bundle patches again, and keep nothing')
  .action(async (options) => finish((await ACTIONS.bisect())(options)));

withQuestionOptions(
  program
    .command('bisect-step')
    .description(
      'test one commit for git bisect run: exit 0 if what is asked is not so, 1 if it is, 125 if it cannot be told',
    ),
).action(async (options) => finish((await ACTIONS['bisect-step']())(options)));

program.commandsGroup('Bring your own:');

program
  .command('import')
  .description('make a workload from a recording of your own system')
  .argument('<format>', 'strace, kdump or truss')
  .argument('<file>', 'what strace -f, kdump or truss -f wrote, gzipped or not; - is stdin')
  .option(
    '-o, --output <file>',
    'file to write: *.workload as workload text, *.gz gzipped (default: JSON lines on stdout)',
  )
  .option('--faults <file>', 'with strace: page faults, as printed by perf script')
  .option('--procstat <file>', 'with kdump and truss: the maps of processes, as printed by procstat -v')
  .option('--strict', 'exit 2 at the first line that is not understood')
  .action(async (format, file, options) => finish((await ACTIONS.import())(format, file, options)));

program
  .command('list')
  .description('list variants, workloads and machine settings, or the names that a revision of your own can use')
  .option('--seam', 'the members that a revision can change, and what each decides')
  .option('--counters', 'the statistics and counters, what each counts, and the kernel function that does')
  .option('--workload <name>', 'the text of a workload of the catalog')
  .option('--bases', "what a declaration can count by, as in '+1 per exit'")
  .action(async (options) => finish((await ACTIONS.list())(options)));

program.commandsGroup('Check the tool:');

program
  .command('conform')
  .description('check the simulated kernel against recorded answers of the real one')
  .argument('<kind>', 'pmap, vm, mmu or replay')
  .argument('<path...>', 'files or folders of recordings')
  .option('--variants <ids>', 'with pmap, vm and replay: built-in variants, comma-separated (default: all recorded)')
  .option('--jobs <n>', JOBS)
  .option('--traces <dir>', 'with replay: folder of the recorded programs (default: the built-in ones)')
  .action(async (kind, paths, options) => finish((await ACTIONS.conform())(kind, paths, options)));

program
  .command('bench')
  .description('measure how fast the revisions run, and how the simulated machine compares with C')
  .option('-t, --task <id...>', 'what to measure (default: everything)')
  .option('--variants <ids>', VARIANTS)
  .option('--variant <file...>', OWN_VARIANT)
  .option('--against <id>', 'the variant to compare the others with (default: landed, or the first variant without it)')
  .option('--rounds <n>', 'how often to measure each variant, in turn (default: 5)')
  .option('--time <ms>', 'how long to measure each time (default: 100)')
  .option('--no-native', 'leave out the C yardstick')
  .option('--contention', 'only threads with real locks on the cores of this machine, beside what cost foretells')
  .option('--strict', 'exit 1 if a target is missed, 4 if a result is inconclusive')
  .action(async (options) => finish((await ACTIONS.bench())(options)));

for (const command of program.commands) {
  const name = command.name();
  if (PATCHABLE.includes(name)) withPatchOptions(command);
  if (Object.hasOwn(FORMATS, name)) withFormats(command, FORMATS[name as keyof typeof FORMATS]);
  if (Object.hasOwn(EXAMPLES, name))
    command.addHelpText('after', examplesText(EXAMPLES[name as keyof typeof EXAMPLES]));
}

async function finish(code: Promise<number>): Promise<void> {
  process.exitCode = await code;
}

endWhenOutputFails(codeOf(EXIT_HARNESS));
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** One line on stderr, and the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : codeOf(EXIT_USAGE);
  process.stderr.write(`pmapdiff: ${(error as Error).message}\n`);
  return codeOf(error instanceof InputError ? EXIT_USAGE : EXIT_HARNESS);
}

/** An error is no answer: `git bisect run` would take most codes for that of a bad commit. */
function codeOf(code: number): number {
  return process.argv[2] === 'bisect-step' ? EXIT_SKIP : code;
}
