/** Long jobs, as many at a time as there are seats. */
import { availableParallelism } from 'node:os';

/** One for each processor. */
export const seats = <Seat>(make: () => Seat): Seat[] => Array.from({ length: availableParallelism() }, make);

/** What the job comes to for each, in their order. A seat does one job at a time. */
export async function seated<T, Seat, R>(
  all: readonly T[],
  at: readonly Seat[],
  job: (one: T, seat: Seat) => Promise<R>,
): Promise<R[]> {
  const left = [...all.entries()];
  const results: R[] = [];
  const take = async (seat: Seat): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) results[next[0]] = await job(next[1], seat);
  };
  await Promise.all(at.map(take));
  return results;
}
