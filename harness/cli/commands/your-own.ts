/** Commands: what a user brings, and the names to do it with. */
import type { Command } from 'commander';
import { finish } from '../finish.ts';

export function defineYourOwn(program: Command): void {
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
    .addHelpText(
      'after',
      `
Page faults on Linux:
  perf record -k CLOCK_REALTIME -e 'exceptions:page_fault_*' -o perf.data \\
    strace -f --absolute-timestamps=format:unix,precision:ns --syscall-times=ns -y \\
      -e trace=process,memory -o make.strace make -j2
  perf script -i perf.data --ns -F comm,pid,tid,cpu,time,event,trace > make.faults
  pmapdiff import strace make.strace --faults make.faults -o make.jsonl`,
    )
    .action(async (format, file, options) =>
      finish((await import('../import.ts')).importCommand(format, file, options)),
    );

  program
    .command('list')
    .description('list variants, workloads and machine settings, or the names that a revision of your own can use')
    .option('--seam', 'the members that a revision can change, and what each decides')
    .option('--counters', 'the statistics and counters: what each counts, and in which kernel function')
    .option('--workload <name>', 'the text of a workload of the catalog')
    .option('--bases', "what a declaration can count by, as in '+1 per exit'")
    .action(async (options) => finish((await import('../list.ts')).listCommand(options)));
}
