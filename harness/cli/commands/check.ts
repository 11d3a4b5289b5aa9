/** Commands: what checks this program. */
import type { Command } from 'commander';
import { finish } from '../finish.ts';
import { JOBS, OWN_VARIANT, VARIANTS } from './words.ts';

export function defineCheck(program: Command): void {
  program.commandsGroup('Check the tool:');

  program
    .command('conform')
    .description('check the simulated kernel against recorded answers of the real one')
    .argument('<kind>', 'pmap, vm, mmu or replay')
    .argument('<path...>', 'files or folders of recordings')
    .option('--variants <ids>', 'with pmap, vm and replay: built-in variants, comma-separated (default: all recorded)')
    .option('--jobs <n>', JOBS)
    .option('--traces <dir>', 'with replay: folder of the recorded programs (default: the built-in ones)')
    .action(async (kind, paths, options) =>
      finish((await import('../conform.ts')).conformCommand(kind, paths, options)),
    );

  program
    .command('bench')
    .description('measure how fast the revisions run, and how the simulated machine compares with C')
    .option('-t, --task <id...>', 'what to measure (default: everything)')
    .option('--variants <ids>', VARIANTS)
    .option('--variant <file...>', OWN_VARIANT)
    .option(
      '--against <id>',
      'the variant to compare the others with (default: landed, or the first variant without it)',
    )
    .option('--rounds <n>', 'how often to measure each variant, in turn (default: 5)')
    .option('--time <ms>', 'how long to measure each time (default: 100)')
    .option('--no-native', 'leave out the C yardstick')
    .option('--contention', 'run only threads with real locks on this machine, compared with what cost predicts')
    .option('--strict', 'exit 1 if a target is missed, 4 if a result is inconclusive')
    .action(async (options) => finish((await import('../bench.ts')).benchCommand(options)));
}
