/**
 * Finds the variant that a file exports, and its own description. The file has been bundled with the engine that runs
 * it, so a KernelPanic that the variant throws is the KernelPanic that a run catches.
 */
import {
  CHARGED_EXTRA,
  COMPARED,
  COUNTER_NAMES,
  EVENT_KINDS,
  EVENT_WORDS,
  GAUGES,
  HUNK_NAMES,
  type Intent,
  PLACE_NAMES,
  STOP_POINTS,
  type Variant,
  defineVariant,
} from '../../core/index.ts';
import { LoadError, describeError } from './describe.ts';

/** What the numbers in a record stand for: a patched core may number differently. By number, unless it says otherwise. */
export interface CoreNames {
  readonly counters: readonly string[];
  /** names of counters that are levels, and of those that count events and are compared; sorted */
  readonly gauges: readonly string[];
  readonly events: readonly string[];
  /** quantities charged beyond the counters */
  readonly extra: readonly string[];
  readonly kinds: readonly string[];
  readonly places: readonly string[];
  readonly stops: readonly string[];
  /** numbers of an event */
  readonly eventWords: number;
}

/** Those of the core that this code is bundled with. */
export function coreNames(): CoreNames {
  const named = (numbers: readonly number[]): string[] => numbers.map((number) => COUNTER_NAMES[number]).toSorted();
  return {
    counters: COUNTER_NAMES,
    gauges: named(GAUGES),
    events: named(COMPARED.filter((number) => !GAUGES.includes(number))),
    extra: CHARGED_EXTRA,
    kinds: EVENT_KINDS,
    places: PLACE_NAMES,
    stops: STOP_POINTS,
    eventWords: EVENT_WORDS,
  };
}

/** A variant's own description, as data. */
export interface Introduced {
  readonly id: string;
  readonly after: string | null;
  readonly title: string;
  readonly intends: readonly Intent[];
  /** per member, in seam order: its text as it runs, for display */
  readonly compiled: readonly string[];
  /** per member: id of the first built-in variant with the identical function; null if none */
  readonly taken: readonly (string | null)[];
  readonly names: CoreNames;
}

export function introduce({ id, after, title, intends, hunks }: Variant, builtIn: readonly Variant[]): Introduced {
  return {
    id,
    after,
    title,
    intends,
    compiled: HUNK_NAMES.map((member) => Function.prototype.toString.call(hunks[member])),
    taken: HUNK_NAMES.map((member) => builtIn.find((variant) => variant.hunks[member] === hunks[member])?.id ?? null),
    names: coreNames(),
  };
}

/**
 * Returns the only variant that a file exports: its default export, or its only export with hunks. Throws LoadError.
 */
export function exportedVariant(exported: Readonly<Record<string, unknown>>, file: string): Variant {
  const variant = theVariant(exported);
  if (variant === null) {
    const found = Object.keys(exported);
    throw new LoadError(
      `${file}: expected one exported variant (export default defineVariant({…})), found ${
        found.length === 0 ? 'no export' : `export ${found.join(', ')}`
      }`,
    );
  }
  try {
    return defineVariant(variant as Variant);
  } catch (error) {
    throw new LoadError(describeError(error, file), { cause: error });
  }
}

const looksRight = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && 'hunks' in value && 'id' in value;

function theVariant(exported: Readonly<Record<string, unknown>>): object | null {
  if (exported.default !== undefined) return looksRight(exported.default) ? exported.default : null;
  const found = Object.values(exported).filter(looksRight);
  return found.length === 1 ? found[0] : null;
}
