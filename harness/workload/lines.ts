/** Lines of a workload's text. */

/** The longest line that is read: in bytes for a file, in characters for a text. */
export const MAX_LINE = 2 ** 20;

/** Each line of a block, without its newline. */
export function* linesOf(block: string): Generator<string> {
  for (let at = 0; at < block.length;) {
    let end = block.indexOf('\n', at);
    if (end < 0) end = block.length;
    yield block.slice(at, end);
    at = end + 1;
  }
}
