/**
 * `pmapdiff conform`: recorded answers of the real kernel, or of emulators, against the simulated machine.
 */
import { EXIT_FINDING, EXIT_HARNESS, EXIT_OK } from '../compare/gate.ts';
import type { ConformReport, Mismatch } from '../conform/report.ts';
import { UsageError } from './errors.ts';

/** Mismatches shown as text. */
const SHOWN = 20;

const KINDS: Readonly<
  Record<string, () => Promise<(paths: readonly string[]) => ConformReport | readonly ConformReport[]>>
> = {
  mmu: () => import('../conform/mmu.ts').then(({ conformMmu }) => conformMmu),
};

export async function conformCommand(
  kind: string,
  paths: readonly string[],
  options: { json?: boolean },
): Promise<number> {
  const load = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (load === undefined)
    throw new UsageError(`conform: expected ${Object.keys(KINDS).join(', ')}, got ${JSON.stringify(kind)}`);
  const answer = (await load())(paths);
  const reports = 'schema' in answer ? [answer] : answer;
  process.stdout.write(
    options.json ? `${JSON.stringify('schema' in answer ? answer : reports, null, 1)}\n` : reports.map(text).join(''),
  );
  if (reports.some(({ checked }) => checked === 0)) return EXIT_HARNESS;
  return reports.some(({ mismatches }) => mismatches.length > 0) ? EXIT_FINDING : EXIT_OK;
}

function text({ kind, variant, files, checked, mismatches }: ConformReport): string {
  const who = variant === undefined ? kind : `${kind}, ${variant}`;
  const head = `${who}: ${checked.toLocaleString('en-US')} answers in ${files} files, ${mismatches.length} mismatches\n`;
  const rest = mismatches.length > SHOWN ? `  … and ${mismatches.length - SHOWN} more\n` : '';
  return head + mismatches.slice(0, SHOWN).map(mismatchText).join('') + rest;
}

const mismatchText = ({ file, at, what, expected, got }: Mismatch): string =>
  `  ${file}, ${at}: ${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}\n`;
