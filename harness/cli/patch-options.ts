/** The options that name patches, for every command that runs a variant. */
import type { Command } from 'commander';

/** Commands that can run a patch. */
export const PATCHABLE = ['compare', 'explain', 'trace', 'replay', 'probe', 'shares', 'findings', 'conform', 'bench'];

export function withPatchOptions(command: Command): Command {
  const each = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  // Of bench it is about targets.
  const hasStrict = command.options.some(({ long }) => long === '--strict');
  command
    .option(
      '--patch <file[@base]>',
      'a diff of core/ and variants/, - is stdin; base: whose hunks it runs (default: landed)',
      each,
    )
    .option('--rev <rev[@base]>', 'core/ and variants/ of a git revision', each)
    .option(
      '--series <path[@base]>',
      'a folder of patches, a mailbox or a quilt series, each on top of those before',
      each,
    )
    .option('--no-cache', 'bundle patches again, and keep nothing');
  return hasStrict ? command : command.option('--strict', 'exit 2 when a patch has a type error');
}
