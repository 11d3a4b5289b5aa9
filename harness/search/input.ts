/** What a hunt varies: the settings of a machine, and the choices that become a workload on it. */
import { type Choice, composeText } from '../workload/generate.ts';
import type { Random } from '../workload/random.ts';

/** Values of the machine's keys, the default first. All have the same memory: another size costs a boot. */
const SETTINGS = {
  cpus: ['1', '2', '3', '8', '40'],
  pti: ['off', 'on'],
  superpages: ['off', 'on'],
  pcid: ['on', 'off'],
  la57: ['off', 'on'],
  'lower-shared': ['off', 'on'],
  'kernel-resident': ['', '0', '1', '2'],
  frames: ['sequential', 'aged:3'],
  signals: ['kill', 'report'],
} as const;
type Setting = keyof typeof SETTINGS;
const KEYS = Object.keys(SETTINGS) as Setting[];
/** One new input in so many departs from the default of a key. */
const SELDOM: Readonly<Record<Setting, number>> = {
  cpus: 3,
  pti: 3,
  superpages: 2,
  pcid: 8,
  la57: 16,
  'lower-shared': 16,
  'kernel-resident': 16,
  frames: 16,
  signals: 3,
};
/** It has a line of its own. */
const SIGNALS = KEYS.indexOf('signals');

export interface Input {
  /** per key of the machine, index of its value */
  readonly machine: readonly number[];
  readonly choices: readonly Choice[];
}

const MOST_CHOICES = 40;
const FIELDS = ['verb', 'who', 'where', 'from', 'size', 'how'] as const satisfies readonly (keyof Choice)[];

/** Text of the workload for an input. */
export function textOf({ machine, choices }: Input, name: string): string {
  const settings = KEYS.flatMap((key, i) =>
    machine[i] === 0 || i === SIGNALS ? [] : [`${key}=${SETTINGS[key][machine[i]]}`],
  );
  return composeText(choices, name, {
    machine: settings.join(' '),
    signals: SETTINGS.signals[machine[SIGNALS]],
    isLookedAt: true,
  });
}

/** 0 .. n - 1 */
export const below = (random: Random, n: number): number => random.word() % n;

const newChoice = (random: Random): Choice => {
  const next = (): number => random.word();
  return { verb: next(), who: next(), where: next(), from: next(), size: next(), how: next() };
};

export function newInput(random: Random): Input {
  const machine = KEYS.map((key) =>
    below(random, SELDOM[key]) === 0 ? 1 + below(random, SETTINGS[key].length - 1) : 0,
  );
  const length = 2 + below(random, MOST_CHOICES - 2);
  return { machine, choices: Array.from({ length }, () => newChoice(random)) };
}

/** Inputs that parts can be taken from; not empty. */
type Others = readonly { readonly input: Input }[];

type Operator = (choices: Choice[], random: Random, others: Others) => void;

/** A place in the list. */
const at = (choices: readonly Choice[], random: Random): number => below(random, choices.length);

const insert: Operator = (choices, random) => {
  // Late ops meet more state.
  const place = Math.max(below(random, choices.length + 1), below(random, choices.length + 1));
  choices.splice(place, 0, newChoice(random));
};

/** A field becomes a number that means a boundary. */
const boundary: Operator = (choices, random) => {
  const place = at(choices, random);
  const field = FIELDS[below(random, FIELDS.length)];
  choices[place] = { ...choices[place], [field]: below(random, field === 'verb' ? 64 : 8) };
};

/** A choice acts where another one does: the same process, the same memory, the same boundary. */
const copyFields: Operator = (choices, random) => {
  const [to, from] = [at(choices, random), at(choices, random)];
  const { who, where, from: first, size } = choices[from];
  choices[to] = { ...choices[to], ...(below(random, 2) === 0 ? { who, where } : { where, from: first, size }) };
};

const remove: Operator = (choices, random) => {
  choices.splice(at(choices, random), 1);
};

const duplicate: Operator = (choices, random) => {
  choices.splice(at(choices, random), 0, choices[at(choices, random)]);
};

const swap: Operator = (choices, random) => {
  const [one, other] = [at(choices, random), at(choices, random)];
  [choices[one], choices[other]] = [choices[other], choices[one]];
};

/** The rest becomes that of another input. */
const splice: Operator = (choices, random, others) => {
  const other = others[below(random, others.length)].input.choices;
  choices.splice(at(choices, random), choices.length, ...other.slice(below(random, other.length)));
};

/** Operators by weight, of 100; what is left over changes a key of the machine. */
const OPERATORS: readonly (readonly [Operator, number])[] = [
  [insert, 25],
  [boundary, 30],
  [copyFields, 15],
  [remove, 8],
  [duplicate, 6],
  [swap, 6],
  [splice, 6],
];
const PERCENT = 100;
/** Another operator follows with two chances in so many. */
const STACKED = 3;

/** A variation of an input. */
export function mutate(input: Input, others: Others, random: Random): Input {
  const machine = [...input.machine];
  const choices = [...input.choices];
  do {
    let left = below(random, PERCENT);
    const operator = OPERATORS.find(([, weight]) => (left -= weight) < 0)?.[0];
    if (operator === undefined) {
      const key = below(random, KEYS.length);
      machine[key] = below(random, SETTINGS[KEYS[key]].length);
    } else operator(choices, random, others);
    if (choices.length === 0) choices.push(newChoice(random));
  } while (below(random, STACKED) !== 0);
  return { machine, choices: choices.slice(0, MOST_CHOICES) };
}
