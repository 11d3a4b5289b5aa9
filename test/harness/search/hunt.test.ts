import { describe, expect, it } from 'vitest';
import { type Hunks, type Machine, type Proc, type Variant, defineVariant } from '../../../core/index.ts';
import { runColumn } from '../../../harness/columns/column.ts';
import {
  type Find,
  type Hunted,
  type Hunter,
  type Stretch,
  hunt,
  huntKnown,
  huntStretch,
  hunterHere,
  joinStretches,
  minimise,
  reduceAll,
  stretchesOf,
} from '../../../harness/search/hunt.ts';
import { mutate, newInput, textOf } from '../../../harness/search/input.ts';
import type { Pair, Want } from '../../../harness/search/pair.ts';
import { draftOf } from '../../../harness/search/reduce.ts';
import { slice } from '../../../harness/search/slice.ts';
import { Random } from '../../../harness/workload/random.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { landed } from '../../../variants/index.ts';
import { ANY, UNEXPECTED, copyOfLanded, pairOf } from './pairs.ts';

const BEHAVIOURAL: Want = { kind: 'verdicts', verdicts: ['behavioural'] };
const never = (): boolean => false;

const huntOf = (pair: Pair, seed: number, runs: number, isStopped = never): Promise<Hunted> =>
  hunt(hunterHere(pair, { isOver: never, isStopped }), {
    seed,
    runs,
    known: [],
    isOver: never,
    isStopped,
    progress: () => {},
  });

const linesOf = ({ text }: Find): string[] => text.trimEnd().split('\n');

const shows = async (pair: Pair, text: string, signature: string): Promise<boolean> =>
  (await pair.run(parseWorkload(text, 'x'), true, 1)).found.some((one) => one.signature === signature);

/** Lines of a find without which it would show as well, alone or with what cannot be said without them. */
async function spareLines(pair: Pair, find: Find): Promise<string[]> {
  const lines = linesOf(find);
  const spare: string[] = [];
  for (const [i, line] of lines.entries()) {
    const name = /-> (\w+)$/.exec(line)?.[1];
    const rest = lines.filter(
      (other, k) => k !== i && (name === undefined || !new RegExp(`\\b${name}\\b`).test(other)),
    );
    try {
      if (rest.length > 0 && (await shows(pair, rest.join('\n'), find.signature))) spare.push(line);
    } catch {
      // A workload that cannot be read shows nothing.
    }
  }
  return spare;
}

/** landed, which does this first when a process exits. */
const exitingAfter = (first: (m: Machine, p: Proc) => void, others: Partial<Hunks> = {}): Variant =>
  defineVariant({
    ...landed,
    id: 'faulty',
    after: 'landed',
    hunks: {
      ...landed.hunks,
      exitBeforeVmspaceExit(m, p) {
        first(m, p);
        landed.hunks.exitBeforeVmspaceExit(m, p);
      },
      ...others,
    },
  });

