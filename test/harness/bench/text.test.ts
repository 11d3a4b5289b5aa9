import { describe, expect, it } from 'vitest';
import type { BenchReport } from '../../../harness/bench/report.ts';
import { TASKS, taskById } from '../../../harness/bench/task.ts';
import { benchText, shownTime } from '../../../harness/report/bench.ts';

const range = (median: number) => ({ median, low: median * 0.9, high: median * 1.1 });

const report: BenchReport = {
  schema: 'pmapdiff.bench/1',
  node: 'v0.0.0',
  v8: { calls: ['--option'], workload: [] },
  rounds: 3,
  milliseconds: 60,
  against: 'landed',
  native: { kind: 'measured', compiler: 'cc -O2' },
  tasks: [
    {
      task: taskById('enter-remove-dense')!,
      noise: range(1),
      rows: [
        { kind: 'measured', variant: 'landed', time: range(50), ratio: null, speed: 'reference' },
        { kind: 'measured', variant: 'slow', time: range(100), ratio: range(2), speed: 'slower' },
        { kind: 'failed', variant: 'mine', message: 'took longer than 60 s' },
      ],
      native: {
        variant: 'landed',
        time: range(40),
        ratio: range(1.25),
        undisturbed: 1.2,
        aim: 1.4,
        reached: 'reached',
        sums: { variant: 9005, native: 9006 },
      },
    },
  ],
  memory: { variant: 'landed', from: 10_000, to: 1_000_000, bytesPerMapping: 32.4, slowdown: 1.1 },
};

describe('a bench report as text', () => {
  const text = benchText(report, { color: false });

  it('shows what it was measured with', () => {
    expect(text).toMatch(/^bench: Node v0\.0\.0, 3 rounds of 60 ms/);
    expect(text).toContain('Calls: node --option\n');
  });
  it('shows each column with its ratio, or why it has none', () => {
    expect(text).toMatch(/landed +50\.0 ns +reference/);
    expect(text).toMatch(/slow +100\.0 ns +2\.00 \(1\.80-2\.20\) +slower/);
    expect(text).toMatch(/mine +failed: took longer than 60 s/);
    expect(text).toContain('the reference against itself 1.00 (0.90-1.10)');
  });
  it('shows the yardstick, and sums that differ', () => {
    expect(text).toMatch(
      /50\.0 ns +40\.0 ns +1\.25 \(1\.13-1\.38\) +1\.20 +1\.4 +reached +differ: 9005 here, 9006 in C/,
    );
  });
  it('says why there is no yardstick', () => {
    const skipped = benchText(
      { ...report, native: { kind: 'skipped', why: 'no C compiler (cc) was found' } },
      { color: false },
    );
    expect(skipped).toContain('The C yardstick was skipped: no C compiler (cc) was found.');
    expect(skipped).not.toContain('40.0 ns');
  });
  it('shows the memory of a mapping', () => {
    expect(text).toContain('Memory, 10,000 to 1,000,000 mappings: 32.4 bytes a mapping');
  });
  it('has no colour unless asked', () => {
    expect(text).not.toContain('\u001B');
    expect(benchText(report, { color: true })).toContain('\u001B');
  });
});

describe('tasks', () => {
  it('have distinct names', () => {
    expect(new Set(TASKS.map(({ id }) => id)).size).toBe(TASKS.length);
  });
  it('show times in their unit', () => {
    expect(shownTime(12.34, taskById('extract')!)).toBe('12.3 ns');
    expect(shownTime(9876, taskById('exit-cycle')!)).toBe('9.88 us');
    expect(shownTime(198, taskById('remove-calls')!)).toBe('0.198 us');
    expect(shownTime(1000, taskById('replay-make12')!)).toBe('1,000,000/s');
  });
});
