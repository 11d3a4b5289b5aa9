/**
 * What comparison has to know of a variant, as data: which members of the seam it shares with which other.
 *
 * Two members are the same if they are one function, or if their text is the same and calls the engine alone (a helper of
 * a file may differ from another, or from a function of the engine, though its name does not). A member that is the same
 * under another name counts as unchanged.
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

/** What a variant file gets as `pmapdiff`: the engine's names, each of which means one thing, and the built-in variants. */
export type Face = object & { readonly series: readonly Variant[]; readonly experiments: readonly Variant[] };

/** Name of `pmapdiff` in the compiled code of a file. */
export const FACE = '$pmapdiff';
const CALLED_OFF_FACE = new RegExp(`\\(0,\\${FACE}\\.(\\w+)\\)`, 'g');
const READ_OFF_FACE = new RegExp(`(?<![\\w$]|[^.]\\.)(new)?\\${FACE}\\.`, 'g');

interface Known {
  readonly member: keyof Hunks;
  readonly hunk: unknown;
  /** null: it calls helpers, so that its text does not say what it does */
  readonly text: string | null;
  readonly as: string;
}

/** Facts of variants, in order. */
export function factsOf(variants: readonly Variant[], face: Face): Facts[] {
  const builtIn = new Set<unknown>([...face.series, ...face.experiments].flatMap(({ hunks }) => Object.values(hunks)));
  const names = new Set(Object.keys(face));
  const known: Known[] = [];
  return variants.map((variant) => {
    const { id, after, title, intends, hunks } = variant;
    const members = HUNK_NAMES.map((member) => {
      const hunk = hunks[member];
      const text = builtIn.has(hunk) ? textOfBuiltIn(hunk, names) : textOfFile(hunk);
      const same = known.find(
        (other) => other.member === member && (other.hunk === hunk || (text !== null && other.text === text)),
      );
      if (same !== undefined) return same.as;
      known.push({ member, hunk, text, as: id });
      return id;
    });
    const compiled = HUNK_NAMES.map((member) => plain(sourceOf(hunks[member])));
    return { id, after, title, intends, members, compiled };
  });
}

const sourceOf = (hunk: unknown): string => Function.prototype.toString.call(hunk);

/** A text less what compilers make of imported names: `(0, module.name)(…)`. */
const plain = (text: string): string => text.replaceAll(/\(0\s*,\s*[\w$]+\.(\w+)\)/g, '$1');

/** A built-in variant imports its names from the engine alone, and gives none of them to a helper of its own. */
function textOfBuiltIn(hunk: unknown, names: ReadonlySet<string>): string | null {
  const text = normalised(plain(sourceOf(hunk)));
  return callees(text).every((name) => names.has(name)) ? text : null;
}

/** In a file, only what is read off the face is the engine's: a bare name is the file's own, whatever it is. */
function textOfFile(hunk: unknown): string | null {
  const text = normalised(sourceOf(hunk));
  if (callees(text).length > 0) return null;
  return text.replaceAll(CALLED_OFF_FACE, '$1').replaceAll(READ_OFF_FACE, '$1');
}

/** A text without the function's own name, comments, blanks, and what compilers make of it. */
const normalised = (text: string): string =>
  text
    .replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')
    .replace(/^(?:function\s*)?\w+\s*(?=\()/, '')
    .replaceAll(/\s+/g, '')
    .replaceAll(/[;,](?=[)\]}])/g, '');

const NO_HELPERS = new Set(['if', 'for', 'while', 'switch', 'catch', 'return', 'Number', 'Boolean', 'String']);

/** Names that a text calls, other than members of something. */
const callees = (text: string): string[] =>
  [...text.matchAll(/(?<![.\w$])(?:new)?([A-Za-z_$][\w$]*)\(/g)]
    .map(([, name]) => name)
    .filter((name) => !NO_HELPERS.has(name));
