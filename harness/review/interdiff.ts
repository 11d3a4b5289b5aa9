/**
 * Two variants as an interdiff: members of the seam that differ, as they are written, beside the remarks that bear on the
 * step and the statistics that it declares to change.
 */
import { diffLines } from 'diff';
import { type Declared, type VariantFacts, pathBetween } from '../declare/declarations.ts';
import { MEMBERS } from '../declare/planes.ts';
import type { Finding } from '../findings/finding.ts';
import type { MemberText, VariantSources } from './members.ts';
import { type Bearing, remarksOn } from './remarks.ts';
import { type Compiler, UnreadableSource, normalised, untyped } from './source.ts';

/** A variant under review. */
export interface Reviewed {
  readonly facts: VariantFacts;
  /** where it was reviewed, in words; empty for controls and what-ifs */
  readonly review: string;
  readonly path: string;
  /** each member as it runs, in seam order: for a file that cannot be shown as written */
  readonly compiled: readonly string[];
}

export interface Line {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** One member, or several that share their helpers. */
export interface Block {
  readonly members: readonly string[];
  readonly lines: readonly Line[];
}

export interface Interdiff {
  readonly reference: string;
  readonly candidate: string;
  readonly title: string;
  readonly review: string;
  /** what the author says at the head of the file */
  readonly message: string;
  readonly remarks: readonly Bearing[];
  /** declarations on the way from one to the other; undone: the reference's, turned round */
  readonly declares: readonly (Declared & { readonly variant: string; readonly undone: boolean })[];
  readonly blocks: readonly Block[];
  /** members that the candidate restates as its predecessor has them */
  readonly restated: readonly string[];
  /** why a side is shown as compiled */
  readonly notes: readonly string[];
}

export interface ReviewContext {
  readonly compiler: Compiler;
  readonly sources: VariantSources;
  readonly ledger: readonly Finding[];
  /** every variant that may lie between two of them */
  readonly facts: readonly VariantFacts[];
  /** id of the variant of a file; null: none of those whose facts are known */
  readonly idOf: (path: string) => string | null;
  /** ids of the revisions in review order */
  readonly series: readonly string[];
}

/** How one side has a member. */
interface Side {
  readonly text: string;
  readonly helpers: readonly string[];
}

export function interdiff(reference: Reviewed, candidate: Reviewed, context: ReviewContext): Interdiff {
  const { compiler, sources, ledger, facts, series } = context;
  const notes: string[] = [];
  const isWritten = [reference, candidate].map(({ path, facts: { id } }) => {
    const why = unreadable(sources, path);
    if (why !== null) notes.push(`${id} is shown as compiled, not as written (${why})`);
    return why === null;
  });
  const side = (of: Reviewed, written: boolean, i: number): Side =>
    written ? sideOf(sources.member(of.path, MEMBERS[i])) : { text: of.compiled[i], helpers: [] };
  const isSame = (a: Side, b: Side): boolean =>
    normalised(compiler, asText(a, [])) === normalised(compiler, asText(b, []));
  const changed = MEMBERS.flatMap((name, i) => {
    if (reference.facts.members[i] === candidate.facts.members[i]) return [];
    const [was, is] = [side(reference, isWritten[0], i), side(candidate, isWritten[1], i)];
    return isSame(was, is) ? [] : [{ name, was, is }];
  });
  const { undone, taken } = pathBetween(reference.facts.id, candidate.facts.id, facts);
  const declaredBy = (ids: readonly string[], isUndone: boolean): Interdiff['declares'] =>
    ids.flatMap((id) =>
      (facts.find((variant) => variant.id === id)?.intends ?? []).map((intent) => ({
        ...intent,
        variant: id,
        undone: isUndone,
      })),
    );
  return {
    reference: reference.facts.id,
    candidate: candidate.facts.id,
    title: candidate.facts.title,
    review: candidate.review,
    message: isWritten[1] ? sources.read(candidate.path).message : '',
    remarks: remarksOn({ reference: reference.facts.id, candidate: candidate.facts.id, taken }, ledger, series),
    declares: [...declaredBy(undone, true), ...declaredBy(taken, false)],
    blocks: blocksOf(changed),
    restated: isWritten[1] ? restatedUnchanged(candidate, context) : [],
    notes,
  };
}

/** Why the file cannot be shown as written, null if it can. */
function unreadable(sources: VariantSources, path: string): string | null {
  try {
    for (const member of MEMBERS) sources.member(path, member);
    return null;
  } catch (error) {
    if (error instanceof UnreadableSource) return error.message;
    throw error;
  }
}

const sideOf = ({ text, helpers }: MemberText): Side => ({ text, helpers: helpers.map((helper) => helper.text) });

const asText = ({ text, helpers }: Side, before: readonly string[]): string =>
  [[...before, text].join('\n'), ...helpers].join('\n\n');

/** Members that a file restates though its predecessor has them alike: as they run, or as they are written but for types. */
function restatedUnchanged({ path, facts: { members } }: Reviewed, context: ReviewContext): string[] {
  const { compiler, sources, facts, idOf } = context;
  const before = sources.predecessor(path);
  if (before === null) return [];
  const was = facts.find(({ id }) => id === idOf(before))?.members;
  const text = (of: string, name: string): string => {
    const origin = sideOf(sources.origin(of, name));
    return untyped(compiler, origin.text, origin.helpers);
  };
  return MEMBERS.filter((name, i) => {
    if (!sources.read(path).members.has(name)) return false;
    return was?.[i] === members[i] || text(path, name) === text(before, name);
  });
}

interface Changed {
  readonly name: string;
  readonly was: Side;
  readonly is: Side;
}

/** Neighbours that use the same helpers on both sides are shown together, so that helpers are shown once. */
function blocksOf(changed: readonly Changed[]): Block[] {
  const key = ({ was, is }: Changed): string => JSON.stringify([was.helpers, is.helpers]);
  const groups: Changed[][] = [];
  for (const one of changed) {
    const last = groups.at(-1);
    const hasHelpers = one.was.helpers.length + one.is.helpers.length > 0;
    if (last !== undefined && hasHelpers && key(last[0]) === key(one)) last.push(one);
    else groups.push([one]);
  }
  return groups.map((group) => {
    const texts = (which: 'was' | 'is'): string =>
      asText(
        group.at(-1)![which],
        group.slice(0, -1).map((one) => one[which].text),
      );
    return { members: group.map(({ name }) => name), lines: linesOf(texts('was'), texts('is')) };
  });
}

function linesOf(was: string, is: string): Line[] {
  return diffLines(`${was}\n`, `${is}\n`).flatMap(({ value, added, removed }) => {
    const sign = added ? '+' : removed ? '-' : ' ';
    return value
      .replace(/\n$/, '')
      .split('\n')
      .map((text): Line => ({ sign, text }));
  });
}
