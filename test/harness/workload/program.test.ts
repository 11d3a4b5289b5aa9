import { describe, expect, it } from 'vitest';
import { FileTable } from '../../../harness/workload/files.ts';
import { DEFAULT_MACHINE, addressLayout } from '../../../harness/workload/machine.ts';
import type { Program } from '../../../harness/workload/ops.ts';
import { type ProgramKeys, buildProgram, completeSpec, specProblem } from '../../../harness/workload/program.ts';

const layout = addressLayout(DEFAULT_MACHINE);
const build = (keys: ProgramKeys): Program => buildProgram(completeSpec('x', keys), layout, new FileTable());

/** Number of map entries that the kernel makes: the stack is a guard and an entry, the shared page one more. */
function entriesOf({ maps, touched }: Program): {
  entries: number;
  guards: number;
  untouched: number;
  objects: number;
} {
  const touchedAt = (start: number, len: number): boolean =>
    touched.some((touch) => touch.start >= start && touch.start < start + len);
  const stacks = maps.filter(({ kind }) => kind === 'stack').length;
  const guards = maps.filter(({ kind }) => kind === 'guard').length + stacks;
  const untouched = maps.filter(({ kind, start, len }) => kind === 'anon' && !touchedAt(start, len)).length;
  const entries = maps.length + stacks + 1;
  return { entries, guards, untouched, objects: entries - guards - untouched };
}

describe('a program', () => {
  it('sh60 has the 60 entries of the worked example: 4 guards, 4 untouched, 52 with an object', () => {
    const sh60 = build({ entries: 60, guards: 4, untouched: 4 });
    expect(entriesOf(sh60)).toEqual({ entries: 60, guards: 4, untouched: 4, objects: 52 });
    expect(sh60.spec.libs).toBe(9);
  });

  it.each([
    [0, 10],
    [1, 22],
    [4, 36],
    [9, 59],
    [20, 111],
  ])('of %i libraries has 17 + 4.7 entries for each, or 10 when it is static: %i', (libs, entries) => {
    expect(entriesOf(build({ libs }))).toMatchObject({ entries });
  });

  it('has the requested entries, guards and untouched ones, for any numbers', () => {
    for (let entries = 5; entries <= 120; entries++) {
      for (const [guards, untouched, libs] of [
        [1, 0, 0],
        [2, 1, 0],
        [1, 0, 1],
        [4, 4, 3],
        [9, 2, 9],
        [1, 12, 5],
      ]) {
        const spec = completeSpec('x', { entries, guards, untouched, libs });
        if (specProblem(spec) !== null) continue;
        const program = buildProgram(spec, layout, new FileTable());
        expect(entriesOf(program)).toMatchObject({ entries, guards, untouched });
      }
    }
  });

  it('has the layout without ASLR: text at 0x200000, rtld 32G above the data, the stack below the shared page', () => {
    const { maps, text, data, heap } = build({ libs: 4 });
    expect(maps[0].start).toBe(0x200000);
    expect(text).toBe(0x208000);
    const rtld = maps.find(({ start }) => start > 2 ** 32)!;
    expect(rtld.start).toBe(data + 2 ** 35);
    expect(maps.filter(({ start, len }) => start + len === heap)).toHaveLength(1);
    const stack = maps.at(-1)!;
    expect(stack).toMatchObject({ kind: 'stack', len: 2 ** 29 });
    expect(stack.start + stack.len).toBe(layout.sharedPage);
  });

  it('has ascending maps that do not overlap and that the kernel would not merge', () => {
    const { maps } = build({ entries: 100, guards: 20, untouched: 20, libs: 8 });
    for (let i = 1; i < maps.length; i++) {
      const [before, after] = [maps[i - 1], maps[i]];
      const end = before.start + before.len;
      expect(end).toBeLessThanOrEqual(after.start);
      const alike = before.kind === after.kind && before.file === after.file && before.prot === after.prot;
      expect(end === after.start && alike).toBe(false);
    }
  });

  it('never touches the shared page, or what it has no right to', () => {
    const { maps, touched } = build({ entries: 60, guards: 4, untouched: 4 });
    for (const { start, pages, access } of touched) {
      const map = maps.find((one) => start >= one.start && start + pages * 4096 <= one.start + one.len)!;
      expect(map.prot & access).toBe(access);
    }
    expect(Math.max(...touched.map(({ start, pages }) => start + pages * 4096))).toBe(layout.sharedPage);
  });

  it('with one entry is the shared page alone', () => {
    expect(build({ entries: 1 })).toMatchObject({ maps: [], touched: [], text: 0, data: 0, heap: 0 });
  });

  it('shares its libraries with other programs', () => {
    const files = new FileTable();
    buildProgram(completeSpec('x', { libs: 3 }), layout, files);
    buildProgram(completeSpec('y', { libs: 2 }), layout, files);
    expect(files.files.map(({ name }) => name)).toEqual(['x', 'rtld', 'lib1', 'lib2', 'lib3', 'y']);
  });
});
