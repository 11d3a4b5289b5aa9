#!/usr/bin/env node
/**
 * The command line. Every command imports its machinery when it runs, so that --help answers at once.
 *
 * Exit codes: 0 nothing unexpected, 1 finding or regression, 2 usage or bad input, 3 the harness failed or nothing was
 * run, 4 inconclusive (with --strict), 130 interrupted.
 */
import { Command, CommanderError } from 'commander';
import { withFormats } from './cli/answer.ts';
import { endWhenOutputFails } from './cli/output.ts';
import { InputError } from './input-error.ts';
import { FORMATS } from './report/formats.ts';

const EXIT_USAGE = 2;
const EXIT_HARNESS = 3;

const program = new Command('pmapdiff')
  .description('What each revision of a kernel patch counts, breaks and costs, on the same workloads.')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replaceAll(/\n(?=.)/g, ' ')) })
  .showSuggestionAfterError()
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
  replay: () => import('./cli/replay.ts').then(({ replayCommand }) => replayCommand),
  conform: () => import('./cli/conform.ts').then(({ conformCommand }) => conformCommand),
  list: () => import('./cli/list.ts').then(({ listCommand }) => listCommand),
  findings: () => import('./cli/findings.ts').then(({ findingsCommand }) => findingsCommand),
  review: () => import('./cli/review.ts').then(({ reviewCommand }) => reviewCommand),
  explain: () => import('./cli/explain.ts').then(({ explainCommand }) => explainCommand),
  trace: () => import('./cli/trace.ts').then(({ traceCommand }) => traceCommand),
  shares: () => import('./cli/shares.ts').then(({ sharesCommand }) => sharesCommand),
  probe: () => import('./cli/probe.ts').then(({ probeCommand }) => probeCommand),
  bench: () => import('./cli/bench.ts').then(({ benchCommand }) => benchCommand),
  import: () => import('./cli/import.ts').then(({ importCommand }) => importCommand),
};

program
  .command('compare')
  .description('run workloads through revisions and say what differs; everything there is by default')
  .option('-w, --workload <name|file...>', 'workloads of the catalog or the corpus, or files')
  .option('--variants <ids>', 'revisions and experiments by name, comma-separated (default: the five revisions)')
  .option('--variant <file...>', 'your own revision: a TypeScript file; more names of variants')
  .option('--against <id|previous>', 'what each is compared with (default: baseline)')
  .option('--touch <policy>', 'who reads the shared page in recordings: recorded, exec, never, all')
  .option('--machine <key=value...>', MACHINE)
  .option('--require-exercised', 'fail when a changed member was never reached')
  .option('--fail-on <verdicts>', 'unexpected verdicts that make exit 1, comma-separated (default: all)')
  .option('--expect <file>', 'differences that you expect, each with a reason and a day on which it expires')
  .option('--today <YYYY-MM-DD>', "the day that expiry is compared with (default: the system's)")
  .option('--time-limit <seconds>', 'least wall limit for one workload of a variant file (default: 10)')
  .option(
    '--check',
    'check every invariant after each op (workloads of 20,000 ops or more: at process exits and the end)',
  )
  .action(async (options) => finish((await ACTIONS.compare())(options)));

program
  .command('replay')
  .description('run one workload through one revision and show what it did')
  .argument('<workload>', 'a name of the catalog or the corpus, or a file')
  .requiredOption('--variant <id|file>', 'the revision')
  .option('--touch <policy>', 'who reads the shared page in a recording: recorded, exec, never, all')
  .option('--machine <key=value...>', MACHINE)
  .option('--trace', 'every op with the calls that it made into the pmap layer')
  .option('--check', 'check every invariant after each op (20,000 ops or more: at process exits and the end)')
  .action(async (workload, options) => finish((await ACTIONS.replay())(workload, options)));

program
  .command('explain')
  .description('what the difference of any counter between two revisions consists of, adding up exactly')
  .argument('<a>', 'the reference: a revision by name, or a file')
  .argument('<b>', 'the candidate')
  .requiredOption('-w, --workload <name|file>', 'a workload of the catalog or the corpus, or a file')
  .option('--counter <name>', 'one counter or statistic, with all its groups (default: all that differ)')
  .option('--by <list>', 'how to group: op, process, kind, place, stack, call (default: op,process,stack)')
  .option('--until <op>', 'only ops 0 to this one: what a level, such as residentCount, consists of there')
  .option('--touch <policy>', 'who reads the shared page in a recording: recorded, exec, never, all')
  .option('--machine <key=value...>', MACHINE)
  .action(async (a, b, options) => finish((await ACTIONS.explain())(a, b, options)));

