/** `--shard I/N`: a part of a command's work, written to stdout for `merge`. */
import { once } from 'node:events';
import type { Chosen } from '../columns/chosen.ts';
import type { Column } from '../columns/column.ts';
import { isReadOnce } from '../input/source.ts';
import { type Asked, partText } from '../shard/part.ts';
import { type Shard, readShard } from '../shard/shard.ts';
import { UsageError, flagOf } from './errors.ts';
import { columnHash } from './saved.ts';

/** Options that say how an answer is judged or written: merge takes them. */
const OF_MERGE = {
  compare: 'failOn expect today requireExercised quiet junit markdown github'.split(' '),
  hunt: ['out'],
} as const satisfies Record<Asked['command'], readonly string[]>;
/** Options that need the whole answer: neither a shard nor merge takes them. */
const OF_WHOLE = ['save', 'baseline', 'suggest', 'html'];
/** Options that change nothing about the results. */
const NOT_ASKED = ['shard', 'jobs', 'json', 'queue', 'resume'];

type Options = Readonly<Record<string, unknown>>;

/** Null without --shard. Throws InputError. */
export function chooseShard(command: Asked['command'], options: object): Shard | null {
  const given = options as Options;
  if (given.shard === undefined) return null;
  const shard = readShard(given.shard as string);
  const isGiven = (option: string): boolean => given[option] !== undefined && given[option] !== false;
  const late = OF_MERGE[command].find(isGiven);
  if (late !== undefined)
    throw new UsageError(`${command} --shard: expected ${flagOf(late)} with merge, got it with --shard`);
  const whole = OF_WHOLE.find(isGiven);
  if (whole !== undefined)
    throw new UsageError(`${command} --shard: expected no ${flagOf(whole)}, which needs the whole answer`);
  const files = ['workload', 'patch', 'from'].flatMap(
    (option) => (given[option] as readonly string[] | undefined) ?? [],
  );
  const gone = files.find((file) => isReadOnce(file.replace(/@[^@]*$/, '')));
  if (gone !== undefined)
    throw new UsageError(`${command} --shard: expected files that merge can read too, got ${gone}`);
  return shard;
}

/** What a shard of this command was asked. */
export function askedOf(
  command: Asked['command'],
  options: object,
  {
    columns,
    chosen,
    jobs,
  }: { readonly columns: readonly Column[]; readonly chosen: readonly Chosen[]; readonly jobs: readonly string[] },
): Asked {
  const kept = Object.entries(options).filter(([name, value]) => value !== undefined && !NOT_ASKED.includes(name));
  return {
    command,
    options: Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    columns: columns.map(({ facts }, i) => ({ id: facts.id, hash: columnHash(facts, chosen[i]) })),
    jobs,
  };
}

/** Throws InputError if a column's code is not the code that the shards ran. */
export function refuseOtherColumns(asked: Asked, here: Asked): void {
  const other = asked.columns.find(({ id, hash }, i) => here.columns[i]?.id !== id || here.columns[i].hash !== hash);
  if (other !== undefined) throw new UsageError(`merge: expected ${other.id} as the shards ran it, got other code`);
}

export async function writePart(
  shard: Shard,
  asked: Asked,
  results: readonly (readonly [number, unknown])[],
): Promise<void> {
  if (!process.stdout.write(partText(shard, asked, results))) await once(process.stdout, 'drain');
}
