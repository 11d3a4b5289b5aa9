import { InputError } from '../input-error.ts';

/** Bad usage: one line on stderr, nothing on stdout, exit 2. */
export class UsageError extends InputError {}
