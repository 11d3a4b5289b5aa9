/** The loop that the price of a process life is about: the review's benchmark. */
import type { Profile } from '../run/record.ts';
import { type Counted, countedIn, wholeOf } from './measure.ts';

const ROUNDS = 10;
const ROUND = ['sh: fork -> child', 'child: write stack-1p', 'child: clock => ok', 'child: exit', 'sh: wait child'];

const loopOf = (round: readonly string[]): string => `sh: exec sh60\nrepeat ${ROUNDS}\n${round.join('\n')}\nend\n`;

/** A parent of 60 map entries forks children that write to their stack, touch the shared page and exit. */
export const TOUCHED_LOOP = loopOf(ROUND);

/** What one process life counted that a run consists of, from op `from` on. */
export const lifeFrom = (profile: Profile, from: number): Counted =>
  countedIn(profile, { ...wholeOf(profile), from })[0];

/** What the last round of a loop counted, when nothing is new any more. */
export function lastRound(profile: Profile): Counted {
  const to = profile.from.length - 2;
  const round = (to - 1) / ROUNDS;
  return countedIn(profile, { ...wholeOf(profile), from: to - round, to })[0];
}
