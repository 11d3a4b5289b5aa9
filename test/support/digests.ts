/** Digests of a machine after every op of a workload, for tests. */
import { expect } from 'vitest';
import { Digester, KernelPanic, type Machine, MappedSpan, type Variant, machineFor } from '../../core/index.ts';
import { Interpreter } from '../../harness/run/interpreter.ts';
import { catalogText } from '../../harness/workload/catalog/index.ts';
import type { Workload } from '../../harness/workload/ops.ts';
import { headOf, pieceOf } from '../../harness/workload/pieces.ts';
import { parseWorkload } from '../../harness/workload/text/parse.ts';

let machine: Machine | null = null;

/** Runs a workload; calls `each` after every op, until a panic or `most` ops. */
export function afterEachOp(
  workload: Workload,
  variant: Variant,
  each: (m: Machine, op: number) => void,
  most = Infinity,
): void {
  const [head, piece] = [headOf(workload), pieceOf(workload)];
  const m = machineFor(machine, head.machine, variant.hunks);
  machine = m;
  const interpreter = new Interpreter(m, head, piece);
  let op = 0;
  try {
    for (const chunk of piece.chunks)
      for (let at = 0; at < chunk.code.length && op < most; at++) {
        interpreter.step(chunk, at);
        each(m, op++);
      }
  } catch (error) {
    if (!(error instanceof KernelPanic)) throw error;
  }
}

/** Digests, and what each address space maps. */
function seen(digester: Digester): unknown {
  const mapped = new MappedSpan();
  const counted: number[] = [];
  const digests = digester.take(mapped, () => counted.push(mapped.pages, mapped.excess));
  return { ...digests, counted };
}

/** What a digester that has followed the run says after each op is what a new one says, and what a walk counts. */
export function expectCurrent(workload: Workload, variant: Variant, most = Infinity): number {
  let kept: Digester | null = null;
  let ops = 0;
  afterEachOp(
    workload,
    variant,
    (m, op) => {
      kept ??= new Digester(m);
      const now = seen(kept);
      const walked = m.vmspaces.flatMap((vm) => {
        const mapped = new MappedSpan();
        mapped.take(m, vm, 0, Infinity);
        return [mapped.pages, mapped.excess];
      });
      const where = `${workload.name}, op ${op}`;
      expect(now, where).toEqual(seen(new Digester(m)));
      expect(now, where).toMatchObject({ counted: walked });
      ops++;
    },
    most,
  );
  return ops;
}

export const builtIn = (name: string): Workload => parseWorkload(catalogText(name), `${name}.workload`, name);
