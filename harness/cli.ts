#!/usr/bin/env node
/**
 * The command line. Every command imports its machinery when it runs, so that --help answers at once.
 *
 * Exit codes: 0 nothing unexpected, 1 finding or regression, 2 usage or bad input, 3 the harness failed, nothing was
 * run, a run ended early or an expectation was missed, 4 inconclusive (with --strict), 130 interrupted.
 */
import { Command, CommanderError } from 'commander';
import about from '../package.json' with { type: 'json' };
import { withFormats } from './cli/answer.ts';
import { defineCheck } from './cli/commands/check.ts';
import { defineCompare } from './cli/commands/compare.ts';
import { defineLookCloser } from './cli/commands/look-closer.ts';
import { defineYourOwn } from './cli/commands/your-own.ts';
import { EXIT_SKIP } from './cli/errors.ts';
import { EXAMPLES, examplesText } from './cli/examples.ts';
import { endWhenOutputFails } from './cli/output.ts';
import { PATCHABLE, withPatchOptions } from './cli/patch-options.ts';
import { InputError } from './input-error.ts';
import { FORMATS } from './report/formats.ts';

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
  3 the harness failed, nothing was run, a run ended early, or an expectation
  (=>) was missed, 4 inconclusive (--strict), 130 interrupted`,
  );

defineCompare(program);
defineLookCloser(program);
defineYourOwn(program);
defineCheck(program);

for (const command of program.commands) {
  const name = command.name();
  if (PATCHABLE.includes(name)) withPatchOptions(command);
  if (Object.hasOwn(FORMATS, name)) withFormats(command, FORMATS[name as keyof typeof FORMATS]);
  if (Object.hasOwn(EXAMPLES, name))
    command.addHelpText('after', examplesText(EXAMPLES[name as keyof typeof EXAMPLES]));
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
