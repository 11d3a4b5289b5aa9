/**
 * decode-make12: a recording's lines read, checked against their schemas and turned into ops. It was unpacked before.
 */
import { TraceReader } from '../../workload/trace/read.ts';
import type { Prepared } from './prepared.ts';

const NAME = 'make12';

/** blocks: the recording's text. */
export function prepareDecode(blocks: readonly string[]): Prepared {
  const read = (): TraceReader => {
    const reader = new TraceReader(NAME);
    for (const block of blocks) reader.block(block);
    return reader;
  };
  return { ops: read().lines, batch: () => read().finish(NAME).ops.length };
}
