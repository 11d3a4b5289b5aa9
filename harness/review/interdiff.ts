/**
 * Two variants as an interdiff: the members of the seam that differ, as written, along with the remarks that concern
 * the step and the statistics that it declares to change.
 */
import { diffLines } from 'diff';
import { type Declared, type VariantFacts, pathBetween } from '../declare/declarations.ts';
import { MEMBERS } from '../declare/planes.ts';
import type { Finding } from '../findings/finding.ts';
import type { Shown } from '../findings/shown.ts';
import type { MemberText, VariantSources } from './members.ts';
import { type Bearing, remarksOn } from './remarks.ts';
import { UnreadableSource } from './source.ts';

/** A variant under review. */
export interface Reviewed {
  readonly facts: VariantFacts;
  /** where it was reviewed, in words; empty for controls and what-ifs */
  readonly review: string;
  readonly path: string;
  /** each member as compiled, in seam order: used for a file that cannot be shown as written */
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
  /** the author's message at the head of the file */
  readonly message: string;
  readonly remarks: readonly Bearing[];
  /** declarations on the path from one to the other; undone: one of the reference's, reversed */
  readonly declares: readonly (Declared & { readonly variant: string; readonly undone: boolean })[];
  readonly blocks: readonly Block[];
  /** members that the candidate restates unchanged from its predecessor */
  readonly restated: readonly string[];
  /** why a side is shown as compiled */
  readonly notes: readonly string[];
}

export interface ReviewContext {
  readonly sources: VariantSources;
  readonly ledger: readonly Finding[];
  /** every variant that may be between two of them */
  readonly facts: readonly VariantFacts[];
  /** ids of the revisions in review order */
  readonly series: readonly string[];
  /** which findings show in which variants */
  readonly shown: Shown;
}

export function interdiff(reference: Reviewed, candidate: Reviewed, context: ReviewContext): Interdiff {
  const { sources, facts } = context;
  const notes: string[] = [];
  const isWritten = [reference, candidate].map(({ path, facts: { id } }) => {
    const why = unreadable(sources, path);
    if (why !== null) notes.push(`${id} is shown as compiled, not as written (${why})`);
    return why === null;
  });
  const side = (of: Reviewed, written: boolean, i: number): MemberText =>
    written ? sources.member(of.path, MEMBERS[i]) : { text: of.compiled[i], helpers: [] };
  const changed = MEMBERS.flatMap((name, i) => {
    if (reference.facts.members[i] === candidate.facts.members[i]) return [];
    return [{ name, was: side(reference, isWritten[0], i), is: side(candidate, isWritten[1], i) }];
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
    remarks: remarksOn({ reference: reference.facts.id, candidate: candidate.facts.id, taken }, context),
    declares: [...declaredBy(undone, true), ...declaredBy(taken, false)],
    blocks: blocksOf(changed),
    restated: isWritten[1] ? restatedUnchanged(candidate.path, sources) : [],
    notes,
  };
}

/** Returns why the file cannot be shown as written, null if it can. */
function unreadable(sources: VariantSources, path: string): string | null {
  try {
    for (const member of MEMBERS) sources.member(path, member);
    return null;
  } catch (error) {
    if (error instanceof UnreadableSource) return error.message;
    throw error;
  }
}

const asText = ({ text, helpers }: MemberText, before: readonly string[]): string =>
  [[...before, text].join('\n'), ...helpers].join('\n\n');

/** Members that a file restates although they equal its predecessor's. */
function restatedUnchanged(path: string, sources: VariantSources): string[] {
  const before = sources.predecessor(path);
  if (before === null) return [];
  return MEMBERS.filter(
    (name) => sources.read(path).members.has(name) && sources.meaning(path, name) === sources.meaning(before, name),
  );
}

interface Changed {
  readonly name: string;
  readonly was: MemberText;
  readonly is: MemberText;
}

/** Adjacent members that use the same helpers on both sides are grouped, so that the helpers are shown once. */
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

export function linesOf(was: string, is: string): Line[] {
  return diffLines(`${was}\n`, `${is}\n`).flatMap(({ value, added, removed }) => {
    const sign = added ? '+' : removed ? '-' : ' ';
    return value
      .replace(/\n$/, '')
      .split('\n')
      .map((text): Line => ({ sign, text }));
  });
}
