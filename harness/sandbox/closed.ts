/**
 * Closes the realm of a process that runs a stranger's code: a patched core, a variant, or both. A bundle loads this
 * before everything else (bundle/column.ts), so that no line of theirs has run while Node can be reached.
 */
import { describeError } from '../run/describe.ts';
import * as host from './host.ts';

/** name of the stranger's file, given by the parent */
export const file = host.argument(0);

let thrown: string | null = null;

/** Tells the parent of an error that came outside of an answer: while the stranger's code loaded, or from a promise. */
export function refuse(error: unknown): void {
  thrown = describeError(error, file);
  host.send({ kind: 'refused', message: thrown });
}

/** What was thrown outside of an answer; null: nothing. */
export const refused = (): string | null => thrown;

export const realm = host.close();
host.onUncaught(refuse);
host.send({ kind: 'started' });
