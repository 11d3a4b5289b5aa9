/**
 * decode-make12: a recording's lines read, checked against their schemas and turned into ops. It was unpacked before.
 */
import { readBlocks } from '../../input/blocks.ts';
import { corpusPath } from '../../input/paths.ts';
import { TraceReader } from '../../workload/trace/read.ts';
import type { Prepared } from './prepared.ts';

const NAME = 'make12';

export async function prepareDecode(): Promise<Prepared> {
  const path = corpusPath(NAME);
  const blocks: string[] = [];
  for await (const block of readBlocks(path, () => ({ total: Infinity, expected: '' }))) blocks.push(block);
  const read = (): TraceReader => {
    const reader = new TraceReader(path);
    for (const block of blocks) reader.block(block);
    return reader;
  };
  return { ops: read().lines, batch: () => read().finish(NAME).ops.length };
}
