/** The options that name patches, for every command that runs a variant. */
import type { Command } from 'commander';

/** Commands that can run a patch. */
export const PATCHABLE = [
  'compare',
  'page',
  'hunt',
  'schedules',
  'explain',
  'trace',
  'replay',
  'probe',
  'cost',
  'shares',
  'findings',
  'bisect-step',
  'conform',
  'bench',
];

export function withPatchOptions(command: Command): Command {
  const each = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  // bench has a --strict of its own, about missed targets.
  const hasStrict = command.options.some(({ long }) => long === '--strict');
  command
    .option(
      '--patch <file[@base]>',
      'a diff of core/ and variants/, - is stdin; base: the variant whose hunks it runs (default: landed)',
      each,
    )
    .option('--rev <rev[@base]>', 'core/ and variants/ of a git revision', each)
    .option(
      '--series <path[@base]>',
      'a folder of patches, a mailbox or a quilt series, each on top of those before',
      each,
    )
    .option('--no-cache', 'do not use or update the cache of bundled patches');
  return hasStrict ? command : command.option('--strict', 'exit 2 when a patch or a variant file has a type error');
}

/** What bisect asks of a step. */
export const withQuestionOptions = (command: Command): Command =>
  command
    .option('--finding <id>', 'condition: this finding shows, such as F6')
    .option('--verdict <name>', 'condition: some workload gets this verdict against the variant before the first step')
    .option('--what <counter[>n]>', 'a counter or statistic on one workload: its value, or whether it is above n')
    .option('-w, --workload <name|file...>', 'for --what (exactly one) and --verdict (default: all built-in ones)');
