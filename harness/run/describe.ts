/** Describes errors thrown by untrusted code. Uses nothing of the engine, which may be untrusted too. */
import { MAX_MESSAGE, shown } from './shown.ts';

/** A variant file that cannot be used. The message contains no path, only the file's own name. */
export class LoadError extends Error {}

/**
 * Formats an error as one line: `mine.ts:4: TypeError: …`. file: the name of the variant's file. Contains no directory,
 * so that output does not depend on the location. Never throws, whatever was thrown.
 */
export function describeError(error: unknown, file: string): string {
  try {
    if (error instanceof LoadError) return error.message;
    const said = error instanceof Error ? error : new Error(`threw ${String(error)}`);
    const [name, message, stack] = [said.name, said.message, said.stack ?? ''].map(String);
    const text = withoutDirectories(message.slice(0, 2 * MAX_MESSAGE).replaceAll(/\s*\n\s*/g, ' '));
    const kind = name === 'Error' || text.startsWith(name) ? '' : `${name}: `;
    return shown(`${placeIn(stack.slice(0, message.length + STACK), file)}: ${kind}${text}`);
  } catch {
    return `${file}: threw something that cannot be shown`;
  }
}

/** Characters of a stack, behind the message, in which the variant's file is looked for. */
const STACK = 10_000;

/**
 * `mine.ts:4` for the first stack frame in the variant's file, `mine.diff: core/pmap/remove.ts:12` if it is a patch; only
 * the name if there is none.
 */
function placeIn(stack: string, file: string): string {
  const at = stack.indexOf(`${file}:`);
  const line = at < 0 ? null : /^\d+/.exec(stack.slice(at + file.length + 1));
  if (line !== null) return `${file}:${line[0]}`;
  const patched = file.endsWith('.ts') ? null : /\b(?:core|variants)\/[\w/-]+\.ts:\d+/.exec(stack);
  return patched === null ? file : `${file}: ${patched[0]}`;
}

const withoutDirectories = (text: string): string =>
  text.replaceAll(/(?:file:\/\/)?(?:\/[^\s/:'"]+)+\/([^\s/:'"]+)/g, '$1');
