import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { foretell } from '../../../harness/bench/contention.ts';
import { NativeMissing, NativeProgram } from '../../../harness/bench/native.ts';
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
    const compiled = NativeProgram.compile('yardstick', 'no-such-compiler');
    await expect(compiled).rejects.toThrow(NativeMissing);
    await expect(compiled).rejects.toThrow('no C compiler (no-such-compiler) was found');
  });

  it.runIf(hasCompiler())('adds up in every task what the simulator adds up', async () => {
    const yardstick = await NativeProgram.compile('yardstick');
    try {
      for (const { id } of TASKS.filter(({ native }) => native))
        expect([id, (await yardstick.measure(id, 1)).sum]).toEqual([id, prepareTask(id, landed, null, []).batch()]);
    } finally {
      yardstick.close();
    }
  });
});

describe('instances with real locks', () => {
  it.runIf(hasCompiler())('live, and refuse what they cannot do', async () => {
    const program = await NativeProgram.compile('contend');
    try {
      expect(await program.contend(['lives', 1, 20, 4, 1000, 51, 284, 53])).toBeGreaterThan(1000);
      expect(await program.contend(['line', 1, 5])).toBeGreaterThan(0);
      await expect(program.contend(['lives', 0, 20, 4, 1000, 51, 284, 53])).rejects.toThrow('got exit');
    } finally {
      program.close();
    }
  });

  const parts = { own: 1000, holds: 200, call: 10, line: 2, transfer: 8 };

  it('are foretold in one thread as the sum of their parts', () => {
    for (const frames of [1, 4]) expect(1 / foretell(parts, 10, 53, 1, frames)).toBeCloseTo(1000 + 200 + 530, 9);
  });

  it('are foretold to wait for each other the more, the fewer the locks', () => {
    const [one, four] = [1, 4].map((frames) => foretell(parts, 10, 1, 2, frames));
    expect(one).toBeLessThan(four!);
    expect(four).toBeLessThan(2 * foretell(parts, 10, 1, 1, 4));
    expect(foretell({ ...parts, transfer: 0, holds: 0, line: 0 }, 10, 1, 2, 1)).toBeCloseTo(2 / 1010, 12);
  });
});
