import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { writeAll } from '../../../harness/cli/output.ts';
import { Turns } from '../../../harness/process/turns.ts';
import { msOf, usageOf } from '../../../harness/process/usage.ts';

describe('turns', () => {
  it('let only so many work at once, in order, whatever fails', async () => {
    const turns = new Turns(2);
    const order: number[] = [];
    let working = 0;
    let most = 0;
    const work = async (i: number): Promise<void> => {
      most = Math.max(most, ++working);
      order.push(i);
      await new Promise(setImmediate);
      working--;
      if (i === 3) throw new Error('three');
    };
    const done = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => turns.take(() => work(i))));
    expect(done.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect([most, working]).toEqual([2, 0]);
    expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});

describe('what a process has used', () => {
  it('is told while it runs, and not afterwards', async () => {
    const child = spawn(process.execPath, ['-e', "console.log('up'); for (;;);"], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const before = usageOf(child.pid!)!;
    expect(before.residentBytes).toBeGreaterThan(2 ** 20);
    while (usageOf(child.pid!)!.cpuMs < before.cpuMs + 30) await new Promise(setImmediate);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    expect(usageOf(child.pid!)).toBeNull();
  });

  it.each([
    ['0:01.50', 1500],
    ['01:02:03', 3_723_000],
    ['2-00:00:01', 172_801_000],
  ])('is read from ps: %s', (time, ms) => {
    expect(msOf(time)).toBe(ms);
  });
});

describe('a file', () => {
  it('is written to its end, however little a write takes', () => {
    const bytes = Buffer.from('0123456789');
    const written: string[] = [];
    const some = (_fd: number, data: Uint8Array, from: number, length: number): number => {
      const taken = Math.min(3, length);
      written.push(Buffer.from(data).toString('utf8', from, from + taken));
      return taken;
    };
    writeAll(1, bytes, some as never);
    expect(written).toEqual(['012', '345', '678', '9']);
  });
});
