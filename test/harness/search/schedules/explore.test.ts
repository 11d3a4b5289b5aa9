import { describe, expect, it } from 'vitest';
import { explore } from '../../../../harness/search/schedules/explore.ts';
import { programOf } from '../../../../harness/search/schedules/program.ts';
import { STOP_POINTS } from '../../../../harness/workload/ops.ts';
import { parseWorkload } from '../../../../harness/workload/text/parse.ts';
import { pairOf } from '../pairs.ts';

const never = (): boolean => false;
const NAMES = 'abcdefgh';
export const sharers = (n: number): string => {
  const others = [...NAMES.slice(1, n)];
  return [
    'a: exec sh60',
    ...others.map((name) => `a: rfork mem -> ${name}`),
    'a: clock',
    ...['a', ...others].map((name) => `${name}: exit`),
    '',
  ].join('\n');
};

describe('x', () => {
  it.each([2, 3, 4, 5])(
    'n %i',
    async (n) => {
      const pair = pairOf('landed', 'vmspace-clear');
      const program = programOf(parseWorkload(sharers(n), 'w'), [STOP_POINTS.indexOf('refcnt-tested')]);
      const t = process.cpuUsage();
      const found = await explore(pair, program, {
        preemptions: Infinity,
        budget: 1e9,
        isStopped: never,
        progress: () => {},
      });
      const u = process.cpuUsage(t);
      console.log(
        n,
        found.runs,
        found.states,
        (u.user + u.system) / 1e6,
        JSON.stringify(
          found.classes.map(({ count, effort, outcome, moves }) => ({
            count,
            effort,
            outcome,
            moves: moves.map(({ process, points }) => process + (points.length ? '!' : '')).join(' '),
          })),
          null,
          1,
        ),
      );
      expect(1).toBe(1);
    },
    200000,
  );
});
