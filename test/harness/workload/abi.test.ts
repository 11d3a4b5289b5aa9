import { describe, expect, it } from 'vitest';
import { opAt } from '../../../harness/workload/ops.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { printWorkload } from '../../../harness/workload/text/print.ts';

const TOP = 2 ** 47;

describe('the ABI of a program', () => {
  it.each([
    ['native', TOP - 0x1000, TOP],
    ['lowered', TOP - 0x2000, TOP - 0x1000],
    ['linux', TOP - 0x3000, TOP],
  ])('%s says where the shared page and the top are', (abi, shared, top) => {
    const text = `program x entries=1 abi=${abi}\na: exec x\na: read shared\na: munmap shared .. top\n`;
    const { ops } = parseWorkload(text, 'x');
    expect(opAt(ops, 1).addr).toBe(shared);
    expect(opAt(ops, 2).len).toBe(top - shared);
  });

  it('no-shared has the stack where others have it, and one entry less', () => {
    const text = 'program x entries=20 abi=no-shared\na: exec x\na: write stack-1p\na: clock\n';
    const { ops, programs } = parseWorkload(text, 'x');
    expect(opAt(ops, 1).addr).toBe(TOP - 0x2000);
    // The stack and its guard are one map.
    expect(programs[0]!.maps).toHaveLength(19);
    expect(() => parseWorkload('program x entries=1 abi=no-shared\n', 'x')).toThrow('expected at least');
  });

  it('is printed, along with its places', () => {
    const text =
      'program lin entries=60 abi=linux\na: exec lin\na: read shared\na: write stack-1p\na: fork -> b\nb: exec sh60\nb: read shared\nb: kmem-free\n';
    const parsed = parseWorkload(text, 'x');
    const again = parseWorkload(printWorkload(parsed), 'x');
    expect(again.programs).toEqual(parsed.programs);
    expect(printWorkload(parsed)).toContain('b: read shared\nb: kmem-free');
    for (let i = 0; i < parsed.ops.length; i++) expect(opAt(again.ops, i).addr).toBe(opAt(parsed.ops, i).addr);
  });

  it('other than native needs a plain machine', () => {
    expect(() => parseWorkload('machine la57=on\nprogram x abi=linux\n', 'x')).toThrow(
      "expected abi=native on a machine with la57 or lower-shared, found 'linux'",
    );
  });
});
