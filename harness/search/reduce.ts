/**
 * Smaller workloads than one that shows a difference. Works on the lines of its text: what cannot be said any more without
 * a line (an op of a process that nobody makes) goes with it.
 *
 * All reductions lower the weight of a workload, so that reducing ends; where it ends, none of them shows the difference.
 */
import { PAGE_SIZE } from '../../core/units.ts';
import { WorkloadError } from '../workload/errors.ts';
import type { Workload } from '../workload/ops.ts';
import { formatSize, parseSize } from '../workload/size.ts';
import { parseWorkload } from '../workload/text/parse.ts';

/** A workload as lines: the settings of the machine, and what follows. */
export interface Draft {
  readonly machine: readonly string[];
  readonly lines: readonly string[];
}

/** Text that can be read; its repeats are unrolled. */
export function draftOf(text: string): Draft {
  const lines = unrolled(
    text.split('\n').flatMap((line) => {
      const bare = line.replace(/#.*$/, '').replaceAll(/\s+/g, ' ').trim();
      return bare === '' ? [] : [bare];
    }),
  );
  const machine = lines.filter((line) => line.startsWith('machine '));
  return {
    machine: machine.flatMap((line) => line.split(/\s+/).slice(1)),
    lines: lines.filter((line) => !line.startsWith('machine ')),
  };
}

function unrolled(lines: readonly string[]): string[] {
  const blocks: { readonly times: number; readonly lines: string[] }[] = [{ times: 1, lines: [] }];
  for (const line of lines) {
    const times = /^repeat (\d+)$/.exec(line)?.[1];
    if (times !== undefined) blocks.push({ times: Number(times), lines: [] });
    else if (line === 'end') {
      const block = blocks.pop()!;
      for (let turn = 0; turn < block.times; turn++) for (const one of block.lines) blocks.at(-1)!.lines.push(one);
    } else blocks.at(-1)!.lines.push(line);
  }
  return blocks[0].lines;
}

export const textOfDraft = ({ machine, lines }: Draft): string =>
  [...(machine.length === 0 ? [] : [`machine ${machine.join(' ')}`]), ...lines, ''].join('\n');

/** The draft without the lines that cannot be said, and its workload; null if nothing is left. */
export function readDraft(draft: Draft): { readonly draft: Draft; readonly workload: Workload } | null {
  const { machine } = draft;
  const lines = [...draft.lines];
  while (lines.length > 0) {
    try {
      return { draft: { machine, lines }, workload: parseWorkload(textOfDraft({ machine, lines }), 'find') };
    } catch (error) {
      if (!(error instanceof WorkloadError)) throw error;
      const at = error.line - 1 - Number(machine.length > 0);
      if (at < 0) return null;
      lines.splice(at, 1);
    }
  }
  return null;
}

/** A word that is said in place of another one that says more; the rank of a line falls. */
const SIMPLER: readonly (readonly [RegExp, string])[] = [
  [/@\d+(?=:)/, ''],
  [/\/\w+(?=[:@])/, ''],
  [/ => .*$/, ''],
  [/\bspawn \w+ /, 'vfork '],
  [/\bvfork /, 'fork '],
  [/\brfork thread /, 'rfork mem '],
  [/\brfork mem /, 'vfork '],
  [/\bexec \w+$/, 'exec bare'],
  [/\bexec \w+$/, 'exec cat'],
  [/\bexec (?:\w+)$/, 'exec sh60'],
  [/ shared(?= fixed|$)/, ''],
  [/ max \S+/, ''],
  [/\bmmap file \S+ /, 'mmap anon '],
  [/\bmmap (?:guard|stack|phys) /, 'mmap anon '],
  [/(\bmmap \w+ \S+) (?:r|rx|rwx|-)(?= |$)/, '$1 rw'],
  [/(\bmprotect .*) (?:rw|rx|rwx|-)$/, '$1 r'],
  [/\bexit \d+$/, 'exit'],
  [/ late$/, ''],
  [/\bmlock .*/, 'clock'],
  [/^(.*): (?:fork|vfork|rfork mem) -> \w+$/, '$1: unshare'],
  [/ step \S+/, ''],
  [/\btop-4K\b/, 'shared'],
];
/** Weight of a word of a line, the simplest 0. */
const RANKS: readonly (readonly [RegExp, number])[] = [
  [/@\d/, 1],
  [/^\w+\//, 1],
  [/ => /, 1],
  [/: spawn /, 5],
  [/: rfork thread/, 4],
  [/: rfork mem/, 3],
  [/: vfork/, 2],
  [/: fork/, 1],
  [/: exec (?!bare$|cat$|sh60$)/, 3],
  [/: exec sh60$/, 2],
  [/: exec cat$/, 1],
  [/ shared(?= fixed|$)/, 1],
  [/ max /, 1],
  [/mmap file/, 2],
  [/mmap (?:guard|stack|phys)/, 2],
  [/mmap \S+ \S+ (?!rw(?: |$))/, 1],
  [/mprotect .* (?!r$)\S+$/, 1],
  [/exit \d/, 1],
  [/ late$/, 1],
  [/: mlock/, 1],
  [/ step /, 1],
  [/\.\./, 1],
  [/: (?:execfail|kill|unshare|wait)\b/, 1],
];

const SIZE = /(?<=[\s+-])\d+(?:[pKMG])?(?=\s|$)/g;
const ADDRESS = /\b0x[0-9a-f]+/g;

const sumOf = (lines: readonly string[], pattern: RegExp, valueOf: (word: string) => number): number =>
  lines.reduce((sum, line) => sum + (line.match(pattern) ?? []).reduce((part, word) => part + valueOf(word), 0), 0);

/** Compared from the first number on: machine and lines, words, offsets, sizes, addresses, processes. */
function weightOf({ machine, lines }: Draft): number[] {
  const ranks = lines.reduce(
    (sum, line) => sum + RANKS.reduce((part, [pattern, rank]) => part + (pattern.test(line) ? rank : 0), 0),
    0,
  );
  return [
    machine.length + lines.length,
    ranks,
    sumOf(lines, /\w[+-]\d/g, () => 1),
    sumOf(machine, /\d+/g, Number) + sumOf(lines, SIZE, (word) => parseSize(word)),
    sumOf(lines, ADDRESS, Number) / PAGE_SIZE,
    new Set(lines.map(actorOf)).size,
  ];
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((one, i) => one !== b[i]);
  return at >= 0 && a[at] < b[at];
}

const actorOf = (line: string): string => /^(\w+)(?:\/\w+)?(?:@\d+)?:/.exec(line)?.[1] ?? '';
const actorsOf = (lines: readonly string[]): string[] => [...new Set(lines.map(actorOf))].filter((name) => name !== '');

type Reduction = (draft: Draft) => Draft[];

const without = (draft: Draft, from: number, count: number): Draft => ({
  ...draft,
  lines: draft.lines.filter((_line, i) => i < from || i >= from + count),
});

/** Runs of lines, the longest first, the last first. */
const runsOfLines: Reduction = (draft) => {
  const { length } = draft.lines;
  const drafts: Draft[] = [];
  for (let size = Math.floor(length / 2); size >= 1; size = Math.floor(size / 2))
    for (let from = length - size; from > -size; from -= size) drafts.push(without(draft, Math.max(0, from), size));
  return drafts;
};

/** All that a process does, and who makes it. */
const processes: Reduction = (draft) =>
  actorsOf(draft.lines).map((name) => ({
    ...draft,
    lines: draft.lines.filter((line) => actorOf(line) !== name && !line.endsWith(` -> ${name}`)),
  }));

/** One process does what two did. */
const merged: Reduction = (draft) => {
  const names = actorsOf(draft.lines);
  return names.flatMap((name) =>
    names
      .filter((other) => other !== name)
      .map((other) => ({
        ...draft,
        lines: draft.lines
          .filter((line) => !line.endsWith(` -> ${name}`))
          .map((line) => line.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), other)),
      })),
  );
};

