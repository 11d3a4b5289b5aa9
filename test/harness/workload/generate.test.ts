import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countOps } from '../../../harness/workload/counts.ts';
import { type GenerateOptions, composeWorkload, generateWorkload } from '../../../harness/workload/generate.ts';
import { OP_EXEC_FAIL, OP_EXIT, OP_NAMES, OP_SPAWN, opAt } from '../../../harness/workload/ops.ts';
import { printWorkload } from '../../../harness/workload/text/print.ts';
import { workloads } from './arbitrary.ts';

describe('generated workloads', () => {
  it('are the same for the same seed, and differ for others', () => {
    const texts = [1, 1, 2, 2 ** 40 + 1].map((seed) => printWorkload(generateWorkload(seed)));
    expect(texts[0]).toBe(texts[1]);
    expect(new Set(texts.map((text) => text.slice(text.indexOf('\n')))).size).toBe(3);
  });

  it('are the same everywhere: the text of seed 1 is', () => {
    expect(printWorkload(generateWorkload(1, { choices: 8 }))).toMatchInlineSnapshot(`
      "# random-1
      program small entries=5 guards=1 untouched=0 libs=0 text=2p data=4p bss=4p
      p1: exec bare
      p1: unref p1
      p1: mmap phys 16p rw shared fixed 0x4040400000
      p1: spawn small -> p2
      p1: stop vmspace0-active
      p1: exit
      p2: exec sh60
      p1: go
      p2: exit
      "
    `);
  });

  it('use every verb', () => {
    const verbs = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const { ops } = generateWorkload(seed, { choices: 200 });
      for (let i = 0; i < ops.length; i++) verbs.add(OP_NAMES[opAt(ops, i).code]);
    }
    expect(OP_NAMES.filter((name) => !verbs.has(name))).toEqual([]);
  });

  const textOf = (options: GenerateOptions): string => {
    const seeds = Array.from({ length: 40 }, (_one, seed) => seed);
    return seeds.map((seed) => printWorkload(generateWorkload(seed, { choices: 100, ...options }))).join('');
  };

  it('have regions in other tables of each level, with five levels in the other half too', () => {
    const highest = (machine: string): number =>
      Math.max(...[...textOf({ machine }).matchAll(/fixed (0x\w+)/g)].map(([, address]) => Number(address)));
    expect([highest(''), highest('la57=on')].map((address) => Math.floor(Math.log2(address)))).toEqual([40, 48]);
  });

  it('map over what was changed last, and right behind it', () => {
    expect(textOf({})).toMatch(/: mmap .* fixed 0x40\w*[1-9a-f]\w{3}$/m);
  });

  it('access what is gone', () => {
    expect(textOf({ machine: 'cpus=1' })).toMatch(/: munmap (0x\w+) .*\n(?:p.*\n){0,5}p.*: (?:read|write|run) \1/);
  });

  it('write what has become writable', () => {
    const none = { verb: 0, who: 0, where: 0, from: 0, size: 0, how: 0 };
    const start = none;
    const readOnly = { ...none, from: 3 + 8 * 2, how: 1 };
    const write = { ...none, verb: 3, how: 1 };
    const said = (...choices: readonly (typeof none)[]): string => printWorkload(composeWorkload(choices, 'x'));
    const verbs = Array.from({ length: 64 }, (_one, verb) => verb);
    const protect = {
      ...none,
      verb: verbs.find((verb) => said(start, readOnly, { ...none, verb }).includes(': mprotect 0x'))!,
    };
    expect(said(start, readOnly, write)).not.toContain(': write');
    expect(said(start, readOnly, protect, write)).toMatch(
      /: mmap anon 1p r fixed (0x\w+)\np1: mprotect \1 1p rw\np1: write \1/,
    );
  });

  it('do the same twice', () => {
    expect(textOf({})).toMatch(/^(p\d+.*: (?:msync|mlock|munmap) .*)\n\1$/m);
  });

  it('use memory that the break has added', () => {
    expect(textOf({})).toMatch(/: brk \+\d+p\n(?:.*\n){0,9}p.*: (?:write|mprotect|munmap) heap/);
  });

  it('go on after a fault, and look at everything before the last exits, if asked', () => {
    const [, second] = textOf({ signals: 'report', isLookedAt: true }).split('\n');
    expect(second).toBe('signals report');
    expect(textOf({ isLookedAt: true })).toMatch(/: snapshot\np\d+: exit\n/);
  });

  it('run on the first and the last of many CPUs, and where a set of CPUs has its halves', () => {
    const { actors } = generateWorkload(3, { machine: 'cpus=40', choices: 400 });
    expect([...new Set(actors.map(({ cpu }) => cpu))].toSorted((a, b) => a - b)).toEqual([0, 31, 32, 39]);
  });

  it('run on the requested machine, on all of its CPUs', () => {
    const { machine, actors } = generateWorkload(3, { machine: 'cpus=4 pti=on', choices: 200 });
    expect(machine).toMatchObject({ cpus: 4, pti: true });
    expect(new Set(actors.map(({ cpu }) => cpu)).size).toBe(4);
  });

  it('end with the exit of every process', () => {
    fc.assert(
      fc.property(workloads(), ({ workload }) => {
        const gone = new Set<number>();
        for (let i = 0; i < workload.ops.length; i++) {
          const op = opAt(workload.ops, i);
          if (op.code === OP_EXIT || (op.code === OP_EXEC_FAIL && op.len === 1))
            gone.add(workload.actors[op.who].process);
          if (op.code === OP_SPAWN && op.len < 0) gone.add(op.arg);
        }
        expect(gone.size).toBe(workload.processes.length);
      }),
      { numRuns: 100 },
    );
  });

  it('are still workloads when choices are removed', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), (numbers) => {
        const choices = numbers.map((n, i) => ({ verb: n, who: n + i, where: n, from: i, size: n, how: n * 7 }));
        expect(composeWorkload(choices, 'x').ops.length).toBeGreaterThanOrEqual(Math.min(1, choices.length));
      }),
    );
  });

  it('show themselves as text to paste when a property fails', () => {
    const failing = fc.check(
      fc.property(workloads({ machine: 'pti=on' }), ({ workload }) => countOps(workload.ops).ops < 3),
      { seed: 7 },
    );
    const [counterexample] = failing.counterexample!;
    expect(fc.stringify(counterexample)).toMatch(
      /^\n# random\nmachine pti=on\n(?:program old .+\n)?p1: exec \w+\np1: .+\np1: exit\n$/,
    );
  });
});
