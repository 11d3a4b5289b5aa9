/** `pmapdiff import`: recordings of strace, kdump and truss as workloads. */
import { EXIT_OK } from '../compare/gate.ts';
import { IMPORT_FORMATS, type ImportOptions, importRecording } from '../input/import/import.ts';
import { importText } from '../report/import.ts';
import { UsageError, wordOf } from './errors.ts';

export interface ImportCommandOptions {
  readonly output?: string;
  readonly faults?: string;
  readonly procstat?: string;
  readonly strict?: boolean;
}

/** Writes the workload; what was not understood, put right or left out goes to stderr, by kind. */
export async function importCommand(text: string, file: string, options: ImportCommandOptions): Promise<number> {
  const { output = null, faults, procstat, strict } = options;
  const format = wordOf('import', text, IMPORT_FORMATS);
  if (faults !== undefined && format !== 'strace')
    throw new UsageError('import: --faults goes with strace only; kdump -t f shows its own');
  if (procstat !== undefined && format === 'strace')
    throw new UsageError('import: --procstat goes with kdump and truss only');
  const chosen: ImportOptions = { format, faults, procstat, strict };
  const counts = await importRecording(file, output === '-' ? null : output, chosen);
  process.stderr.write(importText(file, counts));
  return EXIT_OK;
}
