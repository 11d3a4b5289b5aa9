import { beforeAll, describe, expect, it } from 'vitest';
import type { Variant } from '../../core/index.ts';
import { comparePair } from '../../harness/compare/pair.ts';
import { type PlannedPair, planComparison } from '../../harness/compare/plan.ts';
import { compareWorkload } from '../../harness/compare/workload.ts';
import type { KnownDifference } from '../../harness/declare/declarations.ts';
import { knownDifferences, ledger } from '../../harness/findings/index.ts';
import { loadWorkload } from '../../harness/input/load.ts';
import type { RunRecord } from '../../harness/run/record.ts';
import { CATALOG } from '../../harness/workload/catalog/index.ts';
import { generateWorkload } from '../../harness/workload/generate.ts';
import type { Workload } from '../../harness/workload/ops.ts';
import { parseWorkload } from '../../harness/workload/text/parse.ts';
import * as face from '../../variants/index.ts';
import { factsOfAll } from '../support/facts.ts';
import { recordOf } from '../support/ran.ts';

/** Longer ones only repeat what the others contain. */
const MOST_OPS = 400;
const SEEDS = [1, 3, 14, 27, 399];
const all = [...face.series, ...face.experiments];
/** A user's copies of all variants: each follows its original and declares nothing. */
const copies = all.map((variant) => ({ ...variant, id: `my-${variant.id}`, after: variant.id, intends: [] }));
const facts = factsOfAll([...all, ...copies]);
/**
 * A swap-out that leaves pages mapped leaves as many more as there are top-level pages that count. No declaration says so: it
 * would also excuse a revision that does not count them.
 */
const LIMITED_SWAPOUTS = ['N8-2', 'N8-3'];
/** The workloads of the ledger, each of which shows the subject of its finding. */
const remarked = ledger.flatMap(({ id, cases }) =>
  cases.flatMap(({ workload }, i) => (typeof workload === 'string' ? [{ name: `${id}-${i}`, workload }] : [])),
);

/** How 2M in place of the shared page are used. */
const USES = {
  written: ['mmap anon 2M rw fixed top-2M', 'write top-2M 2M'],
  locked: ['mmap anon 2M rw fixed top-2M', 'mlock top-2M 2M'],
  unreferenced: ['mmap anon 2M rw fixed top-2M', 'write top-2M 2M', 'unref p'],
  file: ['mmap file big 2M rw shared fixed top-2M', 'read top-2M 2M'],
  split: ['mmap anon 2M rw fixed top-2M', 'mlock top-2M 2M', 'minherit shared 1p none', 'read top-2M 2M'],
  device: ['mmap phys 2M rw fixed top-2M', 'write top-2M 2M'],
};
const WHERE = [
  ['superpages=on', 'bare'],
  ['superpages=on pti=on cpus=2', 'bare'],
  ['superpages=on pcid=off', 'lin'],
  ['superpages=on la57=on', 'bare'],
  ['superpages=on lower-shared=on', 'bare'],
  ['superpages=off', 'lin'],
] as const;
/** Given up by an exec, by a child that execs, and by two threads that exit; a sharer that execs leaves it alone. */
const inPlace = WHERE.flatMap(([machine, program]) =>
  Object.entries(USES).map(([name, calls]) => {
    const use = calls.map((call) => `p: ${call}`);
    const giveUp = ['p: fork -> c', `c: exec ${program}`, 'c: exit', 'p: rfork mem -> s', `s: exec ${program}`];
    const lin = program === 'lin' ? ['program lin entries=20 abi=linux'] : [];
    const lines = [
      `machine ${machine}`,
      ...lin,
      `p: exec ${program}`,
      ...use,
      `p: exec ${program}`,
      ...use,
      ...giveUp,
      'p: rfork thread -> t',
      'p: exit',
      '',
    ];
    return { name: `2M ${name}, ${machine}, ${program}`, workload: lines.join('\n') };
  }),
);
/**
 * Memory where the shared page belongs, of which one page is used, goes at exec's clean-up: across ABIs, and within one
 * after a sharer has left.
 */
const atCleanUp = [
  {
    name: 'other memory at a clean-up, across ABIs',
    workload:
      'program low entries=1 abi=lowered\np: exec bare\np: mmap anon 2p rw fixed 0x7fffffffd000\np: write 0x7fffffffe000\np: exec low\n',
  },
  {
    name: 'other memory at a clean-up, after a sharer has left',
    workload:
      'p: exec bare\np: mmap anon 2M rw fixed top-2M\np: write shared\np: rfork mem -> s\ns: stop ppwait-cleared\ns: exec bare\np: exit\ns: go\n',
  },
];

/** Another process interrupts an exit that is at a yield point on the second CPU. Found by a hunt. */
const interrupted = {
  name: 'an exit is interrupted',
  workload:
    'machine cpus=2\na: exec bare\na: mmap file f 1p rw fixed 0x40000000\na: fork -> b\na: read 0x40000000\na: stop refcnt-tested\na@1: exit\nb: msync 0x40000000 1p invalidate\n',
};

