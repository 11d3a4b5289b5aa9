/**
 * The closed language in which differences are declared: `more`, `fewer`, or terms `±N per BASIS`, separated by commas.
 *
 * A measure is an interval that depends on what happened: its terms give a number, and `more` and `fewer` open the
 * interval above or below it. So measures can be added along a series of revisions, and negated when the series is read
 * backwards.
 */

import { hint } from '../../core/suggest.ts';

/** What a term can count, and what that is, in the order of Measure.per and of the basis vectors in occasions.ts. */
export const BASES_TABLE = [
  ['live top-level page', 'a top-level page of a live pmap: one, or two with page-table isolation'],
  ['exec that reuses', 'an exec that empties its vmspace in place instead of taking a new one'],
  ['exit', 'a process exit, when it is about to drop its vmspace reference'],
  ['exit of the last user', 'a process exit that finds no other user of the vmspace at that point'],
  ['pmap_remove call', 'a call of pmap_remove, early exits included'],
  ['reserved page freed', 'a page-table page kept behind a promoted 2M mapping and freed without a demotion'],
  ['teardown without the shared page', 'an exec or exit whose unmapping finds no shared page in the map'],
  ['teardown without its table', 'an exec or exit whose unmapping finds no page-table page at that address'],
  ['teardown with pages above', 'an exec or exit whose address space has pages mapped above the shared page'],
  [
    'teardown without a shared ABI page',
    'an exec that reuses, or an exit of the last user, whose ABI has no shared page',
  ],
  [
    'shared exit without a shared ABI page',
    'an exit beside other users of the vmspace, where the ABI has no shared page',
  ],
] as const;

type Basis = (typeof BASES_TABLE)[number][0];
export const BASES: readonly Basis[] = BASES_TABLE.map(([name]) => name);

export interface Measure {
  /** the difference may be above (more) or below (fewer) the number that the terms give */
  readonly more: boolean;
  readonly fewer: boolean;
  /** coefficient of each basis */
  readonly per: readonly number[];
}

export const NOTHING: Measure = { more: false, fewer: false, per: BASES.map(() => 0) };
export const ANYTHING: Measure = { more: true, fewer: true, per: NOTHING.per };

/** Parses the measure declared by `text`. Throws RangeError: where, expected, got. */
export function parseMeasure(text: string, where: string): Measure {
  let { more, fewer } = NOTHING;
  const per = [...NOTHING.per];
  for (const part of text.split(',').map((word) => word.trim())) {
    const term = /^([+-]\d+) per (.+)$/.exec(part);
    const basis = term === null ? -1 : BASES.findIndex((name) => name === term[2]);
    if (part === 'more') more = true;
    else if (part === 'fewer') fewer = true;
    else if (part === 'any') more = fewer = true;
    else if (term !== null && basis >= 0) per[basis] += Number(term[1]);
    else
      throw new RangeError(
        `${where}: expected 'more', 'fewer', 'any' or '±N per ${BASES.join(' | ')}', got ${JSON.stringify(part)}` +
          (term === null ? hint(part, ['more', 'fewer', 'any']) : hint(term[2], BASES)),
      );
  }
  return { more, fewer, per };
}

/** The formula that parseMeasure reads as `measure`. */
export const measureText = ({ more, fewer, per }: Measure): string =>
  [
    ...per.flatMap((n, basis) => (n === 0 ? [] : [`${n > 0 ? '+' : ''}${n} per ${BASES[basis]}`])),
    ...(more ? ['more'] : []),
    ...(fewer ? ['fewer'] : []),
  ].join(', ');

export const sum = (a: Measure, b: Measure): Measure => ({
  more: a.more || b.more,
  fewer: a.fewer || b.fewer,
  per: a.per.map((n, i) => n + b.per[i]),
});

export const isExact = ({ more, fewer }: Measure): boolean => !more && !fewer;
