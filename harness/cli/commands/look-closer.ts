/** Commands: what shows one difference from nearby. */
import type { Command } from 'commander';
import { DEFAULT_CPUS, DEFAULT_FRAMES } from '../../cost/defaults.ts';
import { finish } from '../finish.ts';
import { withQuestionOptions } from '../patch-options.ts';
import { CANDIDATE, CHECK, JOBS, MACHINE, OWN_VARIANT, REVISION, TOUCH, WORKLOAD } from './words.ts';

export function defineLookCloser(program: Command): void {
  program.commandsGroup('Look closer:');

  program
    .command('explain')
    .description('break down the difference of a counter between two revisions into parts that add up exactly')
    .argument('[a]', `the reference: ${REVISION}`)
    .argument('[b]', CANDIDATE)
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
    .option(
      '--until <op>',
      'stop after this op, counted from 0, to explain a level such as residentCount at that point',
    )
    .option('--touch <policy>', TOUCH)
    .option('--machine <key=value...>', MACHINE)
    .action(async (a, b, options) => finish((await import('../explain.ts')).explainCommand(a, b, options)));

  program
    .command('trace')
    .description('find the first call into the pmap layer that differs between two revisions; show both machines there')
    .argument('[a]', `the reference: ${REVISION}`)
    .argument('[b]', CANDIDATE)
    .requiredOption('-w, --workload <name|file>', WORKLOAD)
    .option('--plane <name>', 'the kind of difference to find: outcome, calls, statistics or counters (default: any)')
    .option('--comparator <name>', 'exact, no-cost, or isomorphic (up to the numbers of frames and objects)', 'exact')
    .option('--touch <policy>', TOUCH)
    .option('--machine <key=value...>', MACHINE)
    .action(async (a, b, options) => finish((await import('../trace.ts')).traceCommand(a, b, options)));

  program
    .command('replay')
    .description(
      'run one workload through one revision and show what it did; exit 1 if an outcome is not the one after its =>, ' +
        'which is a finding about this revision',
    )
    .argument('<workload>', WORKLOAD)
    .option('--variant <id|file>', `${REVISION} (required, unless a patch is given)`)
    .option('--touch <policy>', TOUCH)
    .option('--trace', 'show every op with its calls into the pmap layer')
    .option('--check', CHECK)
    .action(async (workload, options) => finish((await import('../replay.ts')).replayCommand(workload, options)));

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
    .action(async (point, options) => finish((await import('../probe.ts')).probeCommand(point, options)));

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
    .action(async (options) => finish((await import('../shares.ts')).sharesCommand(options)));

  program
    .command('cost')
    .description(
      'model the time of counted events, and compare revisions on one CPU and on many: ranges only, never a gate',
    )
    .argument('[workload...]', 'built-in workloads by name, or files (default: fork-loop-touch)')
    .option('--variants <ids>', 'variants by name or file, comma-separated (default: landed,no-early-exit)')
    .option('--variant <file...>', OWN_VARIANT)
    .option('--cpus <list>', 'instances that run at once, one on each CPU, up to 64', DEFAULT_CPUS.join())
    .option('--frames <list>', 'how many 2M frames hold shared pages; counted: as in the run', DEFAULT_FRAMES.join())
    .option('--touch <policy>', TOUCH)
    .option('--machine <word...>', `processor to price: zen3, skx, icx or default (default: default); ${MACHINE}`)
    .action(async (workloads, options) => finish((await import('../cost.ts')).costCommand(workloads, options)));

  program
    .command('review')
    .description('show the source diff between the hunks of two variants, and the remarks that concern it')
    .argument(
      '[variant...]',
      'one: against its predecessor; two: the second against the first (default: the series). ' +
        'Or a diff (- for stdin) of kernel C sources: where core/ restates each function, and what reaches it; ' +
        'or of core/ and variants/: its hunks, and the functions of the kernel that they restate',
    )
    .option('--patch <file[@base]>', 'a diff of core/ and variants/, whatever its name')
    .action(async (variants, options) => finish((await import('../review.ts')).reviewCommand(variants, options)));

  program
    .command('findings')
    .description("run the reviewers' remarks, each on every variant; exit 1 if a cell contradicts its source")
    .argument('[id...]', 'findings by id, such as F6 (default: all)')
    .option('--variants <ids>', 'built-in variants to ask, comma-separated (default: all that the ledger names)')
    .option('--variant <file...>', `${OWN_VARIANT}: ask it too`)
    .option('--jobs <n>', JOBS)
    .action(async (ids, options) => finish((await import('../findings.ts')).findingsCommand(ids, options)));

  withQuestionOptions(
    program
      .command('bisect')
      .description(
        'find the step of a series at which a finding, a verdict or a count changes (default: the five revisions)',
      ),
  )
    .option('--series <path[@base]>', 'a folder of patches, a mailbox or a quilt series')
    .option('--rev <a..b[@base]>', 'the commits after a, up to b, along first parents')
    .option('--all', 'test every step, even of a series of more than 64 (by default, such a series is bisected)')
    .option('--no-cache', 'do not use or update the cache of bundled patches')
    .action(async (options) => finish((await import('../bisect.ts')).bisectCommand(options)));

  withQuestionOptions(
    program
      .command('bisect-step')
      .description(
        'test one commit for git bisect run: exit 0 if the condition is false, 1 if true, 125 if untestable',
      ),
  ).action(async (options) => finish((await import('../bisect.ts')).bisectStepCommand(options)));
}