/** Two lines that need each other, such as fork and exit, stop and go, mmap and munmap. */
const pairsOfLines: Reduction = (draft) => {
  const { length } = draft.lines;
  if (length > MOST_PAIRED) return [];
  return draft.lines.flatMap((_line, i) =>
    Array.from({ length: length - i - 1 }, (_one, k) => without(without(draft, i + 1 + k, 1), i, 1)),
  );
};
const MOST_PAIRED = 16;

/** Settings go back to their defaults; a number becomes a smaller one. */
const settings: Reduction = ({ machine, lines }) =>
  machine.flatMap((setting, i) => [
    { machine: machine.toSpliced(i, 1), lines },
    ...(/^cpus=(?:[3-9]|\d\d)$/.test(setting) ? [{ machine: machine.with(i, 'cpus=2'), lines }] : []),
  ]);

const simpler: Reduction = (draft) =>
  draft.lines.flatMap((line, i) =>
    SIMPLER.flatMap(([pattern, by]) => {
      const said = line.replace(pattern, by);
      return said === line ? [] : [{ ...draft, lines: draft.lines.with(i, said) }];
    }),
  );

/** Each number of a line replaced by those that `to` gives for it. */
const numbersBy =
  (pattern: RegExp, to: (word: string) => readonly string[]): Reduction =>
  (draft) =>
    draft.lines.flatMap((line, i) =>
      [...line.matchAll(pattern)].flatMap(({ 0: word, index }) =>
        to(word).map((by) => ({
          ...draft,
          lines: draft.lines.with(i, line.slice(0, index) + by + line.slice(index + word.length)),
        })),
      ),
    );