describe('a hunt', () => {
  it('finds F6 unaided, in at most four lines, none of which is spare', async () => {
    const pair = pairOf('double-count-fix', 'shared-page-unmap', BEHAVIOURAL);
    const { finds } = await huntOf(pair, 5, 100);
    const f6 = finds.find(({ signature }) => signature === 'outcome clock: SIGSEGV -> ok')!;
    expect(f6).toMatchObject({ verdict: 'behavioural', standing: 'known', place: { call: 'clock' } });
    expect(linesOf(f6).length).toBeLessThanOrEqual(4);
    for (const find of finds) {
      expect(find.minimal).not.toBeNull();
      expect({ find: find.text, spare: await spareLines(pair, find) }).toEqual({ find: find.text, spare: [] });
      expect(await shows(pair, find.text, find.signature)).toBe(true);
    }
  });

  it('finds each difference once, the same for the same seed, others for another', async () => {
    const texts = async (seed: number): Promise<string> => {
      const { finds, ...rest } = await huntOf(pairOf('double-count-fix', 'shared-page-unmap', BEHAVIOURAL), seed, 60);
      expect(new Set(finds.map(({ signature }) => signature)).size).toBe(finds.length);
      return JSON.stringify({ ...rest, finds: finds.map((find) => [find.signature, find.text, find.minimal]) });
    };
    const [first, again, other] = [await texts(3), await texts(3), await texts(4)];
    expect(first).toBe(again);
    expect(other).not.toBe(first);
  });

  it('finds nothing between a variant and its copy, and says what it did', async () => {
    const hunted = await huntOf(pairOf('landed', copyOfLanded, UNEXPECTED), 1, 100);
    expect(hunted).toMatchObject({ finds: [], runs: 100 });
    expect(hunted.lastSignal).toBeGreaterThan(0);
  });

  it('counts only what is neither declared nor known, unless more is wanted', async () => {
    const [unexpected, any] = await Promise.all(
      [UNEXPECTED, ANY].map((want) => huntOf(pairOf('baseline', 'toplevel-accounting', want), 1, 8)),
    );
    expect(unexpected!.finds.filter(({ standing }) => standing !== 'unexpected')).toEqual([]);
    const signatures = any!.finds.map(({ signature }) => signature);
    expect(signatures).toEqual(expect.arrayContaining(['stats userPtPageCount', 'cost removeEarlyExits']));
  });

  it('stops when it is interrupted, with what it has', async () => {
    let left = 50;
    const pair = pairOf('baseline', 'toplevel-accounting');
    const { runs, finds } = await huntOf(pair, 1, 5000, () => left-- < 0);
    expect(runs).toBeLessThan(100);
    expect(finds.length).toBeGreaterThan(0);
    for (const { text, signature, minimal } of finds)
      expect([minimal, await shows(pair, text, signature)]).toEqual([null, true]);
  });
});

describe('an invariant that only one of two runs breaks', () => {
  /** Nothing else shows that an exit takes a reference too many. */
  const faulty = exitingAfter((m) => m.vmspace0!.refcnt++);
  const pair = pairOf('landed', faulty, UNEXPECTED);

  it('is found, and made small', async () => {
    const { finds } = await huntOf(pair, 1, 1);
    expect(finds.map(({ signature, verdict }) => [signature, verdict])).toEqual([
      ['invariant vmspace0-references', 'invariant-broken'],
    ]);
    expect(linesOf(finds[0]!)).toEqual(['a: exec bare', 'a: exit']);
    expect(await shows(pair, finds[0]!.text, finds[0]!.signature)).toBe(true);
  });

  it('is found in workloads that are given', async () => {
    const hunter = hunterHere(pair, { isOver: never, isStopped: never });
    const { finds } = await reduceAll(hunter, ['p: exec sh60\np: exit\n'], never);
    expect(finds.map(({ text }) => text)).toEqual(['a: exec bare\na: exit\n']);
  });
});

describe('a run without digests', () => {
  it('compares maps and page tables at snapshots', async () => {
    /** Nothing but a digest shows that an exit takes a reference of the shared page. */
    const faulty = exitingAfter((m) => m.vm.sharedPage!.refCount++);
    const pair = pairOf('landed', faulty, UNEXPECTED);
    const found = async (text: string): Promise<string[]> =>
      (await pair.run(parseWorkload(text, 'x'), false)).found.map(({ signature }) => signature);
    expect(await found('a: exec sh60\nb: exec sh60\na: exit\nb: exit\n')).toEqual([]);
    expect(await found('a: exec sh60\nb: exec sh60\na: exit\nb: snapshot\nb: exit\n')).toEqual(['map']);
  });
});

describe('a death that only one of two runs has', () => {
  const text = 'make: exec cat\nmake: vfork -> cc\ncc: exit\n';
  const found = async (process: string, signal: string, op: number, digests: boolean): Promise<string[]> => {
    const pair = pairOf('landed', copyOfLanded, ANY, [{ op, process, signal }]);
    return (await pair.run(parseWorkload(text, 'x'), digests)).found.map(({ signature }) => signature);
  };

  it.each([
    ['cc', 'SIGSEGV', 2, 'outcome exit: ok -> killed by SIGSEGV'],
    ['make', 'SIGSEGV', 2, 'outcome exit: ok -> another killed by SIGSEGV'],
    ['make', 'SIGILL', 2, 'outcome exit: ok -> another killed by SIGILL'],
    ['make', 'SIGILL', 1, 'outcome vfork: ok -> killed by SIGILL'],
  ])('is one find by who, by what and where: %s by %s in op %i', async (process, signal, op, signature) => {
    expect(await found(process, signal, op, true)).toEqual([signature]);
    expect(await found(process, signal, op, false)).toEqual([signature]);
  });
});

