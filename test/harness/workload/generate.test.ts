import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countOps } from '../../../harness/workload/counts.ts';
import { composeWorkload, generateWorkload } from '../../../harness/workload/generate.ts';
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
      p1: exec bare
      p1: fork -> p2
      p1: exit 87
      p2/t: rfork mem -> p3
      p2: exec sh60
      p3: mmap anon 3p rw fixed 0x4003c00000
      p3: exit
      p2: wait p3
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