/** What pmap_remove_pages leaves, in the last mapping but the shared page's: the loop ends there, or goes on behind it. */
const left = {
  name: 'the last page but one, across two page tables',
  workload:
    'a: exec bare\na: mmap phys 513p rw shared -> m\na: fork -> b\nb: write m 1p\na: write m\na: run shared\na: exit\n',
};

let workloads: Workload[];
const records = new Map<string, RunRecord>();

function record(id: string, workload: Workload): RunRecord {
  const original = id.replace(/^my-/, '');
  const key = `${original} ${workload.name}`;
  let made = records.get(key);
  if (made === undefined) {
    made = recordOf(workload, variantOf(original));
    records.set(key, made);
  }
  return { ...made, variant: id };
}

const variantOf = (id: string): Variant => all.find((variant) => variant.id === id)!;

beforeAll(async () => {
  const catalog = await Promise.all(Object.keys(CATALOG).map((name) => loadWorkload(name)));
  workloads = catalog.filter(({ ops }) => ops.length < MOST_OPS);
  for (const { name, workload } of remarked)
    if (!LIMITED_SWAPOUTS.includes(name)) workloads.push(parseWorkload(workload, name, name));
  for (const { name, workload } of [...inPlace, ...atCleanUp, left, interrupted])
    workloads.push(parseWorkload(workload, name, name));
  for (const seed of SEEDS) workloads.push(generateWorkload(seed, { choices: 40, machine: 'cpus=2 pti=on' }));
});

/** Undeclared differences between a variant and another, by workload, as each is asked for. */
function* undeclared(id: string, reference: string, known: readonly KnownDifference[]): Generator<string> {
  const against = { kind: 'variant', id: reference } as const;
  const { pairs } = planComparison([reference, id], facts, { against, ledger: known, predecessors: false });
  const [{ explained, ...sides }] = pairs as [PlannedPair];
  for (const workload of workloads) {
    const pair = comparePair(record(reference, workload), record(id, workload), explained, sides);
    for (const { what, standing } of pair.differences) if (standing === 'unexpected') yield `${workload.name}: ${what}`;
  }
}

const unexpected = (...args: Parameters<typeof undeclared>): string[] => [...undeclared(...args)];

describe('whichever variants are compared,', () => {
  const references = ['baseline', 'landed'];
  const pairs = [...all, ...copies].flatMap(({ id }) =>
    references.flatMap((reference) => (id === reference ? [] : [{ id, reference }])),
  );
  it.each(pairs)(
    '$id against $reference shows what is declared and known, on the workloads of the ledger too',
    (pair) => {
      expect(unexpected(pair.id, pair.reference, knownDifferences)).toEqual([]);
    },
  );
});

describe('a swap-out that leaves pages mapped', () => {
  it.each(LIMITED_SWAPOUTS)('differs where top-level pages begin to count, which nothing declares: %s', (name) => {
    const { workload } = remarked.find((one) => one.name === name)!;
    workloads.push(parseWorkload(workload, name, name));
    expect(unexpected('toplevel-accounting', 'baseline', knownDifferences)).toContain(`${name}: mappedPages`);
    expect(unexpected('landed', 'double-count-fix', knownDifferences)).toEqual([]);
    workloads.pop();
  });
});

describe('a what-if', () => {
  it.each(face.experiments)('$id differs from $after as it declares', ({ id, after }) => {
    expect(unexpected(id, after!, knownDifferences)).toEqual([]);
  });

  const ofExperiments = knownDifferences.filter(({ variant }) => face.experiments.some(({ id }) => id === variant));
  it.each(ofExperiments)('$variant needs what the ledger knows of its $what ($finding)', (known) => {
    const others = knownDifferences.filter((other) => other !== known);
    // Where the fault comes in, or where it ends.
    const steps = face.experiments.filter(({ id }) => id === known.variant || id === known.until);
    expect(steps.some(({ id, after }) => undeclared(id, after!, others).next().done === false)).toBe(true);
  });

  it('on the IPIs of a dying pmap changes nothing, unless others unmap its pages meanwhile', () => {
    expect(face.dyingPmapNoIpi.intends).toEqual([]);
    const plan = planComparison(['landed', 'dying-pmap-no-ipi'], facts, {
      against: { kind: 'variant', id: 'landed' },
      ledger: [],
      predecessors: false,
    });
    for (const workload of workloads) {
      const both = ['landed', 'dying-pmap-no-ipi'].map((id) => record(id, workload));
      const { differences } = compareWorkload(plan, workload, both).pairs[0]!;
      expect(differences.map(({ what }) => what)).toEqual(
        workload.name === interrupted.name ? ['shootdowns', 'ipis'] : [],
      );
    }
  });
});