describe('a hunt with a variant whose own code fails', () => {
  /** Fails where a process leaves a vmspace that it shares, and differs wherever one exits. */
  const fail = (_m: Machine, p: Proc): void => {
    if (p.vmspace.refcnt > 2) throw new Error('more than I can count');
  };
  const faulty = exitingAfter(fail, { removeIsNoop: () => false });
  const options = { seed: 1, runs: 1000, known: [], isOver: never, isStopped: never, progress: () => {} };
  const pair = (): Pair => pairOf('landed', faulty, ANY);

  /** Does everything that is asked of it at once, as threads do. */
  const eager = (both: Pair): Hunter => ({
    pair: both,
    slices: (specs) => Promise.all(specs.map((spec) => slice(both, spec, never))),
    minimise: (raw) => Promise.all(raw.map((one) => minimise(both, one, never))),
  });

  it('ends there, says whose it is and on which workload, and keeps what was found', async () => {
    const hunted = await hunt(hunterHere(pair(), options), options);
    const { runs, finds, failure } = hunted;
    expect(failure).toMatchObject({ variant: 'faulty', message: expect.stringContaining('more than I can count') });
    const [reference, candidate] = pair().columns;
    const failing = parseWorkload(failure!.workload, 'failing');
    expect((await runColumn(reference, failing, {}, Infinity)).ended.kind).toBe('done');
    expect((await runColumn(candidate, failing, {}, Infinity)).ended).toMatchObject({ kind: 'failed', how: 'throw' });
    expect(runs).toBeLessThan(options.runs);
    expect(finds.map(({ signature }) => signature)).toContain('cost removeEarlyExits');
    for (const { text, signature } of finds) expect(await shows(pair(), text, signature)).toBe(true);
    expect(await hunt(eager(pair()), options)).toEqual(hunted);
  });

  it('is the same when its stretches are done elsewhere', async () => {
    const all = { ...options, runs: 500, stretch: 250, known: ['a: exec sh60\na: exit\n'] };
    const whole = await hunt(hunterHere(pair(), all), all);
    const { found, ...first } = await huntKnown(hunterHere(pair(), all), all);
    const parts: Stretch[] = [first];
    for (const from of stretchesOf(all.runs, all.stretch))
      parts.push(await huntStretch(hunterHere(pair(), all), from, { ...all, found, isReduced: () => false }));
    expect(joinStretches(pair(), 1, JSON.parse(JSON.stringify(parts)) as Stretch[])).toEqual(whole);
    expect(whole.failure).not.toBeNull();
  });

  it.each([
    ['on the next workload', 1, 1],
    ['when that is looked at again', 2, 2],
    ['while that is reduced', 3, 2],
  ])('keeps what a workload showed when it fails %s', async (_when, times, ran) => {
    let left = times;
    const tired = defineVariant({
      ...faulty,
      hunks: {
        ...faulty.hunks,
        releaseEnd(...args) {
          if (left-- <= 0) throw new Error('tired');
          return landed.hunks.releaseEnd(...args);
        },
      },
    });
    const both = pairOf('landed', tired, ANY);
    const known = ['a: exec sh60\na: exit\n', 'b: exec sh60\nb: exit\n'];
    const { finds, failure, runs } = await hunt(hunterHere(both, options), { ...options, known });
    expect([runs, failure?.variant]).toEqual([ran, 'faulty']);
    expect(finds.find(({ signature }) => signature === 'cost removeEarlyExits')).toMatchObject({
      minimal: null,
      text: 'a: exec sh60\na: exit\n',
    });
  });
});

