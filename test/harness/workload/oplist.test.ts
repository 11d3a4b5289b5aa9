import { describe, expect, it } from 'vitest';
import { OpListBuilder } from '../../../harness/workload/oplist.ts';
import { CHUNK_OPS, OP_READ, opAt } from '../../../harness/workload/ops.ts';

describe('a list of ops', () => {
  it('holds more ops than a chunk, in order, with the last chunk trimmed', () => {
    const builder = new OpListBuilder();
    const count = CHUNK_OPS + 1000;
    for (let i = 0; i < count; i++) {
      builder.push(OP_READ, i, i * 4096, i + 1, 7 - i, i + 2, i % 7);
      if (i % 3 === 0) builder.markOrigin(2);
      if (i % 5 === 0) builder.markExpect(140);
    }
    const ops = builder.finish();
    expect(ops.length).toBe(count);
    expect(ops.chunks.map(({ code }) => code.length)).toEqual([CHUNK_OPS, 1000]);
    for (const i of [0, 1, 255, 256, 1024, CHUNK_OPS - 1, CHUNK_OPS, count - 1]) {
      expect(opAt(ops, i)).toEqual({
        code: OP_READ,
        origin: i % 3 === 0 ? 2 : 0,
        expect: i % 5 === 0 ? 140 : 0,
        base: i % 7,
        who: i,
        arg: 7 - i,
        line: i + 2,
        addr: i * 4096,
        len: i + 1,
      });
    }
    expect(() => opAt(ops, count)).toThrow(`op ${count}: the list has ${count} ops`);
  });

  it('of a few ops is small, and of a whole chunk has no empty one', () => {
    const few = new OpListBuilder();
    few.push(OP_READ, 0, 0, 1, 1, 1);
    expect(few.finish().chunks.map(({ addr }) => addr.length)).toEqual([1]);
    const whole = new OpListBuilder();
    for (let i = 0; i < CHUNK_OPS; i++) whole.push(OP_READ, 0, 0, 1, 1, 1);
    expect(whole.finish().chunks.map(({ addr }) => addr.length)).toEqual([CHUNK_OPS]);
  });

  it('copies ops with all of their marks', () => {
    const from = new OpListBuilder();
    from.push(OP_READ, 1, 2, 3, 4, 5, 6);
    from.markOrigin(3);
    from.markExpect(12);
    const op = opAt(from.finish(), 0);
    const to = new OpListBuilder();
    to.pushOp(op);
    expect(opAt(to.finish(), 0)).toEqual(op);
  });
});