/** One page, half, one page less; a bare number becomes 0. */
const sizes = numbersBy(SIZE, (word) => {
  const bytes = parseSize(word);
  const pages = Math.floor(bytes / PAGE_SIZE);
  if (/^\d+$/.test(word)) return word === '0' ? [] : ['0', String(Math.floor(bytes / 2)), String(bytes - 1)];
  return pages <= 1 ? [] : [1, Math.floor(pages / 2), pages - 1].map((count) => formatSize(count * PAGE_SIZE));
});

/** The exit of a process in place of what ends it, or another one, in some other way. */
const exits: Reduction = (draft) =>
  draft.lines.flatMap((_line, i) =>
    actorsOf(draft.lines).map((name) => ({ ...draft, lines: draft.lines.with(i, `${name}: exit`) })),
  );

/** `everything`, and other spans between two addresses, as one page at either end. */
const spans: Reduction = (draft) =>
  draft.lines.flatMap((line, i) => {
    const span = /(\S+) \.\. (\S+)/.exec(line);
    if (span === null) return [];
    return [`${span[1]} 4K`, `${span[2]}-4K 4K`].map((by) => ({
      ...draft,
      lines: draft.lines.with(i, line.replace(span[0], by)),
    }));
  });

/** Without an offset, and with the smallest addresses of the same alignment. */
const offsets: Reduction = (draft) =>
  draft.lines.flatMap((line, i) => {
    const said = line.replace(/(?<=\w)[+-]\d+[pKMG]?/, '');
    return said === line ? [] : [{ ...draft, lines: draft.lines.with(i, said) }];
  });

const ALIGNMENTS = [2 ** 30, 2 ** 21, PAGE_SIZE];
/** Addresses are moved here, above what programs map. */
const PLACES = [0x40000000, 0x40200000, 0x40400000, 0x40600000];

