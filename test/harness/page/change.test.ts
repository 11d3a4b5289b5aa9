/** The code that a page shows of two patches: what differs between them, not what they have in common. */
import { describe, expect, it } from 'vitest';
import { changedSources, patchBlocks } from '../../../harness/cli/review-patch.ts';
import { shippedText } from '../../../harness/patch/sources.ts';

const REMOVE = 'core/pmap/remove.ts';
const PROTECT = 'core/pmap/protect.ts';
/** A source with a line behind its last one. */
const longer = (file: string, line: string): string => `${shippedText(file)}${line}\n`;

describe('two patches of a series', () => {
  const first = new Map([[REMOVE, longer(REMOVE, 'export const FIRST = 1;')]]);
  const second = new Map([...first, [PROTECT, longer(PROTECT, 'export const SECOND = 2;')]]);

  it('differ in what the second adds', () => {
    const sources = changedSources(first, second);
    expect(sources.map(({ file }) => file)).toEqual([PROTECT]);
    const [block, ...more] = patchBlocks(sources);
    expect(more).toEqual([]);
    expect(block!.members).toEqual([expect.stringMatching(/^core\/pmap\/protect.ts:\d+$/), 'SECOND']);
    expect(block!.lines.filter(({ sign }) => sign !== ' ')).toEqual([{ sign: '+', text: 'export const SECOND = 2;' }]);
  });

  it('differ the other way round in what it takes away', () => {
    const [block] = patchBlocks(changedSources(second, first));
    expect(block!.lines.filter(({ sign }) => sign !== ' ')).toEqual([{ sign: '-', text: 'export const SECOND = 2;' }]);
  });

  it('differ from what is shipped in all that they change, and not from themselves', () => {
    expect(changedSources(null, second).map(({ file }) => file)).toEqual([PROTECT, REMOVE]);
    expect(changedSources(second, new Map(second))).toEqual([]);
  });
});