describe('a hunt of several stretches', () => {
  const known = ['a: exec sh60\na: exit\n', 'a: exec cat\na: fork -> b\n'];
  const options = { seed: 3, runs: 140, stretch: 100, known, isOver: never, isStopped: never, progress: () => {} };
  const hunter = () => hunterHere(pairOf('double-count-fix', 'landed'), options);

  it('is the same when each is done elsewhere, though what they find is in part the same', async () => {
    const whole = await hunt(hunter(), options);
    const { found, ...first } = await huntKnown(hunter(), options);
    const parts: Stretch[] = [first];
    for (const from of stretchesOf(options.runs, options.stretch)) {
      const again = await huntKnown(hunter(), options, false);
      expect([again.finds, again.found]).toEqual([[], found]);
      parts.push(await huntStretch(hunter(), from, { ...options, found, isReduced: () => false }));
    }
    expect(parts).toHaveLength(3);
    const signatures = parts.slice(1).map(({ finds }) => finds.map(({ signature }) => signature));
    expect(signatures[0]!.filter((one) => signatures[1]!.includes(one))).not.toEqual([]);
    expect(joinStretches(hunter().pair, 3, JSON.parse(JSON.stringify(parts)) as Stretch[])).toEqual(whole);
    expect(whole.runs).toBe(142);
  });
});

describe('a slice', () => {
  it('depends on its input alone', async () => {
    const spec = { seed: 5, first: 250, runs: 40, corpus: [], found: [] };
    const [first, again] = [
      await slice(pairOf('landed', 'vmspace-clear'), spec, never),
      await slice(pairOf('landed', 'vmspace-clear'), structuredClone(spec), never),
    ];
    expect(again).toEqual(first);
    expect(first.finds.length).toBeGreaterThan(0);
    const later = await slice(pairOf('landed', 'vmspace-clear'), { ...spec, corpus: [first.corpus] }, never);
    expect(later.corpus.length).toBeLessThan(first.corpus.length);
  });
});

describe('inputs', () => {
  it('are workloads, however they were varied', () => {
    const random = new Random(9);
    let inputs = Array.from({ length: 20 }, () => ({ input: newInput(random) }));
    for (let turn = 0; turn < 20; turn++) {
      inputs = inputs.map(({ input }) => ({ input: mutate(input, inputs, random) }));
      for (const { input } of inputs) expect(parseWorkload(textOf(input, 'x'), 'x').ops.length).toBeGreaterThan(0);
    }
  });
});

describe('reducing', () => {
  const long = `# N1, with much around it
machine cpus=2 pti=on superpages=on
program lib entries=60
p1@1: exec lib
p1: fork -> p2
p2: mmap anon 3p rw fixed 0x30000000
p2: write 0x30000000 3p
p1: mmap anon 4M rw fixed 0x4000000000
p1/t@1: write 0x4000000000 4M
p2: exit 3
p1: wait p2
p1: munmap 0x4000000000 4M
p1: exit
`;

  it('leaves what the difference needs', async () => {
    const { finds, runs } = await reduceAll(
      hunterHere(pairOf('landed', 'd33276'), { isOver: never, isStopped: never }),
      [long],
      never,
    );
    expect(runs).toBe(1);
    const find = finds.find(({ signature }) => signature === 'stats userPtPageCount')!;
    expect(linesOf(find).slice(0, 3)).toEqual([
      'machine superpages=on',
      'a: exec bare',
      'a: mmap anon 2M rw fixed 0x40000000',
    ]);
    expect(linesOf(find)).toHaveLength(5);
    expect(find.minimal).toBeGreaterThan(5);
  });

  it('reads the ops of a text as they are written, repeats unrolled', () => {
    const text = '# Two\nmachine cpus=2\nrepeat 2\na:  exec bare # anew\nrepeat 2\na: clock\nend\nend\na: exit\n';
    const turn = ['a: exec bare', 'a: clock', 'a: clock'];
    expect(draftOf(text)).toEqual({ machine: ['cpus=2'], lines: [...turn, ...turn, 'a: exit'] });
  });

  it('calls the shared page by its name', async () => {
    const text = 'a: exec bare\na: rfork mem -> b\na: exit\nb: mprotect 0x1000 .. top rw\n';
    const hunter = hunterHere(pairOf('double-count-fix', 'landed', BEHAVIOURAL), { isOver: never, isStopped: never });
    const { finds } = await reduceAll(hunter, [text], never);
    expect(finds.map((find) => linesOf(find).at(-1))).toEqual(['b: mprotect shared 4K rw']);
  });

  it('finds nothing in a workload that shows nothing', async () => {
    expect(
      await reduceAll(
        hunterHere(pairOf('landed', 'd33276'), { isOver: never, isStopped: never }),
        ['p: exec bare\n'],
        never,
      ),
    ).toMatchObject({ finds: [] });
  });
});
