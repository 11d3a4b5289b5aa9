/** Commands: compare, hunt and schedules, and the machines that share their work. */
import type { Command } from 'commander';
import { STOP_POINTS } from '../../workload/ops.ts';
import { finish } from '../finish.ts';
import {
  CANDIDATE,
  CHECK,
  JOBS,
  MACHINE,
  OWN_VARIANT,
  QUEUE,
  RESUME,
  REVISION,
  SHARD,
  TOUCH,
  VARIANTS,
  WORKLOAD,
} from './words.ts';

/** How a comparison is judged and shown. */
const withJudging = (command: Command): Command =>
  command
    .option(
      '--require-exercised',
      'fail if a revision changes a member of the seam, or a function, that no workload reaches',
    )
    .option('--fail-on <verdicts>', 'unexpected verdicts that cause exit 1, comma-separated (default: all)')
    .option('--expect <file>', 'JSON list of the differences you expect, each with a reason and an expiry date')
    .option('--today <YYYY-MM-DD>', 'the date to check expiry against (default: today, UTC)')
    .option('--quiet', 'print only what is unexpected, and the summary (text only)')
    .addHelpText(
      'after',
      `
--expect takes {"schema": "pmapdiff.expect/1", "differences": [ ... ]}. Each difference has variant, workload, what,
reason and expires (YYYY-MM-DD). what is a statistic or counter, outcome, map, tables, panic or the name of an
invariant; the workload * is every workload. Entries that match nothing are reported.

If the reference's outcome of an op is not the one after its =>, the workload does not test what it claims: exit 3.`,
    );

/** What is compared, and how. */
const withComparison = (command: Command): Command =>
  withJudging(
    command
      .option('-w, --workload <name|file...>', 'built-in workloads by name, or files (default: all built-in ones)')
      .option('--variants <ids>', VARIANTS)
      .option('--variant <file...>', OWN_VARIANT)
      .option(
        '--against <id|previous>',
        'the variant to compare the others with, or previous: each with its predecessor ' +
          '(default: baseline, or the earliest variant if baseline is not compared)',
      )
      .option('--touch <policy>', TOUCH)
      .option('--machine <key=value...>', MACHINE),
  )
    .option('--save <file>', 'save the results, to compare later ones with (gzipped JSON)')
    .option(
      '--baseline <file>',
      'compare with saved results; exit 1 if one changed, or is missing because its workload or variant was not run',
    )
    .option('--time-limit <seconds>', 'minimum time limit per workload for your own revision (default: 10)')
    .option('--jobs <n>', JOBS)
    .option('--queue <url>', QUEUE)
    .option('--resume <file>', RESUME)
    .option('--check', CHECK);

export function defineCompare(program: Command): void {
  program.commandsGroup('Compare:');

  withComparison(
    program
      .command('compare')
      .description(
        'run workloads through revisions and show what differs (default: every workload, the five revisions)',
      ),
  )
    .option('--shard <i/n>', SHARD)
    .option('--html <file>', 'also write the comparison as an HTML page (see the page command)')
    .action(async (options) => finish((await import('../compare.ts')).compareCommand(options)));

  withComparison(
    program
      .command('page')
      .description(
        'write the comparison as one HTML file that includes the simulated machine: browse, step through and rerun it',
      ),
  )
    .requiredOption('-o, --output <file>', 'file to write; - is stdout')
    .option('--from <file>', 'show results of compare --save or --json; nothing is run, and the page has no machine')
    .action(async (options) => finish((await import('../compare.ts')).pageCommand(options)));

  program
    .command('hunt')
    .description(
      'search for workloads that distinguish two revisions, and reduce each to a minimal one; exit 1 if one is found',
    )
    .argument('[a]', `the reference: ${REVISION}`)
    .argument('[b]', CANDIDATE)
    .option('--runs <n>', 'random workloads to run (default: 20000; no limit with --seconds)')
    .option('--seconds <s>', 'stop searching after this time')
    .option('--seed <n>', 'random seed; the same seed gives the same results (default: 1)')
    .option(
      '--want <verdicts>',
      'what to look for, declared and known differences too: some of panic, invariant-broken, behavioural, latent, ' +
        'stat-only, cost-only, or any (default: what is neither declared nor known)',
    )
    .option('--from <name|file...>', 'do not search: reduce these workloads to minimal ones')
    .option('--out <dir>', 'write each find to this folder; finds that are already there are run first')
    .option('--no-catalog', 'do not run the built-in workloads first')
    .option('--jobs <n>', JOBS)
    .option('--shard <i/n>', `${SHARD}; a hunt is split into blocks of 20,000 runs`)
    .option('--queue <url>', QUEUE)
    .option('--resume <file>', RESUME)
    .action(async (a, b, options) => finish((await import('../hunt.ts')).huntCommand(a, b, options)));

  program
    .command('schedules')
    .description(
      'run the interleavings of a workload through two revisions and show the outcomes; exit 1 if one is unexpected. ' +
        'The setup keeps its written order: all ops before a second process acts, or before a call can stop beside one',
    )
    .argument('<workload>', WORKLOAD)
    .option('--variants <a,b>', 'the reference and the candidate, by name or file; or --patch, alone or after a')
    .option('--yield <points>', `where calls stop: some of ${STOP_POINTS.join(', ')}, or all`, 'refcnt-tested')
    .option('--preemptions <n>', 'at most n switches away from a process that could continue (default: no limit)')
    .option(
      '--budget <n>',
      'maximum number of runs: if it is too small for all interleavings, a random sample is run (default: 10000)',
    )
    .option('--seed <n>', 'random seed; the same seed draws the same schedules (default: 1)')
    .option('--out <dir>', 'write one of the simplest schedules of each outcome class to this folder')
    .option('--jobs <n>', JOBS)
    .action(async (workload, options) => finish((await import('../schedules.ts')).schedulesCommand(workload, options)));

  withJudging(
    program
      .command('merge')
      .description('merge the parts written by --shard into the output of the whole command, and exit with its code')
      .argument('<part...>', 'what each shard wrote to stdout')
      .option('--out <dir>', 'of a hunt: write finds to this folder'),
  ).action(async (parts, options) => finish((await import('../merge.ts')).mergeCommand(parts, options)));

  program
    .command('worker')
    .description('do jobs of compare --queue and hunt --queue, until stopped')
    .option('--queue <url>', QUEUE.replace('send the jobs to workers through', 'take jobs from'))
    .option('--jobs <n>', 'jobs at a time (default: the cores)')
    .addHelpText(
      'after',
      `
A worker runs code from the queue: variant files and patched cores, each in a process of its own, which has the limits
that compare gives it and can reach no file. Anyone who can write to the queue can run code here: hence a loopback
address, or TLS and a password. bullmq and ioredis are needed (npm install bullmq ioredis). A job holds no path; one of
another build, or larger or longer than it may be, is refused.`,
    )
    .action(async (options) => finish((await import('../worker.ts')).workerCommand(options)));
}
