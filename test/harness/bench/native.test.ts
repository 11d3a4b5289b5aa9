import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { NativeMissing, Yardstick } from '../../../harness/bench/native.ts';
import { TASKS } from '../../../harness/bench/task.ts';
import { prepareTask } from '../../../harness/bench/tasks/index.ts';
import { landed } from '../../../variants/index.ts';

const hasCompiler = (): boolean => {
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

describe('the yardstick', () => {
  it('is missing, with an explanation, if there is no compiler', async () => {
    const compiled = Yardstick.compile('no-such-compiler');
    await expect(compiled).rejects.toThrow(NativeMissing);
    await expect(compiled).rejects.toThrow('no C compiler (no-such-compiler) was found');
  });

  it.runIf(hasCompiler())('adds up in every task what the simulator adds up', async () => {
    const yardstick = await Yardstick.compile();
    try {
      for (const { id } of TASKS.filter(({ native }) => native))
        expect([id, (await yardstick.measure(id, 1)).sum]).toEqual([id, prepareTask(id, landed, null, []).batch()]);
    } finally {
      yardstick.close();
    }
  });
});
