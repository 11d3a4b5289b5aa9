import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadWorkload } from '../../../harness/input/load.ts';
import { packagePath } from '../../../harness/input/paths.ts';
import { CORPUS } from '../../../harness/workload/corpus/index.ts';
import { countOps } from '../../../harness/workload/counts.ts';
import type { TouchPolicy, Workload } from '../../../harness/workload/ops.ts';

/** Counts of the kernel's own replay: fixtures contain the corpus's part of ../shared/vectors/replay. */
interface Counted {
  ops: number;
  opsByKind: Record<string, number>;
  accessesByKind: Record<string, number>;
  files: number;
  leftOut: Record<string, number>;
}

const fixtures = JSON.parse(readFileSync(packagePath('test', 'fixtures', 'replay-counts.json'), 'utf8')) as Record<
  string,
  Counted
>;
const vectors = packagePath('..', 'shared', 'vectors', 'replay');
const traces = packagePath('..', 'shared', 'traces');

const counted = ({ ops, files, trace }: Workload): Counted => ({
  ...countOps(ops),
  files: files.length,
  leftOut: { ...trace!.leftOut },
});

describe('the corpus becomes the ops that the replay rule makes of it', () => {
  it.each(Object.keys(CORPUS))('%s, under both touch policies', async (name) => {
    for (const touch of ['recorded', 'exec'] as const) {
      expect(counted(await loadWorkload(name, { touch }))).toEqual(fixtures[`${name} ${touch}`]);
    }
  });

  it('never touches the shared page under never, and once in each exec or fork under all', async () => {
    const never = counted(await loadWorkload('pipe_one', { touch: 'never' }));
    const all = counted(await loadWorkload('pipe_one', { touch: 'all' }));
    expect(never.leftOut.touches).toBe(1);
    expect(all.ops - never.ops).toBe(7 + 6);
  });
});

describe.runIf(existsSync(vectors) && existsSync(traces))('every recorded program of ../shared', () => {
  it('becomes the same ops that the kernel ran', async () => {
    let summaries = 0;
    for (const file of readdirSync(vectors).filter((name) => name.endsWith('.json'))) {
      const { trace, touch, ...vector } = JSON.parse(readFileSync(`${vectors}/${file}`, 'utf8')) as Counted & {
        trace: string;
        touch: TouchPolicy;
      };
      const plain = `${traces}/${trace}.jsonl`;
      const workload = await loadWorkload(existsSync(plain) ? plain : `${plain}.gz`, { touch });
      const { ops, opsByKind, accessesByKind, files, leftOut } = vector;
      expect(counted(workload), file).toEqual({ ops, opsByKind, accessesByKind, files, leftOut });
      summaries++;
    }
    expect(summaries).toBeGreaterThan(0);
  });
});
