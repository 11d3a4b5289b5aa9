/**
 * What comparison has to know of a variant, as data: which members of the seam it shares with which other.
 *
 * Two members are the same if they are one function, or if their text is the same and calls no helper of its own file (a
 * helper may differ though its name does not). A member that is the same under another name counts as unchanged.
 */
import { HUNK_NAMES, type Hunks, type Intent, type Variant } from '../../core/index.ts';

export interface Facts {
  readonly id: string;
  readonly after: string | null;
  readonly title: string;
  readonly intends: readonly Intent[];
  /** per member, in seam order: equal strings for equal members */
  readonly members: readonly string[];
  /** per member: its text as it runs, for a reader */
  readonly compiled: readonly string[];
}

/** Facts of variants, in order. imported: names that a variant file gets from the engine, where they mean one thing. */
export function factsOf(variants: readonly Variant[], imported: ReadonlySet<string>): Facts[] {
  const known: { readonly member: keyof Hunks; readonly hunk: unknown; readonly text: string; readonly as: string }[] =
    [];
  return variants.map((variant) => {
    const { id, after, title, intends, hunks } = variant;
    const members = HUNK_NAMES.map((member) => {
      const hunk = hunks[member];
      const text = normalised(hunk);
      const same = known.find(
        (other) =>
          other.member === member && (other.hunk === hunk || (other.text === text && !callsHelpers(text, imported))),
      );
      if (same !== undefined) return same.as;
      known.push({ member, hunk, text, as: id });
      return id;
    });
    const compiled = HUNK_NAMES.map((member) => plain(hunks[member]));
    return { id, after, title, intends, members, compiled };
  });
}

/** The text of a function, less what the loader makes of imported names. */
const plain = (hunk: unknown): string =>
  Function.prototype.toString.call(hunk).replaceAll(/\(0\s*,\s*\w+\.(\w+)\)/g, '$1');

/** The text of a function without its own name, comments, blanks, and what compilers make of it. */
const normalised = (hunk: unknown): string =>
  plain(hunk)
    .replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')
    .replace(/^(?:function\s*)?\w+\s*(?=\()/, '')
    .replaceAll(/\s+/g, '')
    .replaceAll(/[;,](?=[)\]}])/g, '');

const NO_HELPERS = new Set(['if', 'for', 'while', 'switch', 'catch', 'return', 'Number', 'Boolean', 'String']);

/** Does the text call a name that is neither a member of something nor imported? */
const callsHelpers = (text: string, imported: ReadonlySet<string>): boolean =>
  [...text.matchAll(/(?<![.\w$])(?:new)?([A-Za-z_$][\w$]*)\(/g)].some(
    ([, name]) => !NO_HELPERS.has(name) && !imported.has(name),
  );
