/** What a variant is, and defineVariant, the only way to make one. */
import { HUNK_NAMES, type Hunks } from './hunks.ts';
import { hint } from './suggest.ts';

/** A difference from the predecessor that a variant's author intends. */
export interface Intent {
  /** One statistic or counter by name (residentCount, wiredCount, or a name of core/counters). No wildcards. */
  readonly what: string;
  /**
   * A sign or a formula, checked by the harness: 'more', 'fewer', 'any' (either), or terms '±N per BASIS' joined by ', '.
   * `pmapdiff list --bases` says what BASIS can be. Entries about one statistic add up.
   */
  readonly by: string;
  readonly why: string;
}

export interface Variant {
  readonly id: string;
  /** Id of the predecessor; null for the first of a series. */
  readonly after: string | null;
  readonly title: string;
  /** Where the revision was reviewed; absent for controls and what-ifs. */
  readonly review?: { readonly diff?: number; readonly commit?: string };
  /** The only accounting fact that a variant may declare to the checker. */
  readonly accounting: { readonly topPagesInResidentCount: boolean };
  readonly intends: readonly Intent[];
  readonly hunks: Hunks;
}

const INTENT_WORDS: Readonly<Record<keyof Intent, string>> = {
  what: 'a statistic or counter',
  by: 'a sign or a formula',
  why: 'a reason in words',
};

/**
 * Checks every member of the seam by name, copies them into one object with a fixed member order and freezes the
 * variant. Throws a TypeError whose message lists everything that is missing, unknown or not a function.
 */
export function defineVariant(variant: Variant): Variant {
  const faults: string[] = [];
  if (typeof variant !== 'object' || variant === null) throw new TypeError('defineVariant: expected an object');
  const { id, after, title, intends, accounting } = variant;
  const given = (variant.hunks ?? {}) as unknown as Record<string, unknown>;
  if (typeof id !== 'string' || !/^[a-z0-9][a-z0-9-]*$/.test(id))
    faults.push(`id: expected lower-case words joined by '-', got ${JSON.stringify(id)}`);
  if (after !== null && typeof after !== 'string')
    faults.push(`after: expected the id of the predecessor or null, got ${JSON.stringify(after)}`);
  if (typeof title !== 'string' || title === '') faults.push('title: expected a sentence');
  if (!Array.isArray(intends)) faults.push('intends: expected an array');
  else
    intends.forEach((intent: Partial<Intent> | null, i) => {
      for (const key of ['what', 'by', 'why'] as const) {
        const text: unknown = intent?.[key];
        if (typeof text !== 'string' || text.trim() === '')
          faults.push(`intends[${i}].${key}: expected ${INTENT_WORDS[key]}, got ${JSON.stringify(text)}`);
      }
    });
  if (typeof accounting?.topPagesInResidentCount !== 'boolean')
    faults.push('accounting.topPagesInResidentCount: expected true or false');
  const hunks: Record<string, unknown> = {};
  for (const name of HUNK_NAMES) {
    const member = given[name];
    if (member === undefined) faults.push(`hunks.${name}: missing`);
    else if (typeof member !== 'function') faults.push(`hunks.${name}: expected a function, got ${typeof member}`);
    else if (kindOf(member) !== 'Function')
      faults.push(`hunks.${name}: expected a function that answers when it is called, got ${spelt(kindOf(member))}`);
    hunks[name] = member;
  }
  for (const name of Object.keys(given))
    if (!(HUNK_NAMES as readonly string[]).includes(name))
      faults.push(`hunks.${name}: no such member${hint(name, HUNK_NAMES)}`);
  if (faults.length > 0) throw new TypeError(`defineVariant(${String(id)}): ${faults.join('; ')}`);
  return Object.freeze({
    ...variant,
    intends: Object.freeze(intends.map((intent) => Object.freeze({ ...intent }))),
    accounting: Object.freeze({ ...accounting }),
    hunks: Object.freeze(hunks as unknown as Hunks),
  });
}

/** Function, AsyncFunction, GeneratorFunction or AsyncGeneratorFunction. */
const kindOf = (member: unknown): string => Object.prototype.toString.call(member).slice('[object '.length, -1);

/** `an async generator function` for AsyncGeneratorFunction. */
const spelt = (kind: string): string => {
  const words = kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
  return `${words.startsWith('a') ? 'an' : 'a'} ${words}`;
};
