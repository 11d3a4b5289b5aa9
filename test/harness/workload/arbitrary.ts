import fc from 'fast-check';
import { type Choice, type GenerateOptions, composeWorkload } from '../../../harness/workload/generate.ts';
import type { Workload } from '../../../harness/workload/ops.ts';
import { printWorkload } from '../../../harness/workload/text/print.ts';

const number = fc.nat({ max: 2 ** 31 - 1 });
const choice: fc.Arbitrary<Choice> = fc.record({
  verb: number,
  who: number,
  where: number,
  from: number,
  size: number,
  how: number,
});

/** A workload that shrinks by losing ops; a failure prints it as text to paste into a file. */
export interface TextWorkload {
  readonly workload: Workload;
  toString(): string;
}

const MACHINES = ['', 'pti=on', 'cpus=3', 'superpages=on ram=256M', 'cpus=2 pti=on pcid=off', 'lower-shared=on'];

/** Random workloads over several machines, or on the one machine given. */
export function workloads(options: GenerateOptions = {}): fc.Arbitrary<TextWorkload> {
  const machine = options.machine === undefined ? fc.constantFrom(...MACHINES) : fc.constant(options.machine);
  const choices = fc.array(choice, { minLength: 1, maxLength: options.choices ?? 60, size: 'max' });
  return fc.tuple(choices, machine).map(([made, machineLine]) => {
    const workload = composeWorkload(made, 'random', { ...options, machine: machineLine });
    const text = (): string => `\n${printWorkload(workload)}`;
    return { workload, toString: text, [fc.toStringMethod]: text };
  });
}
