/** Recorded panics. */
import type { KernelPanic } from '../../core/panic.ts';

/** Assertions whose text does not name their function; no other function uses these words. */
const UNNAMED: Readonly<Record<string, string>> = {
  'freeing mapped page': 'vm_object_collapse_scan',
  'non-current pmap': 'pmap_remove_pages',
  'pmap active': 'pmap_remove_pages',
  'releasing active pmap': 'pmap_release',
};

/**
 * Does a panic match the recorded one? A recorded text starts with the function's name, or contains the reason only.
 * Pointers and lines are ignored.
 */
export function samePanic(recorded: string, { where, reason }: KernelPanic): boolean {
  const named = /^panic: ([a-z_][a-z0-9_]*): /.exec(recorded);
  if (named !== null) return named[1] === where;
  const text = recorded.replaceAll(/ 0x[0-9a-f]+/g, '');
  return text === `panic: ${reason}` && (UNNAMED[reason] ?? where) === where;
}