const addresses: Reduction = (draft) => {
  const found = [...new Set(draft.lines.flatMap((line) => line.match(ADDRESS) ?? []))];
  const everywhere = found.flatMap((word) =>
    [...PLACES, ...found.map(Number)].map((by) => ({
      ...draft,
      lines: draft.lines.map((line) => line.replaceAll(new RegExp(`${word}\\b`, 'g'), `0x${by.toString(16)}`)),
    })),
  );
  const moved = found.flatMap((word) =>
    PLACES.map((place) => {
      const base = Number(word);
      const by = (one: string): string => {
        const offset = Number(one) - base;
        return offset >= 0 && offset < 2 ** 22 ? `0x${(place + offset).toString(16)}` : one;
      };
      return { ...draft, lines: draft.lines.map((line) => line.replaceAll(ADDRESS, by)) };
    }),
  );
  const aligned = numbersBy(ADDRESS, (word) =>
    ALIGNMENTS.map((size) => `0x${(Math.floor(Number(word) / size) * size).toString(16)}`),
  )(draft);
  return [...moved, ...everywhere, ...aligned];
};

const REDUCTIONS: readonly Reduction[] = [
  runsOfLines,
  processes,
  settings,
  merged,
  pairsOfLines,
  simpler,
  exits,
  spans,
  offsets,
  sizes,
  addresses,
];

export interface Reduced {
  readonly draft: Draft;
  /** smaller workloads that do not show it: all that reductions make of it, none of them does */
  readonly tried: number;
  /** workloads tried on the way */
  readonly calls: number;
  /** false: stopped before the end */
  readonly isMinimal: boolean;
}

/** shows: does the workload show the difference? */
export async function reduce(
  from: Draft,
  shows: (workload: Workload) => Promise<boolean>,
  isStopped: () => boolean,
): Promise<Reduced> {
  let draft = from;
  let calls = 0;
  /** texts that do not show it */
  const vain = new Set<string>();
  const attempt = async (smaller: Draft): Promise<Draft | null> => {
    const read = readDraft(smaller);
    if (read === null || !isLess(weightOf(read.draft), weightOf(draft))) return null;
    const text = textOfDraft(read.draft);
    if (vain.has(text)) return null;
    calls++;
    if (await shows(read.workload)) return read.draft;
    vain.add(text);
    return null;
  };
  const pass = async (): Promise<boolean> => {
    let isChanged = false;
    for (const reduction of REDUCTIONS) {
      let smaller = reduction(draft);
      for (let i = 0; i < smaller.length && !isStopped();) {
        const next = await attempt(smaller[i]);
        if (next === null) i++;
        else {
          draft = next;
          isChanged = true;
          smaller = reduction(draft);
        }
      }
    }
    return isChanged;
  };
  while (!isStopped() && (await pass()));
  const texts = REDUCTIONS.flatMap((reduction) =>
    reduction(draft).flatMap((smaller) => {
      const read = readDraft(smaller);
      return read === null ? [] : [textOfDraft(read.draft)];
    }),
  );
  const tried = new Set(texts.filter((text) => vain.has(text))).size;
  return { draft: named(draft), tried, calls, isMinimal: !isStopped() };
}

const NAMES = 'abcdefghijklmnopqrstuvwxyz';

/** Processes are called a, b, c, in their order. */
function named(draft: Draft): Draft {
  const names = actorsOf(draft.lines);
  const made = draft.lines.flatMap((line) => /(?:fork|mem|thread|spawn \w+) -> (\w+)$/.exec(line)?.[1] ?? []);
  const all = [...new Set([...names, ...made])];
  if (all.length > NAMES.length) return draft;
  const nameOf = new Map(all.map((name, i) => [name, NAMES[i]]));
  const others = new RegExp(`\\b(?:${all.join('|')})\\b`, 'g');
  const lines = draft.lines.map((line) =>
    actorOf(line) === '' ? line : line.replaceAll(others, (name) => nameOf.get(name)!),
  );
  const renamed = { ...draft, lines };
  return readDraft(renamed)?.draft.lines.length === lines.length ? renamed : draft;
}
