import { describe, expect, it } from 'vitest';
import { JOBS } from '../../../harness/pool/jobs.ts';
import { type JobName, poolOf } from '../../../harness/pool/pool.ts';
import { schedulerIn } from '../../../harness/pool/scheduler.ts';
import { type Searched, searchSchedules } from '../../../harness/search/schedules/search.ts';
import { type Scheduler, schedulerHere } from '../../../harness/search/schedules/work.ts';
import { UNEXPECTED, pairOf } from '../search/pairs.ts';
import { REFCNT_TESTED, never, program, sharers } from '../search/schedules/programs.ts';

/** Does jobs in this thread; what goes to another one is copied, and so is what comes back. */
function poolHere(stop: AbortController, most: number) {
  const done: JobName[] = [];
  const pool = poolOf(
    async (name, job, signal) => {
      if (done.length === most) stop.abort();
      signal!.throwIfAborted();
      done.push(name);
      const work = JOBS[name] as (one: unknown) => Promise<unknown>;
      return structuredClone(await work(structuredClone(job))) as never;
    },
    async () => {},
  );
  return { pool, done };
}

const pair = () => pairOf('landed', 'vmspace-clear', UNEXPECTED);
const text = sharers(3);

const searchWith = (scheduler: Scheduler, budget: number, isStopped = never): Promise<Searched> =>
  searchSchedules(scheduler, {
    points: REFCNT_TESTED,
    preemptions: Infinity,
    budget,
    seed: 1,
    isStopped,
    progress: () => {},
  });

const columns = ['landed', 'vmspace-clear'] as const;
const spec = { columns, want: UNEXPECTED, name: 'w', text, points: REFCNT_TESTED };

/** What is found, and the names of the jobs that it took. */
async function searchInPool(budget: number, most = Infinity) {
  const stop = new AbortController();
  const { pool, done } = poolHere(stop, most);
  const how = { pair: pair(), program: program(text), spec, signal: stop.signal };
  const found = await searchWith(schedulerIn(pool, how), budget, () => stop.signal.aborted);
  return { found, jobs: [...new Set(done)].toSorted() };
}

describe('a search of schedules in a pool', () => {
  it.each([
    ['all are run', 10_000, ['ease', 'follow']],
    ['some are drawn', 90, ['draw', 'ease', 'follow']],
  ])('finds the same, where %s', async (_what, budget, jobs) => {
    const here = await searchWith(schedulerHere(pair(), program(text), never), budget);
    const there = await searchInPool(budget);
    expect(there.found).toEqual(here);
    expect(there.jobs).toEqual(jobs);
    expect(here.classes).toHaveLength(2);
  });

  it('has whole schedules run elsewhere too', async () => {
    const serial = [0, 1, 2].flatMap((process) => [
      { process, points: REFCNT_TESTED, isVoid: false },
      { process, points: [], isVoid: false },
    ]);
    const outcomes = await schedulerHere(pair(), program(text), never).end([serial]);
    expect(outcomes[0]!.sides[0].early).toBeGreaterThan(2);
    expect(await JOBS.finish({ ...spec, all: [serial] })).toEqual(outcomes);
  });

  it('keeps what it has when it is stopped', async () => {
    const { found } = await searchInPool(10_000, 1);
    expect([found.isComplete, found.classes.length]).toEqual([false, 1]);
  });
});