program
  .command('trace')
  .description('the calls of two revisions into the pmap layer, where they first part, and both machines there')
  .argument('<a>', 'the reference: a revision by name, or a file')
  .argument('<b>', 'the candidate')
  .requiredOption('-w, --workload <name|file>', 'a workload of the catalog or the corpus, or a file')
  .option('--comparator <name>', 'exact, no-cost or isomorphic: up to the numbers of frames and objects', 'exact')
  .option('--touch <policy>', 'who reads the shared page in a recording: recorded, exec, never, all')
  .option('--machine <key=value...>', MACHINE)
  .action(async (a, b, options) => finish((await ACTIONS.trace())(a, b, options)));

program
  .command('probe')
  .description('what dtrace would print of a run: pmap_remove calls by stack and by resident_count == 0')
  .argument('<point>', 'pmap_remove:entry')
  .option('--by <list>', 'stack; empty: resident_count == 0 at entry; early: left at the first test')
  .option('-w, --workload <name|file...>', 'workloads of the catalog or the corpus, or files (default: make12)')
  .option('--variant <id|file>', 'the revision (default: baseline)')
  .option('--touch <policy>', 'who reads the shared page in a recording: recorded, exec, never, all')
  .option('--machine <key=value...>', MACHINE)
  .addHelpText(
    'after',
    `
From toplevel-accounting on resident_count counts the top-level pages: taken literally, == 0 then holds for no user
pmap, though the later revisions do leave early. So group by early as well; that is the default.`,
  )
  .action(async (point, options) => finish((await ACTIONS.probe())(point, options)));

program
  .command('shares')
  .description(
    "which share of a recording's pmap_remove calls leaves early, by kind of process and who touches the page",
  )
  .option('-w, --workload <name|file...>', 'recordings of the corpus, or files (default: make12)')
  .option('--variant <id|file>', 'the revision (default: baseline)')
  .option('--touch <policies>', 'some of recorded, exec, never, all, comma-separated (default: recorded,exec)')
  .option('--machine <key=value...>', MACHINE)
  .action(async (options) => finish((await ACTIONS.shares())(options)));

program
  .command('conform')
  .description('hold the simulated kernel against recorded answers of the real one')
  .argument('<kind>', 'pmap, vm, mmu or replay')
  .argument('<path...>', 'folders or files of recordings')
  .option('--variants <ids>', 'with pmap, vm and replay: revisions by name, comma-separated (default: all recorded)')
  .option('--traces <dir>', 'with replay: folder of the recorded programs (default: the corpus)')
  .action(async (kind, paths, options) => finish((await ACTIONS.conform())(kind, paths, options)));

program
  .command('findings')
  .description("the reviewers' remarks: finding by variant; fails if a cell is not as its source says")
  .action(async (options) => finish((await ACTIONS.findings())(options)));

program
  .command('review')
  .description('the hunks of two variants side by side, as written, beside the remarks that bear on the step')
  .argument('[variant...]', 'one: after its predecessor; two: the second after the first (default: the series)')
  .action(async (variants, options) => finish((await ACTIONS.review())(variants, options)));

program
  .command('bench')
  .description('how fast revisions are, and how fast the machine is beside C; says so when it cannot tell')
  .option('-t, --task <id...>', 'what to measure (default: everything)')
  .option('--variants <ids>', 'revisions and experiments by name, comma-separated (default: the five revisions)')
  .option('--variant <file...>', 'your own revision: a TypeScript file; more names of variants')
  .option('--against <id>', 'what each is compared with (default: landed)')
  .option('--rounds <n>', 'how often each is measured, in turn (default: 5)')
  .option('--time <ms>', 'for how long each time (default: 100)')
  .option('--no-native', 'without the C yardstick')
  .option('--strict', 'exit 1 if an aim is missed, 4 if something is inconclusive')
  .action(async (options) => finish((await ACTIONS.bench())(options)));

program
  .command('import')
  .description('make a workload from a recording of your own system')
  .argument('<format>', 'strace or kdump')
  .argument('<file>', 'what strace -f -o or kdump wrote, gzipped or not')
  .option('-o, --output <file>', 'where to; *.workload and *.gz by name (default: JSON lines on stdout)')
  .option('--faults <file>', 'with strace: page faults, from perf script')
  .option('--procstat <file>', 'with kdump: the maps of processes, from procstat -v')
  .option('--strict', 'exit 2 at the first line that is not understood')
  .action(async (format, file, options) => finish((await ACTIONS.import())(format, file, options)));

program
  .command('list')
  .description('variants, workloads and the settings of a machine')
  .action(async (options) => finish((await ACTIONS.list())(options)));

for (const command of program.commands)
  if (Object.hasOwn(FORMATS, command.name())) withFormats(command, FORMATS[command.name() as keyof typeof FORMATS]);

async function finish(code: Promise<number>): Promise<void> {
  process.exitCode = await code;
}

endWhenOutputFails(EXIT_HARNESS);
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** One line on stderr, and the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  process.stderr.write(`pmapdiff: ${(error as Error).message}\n`);
  return error instanceof InputError ? EXIT_USAGE : EXIT_HARNESS;
}
