/**
 * The closed language in which differences are declared: `more`, `fewer`, or terms `±N per BASIS` and `up to ±N per
 * BASIS`, separated by commas.
 *
 * A measure is an interval that depends on what happened: its terms give a number, those with `up to` make room above or
 * below it, and `more` and `fewer` open the interval on that side. So measures can be added along a series of revisions,
 * and negated when the series is read backwards.
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
  [
    'teardown with pages above',
    'an exec or exit whose address space has pages mapped above an entry of the shared page alone',
  ],
  [
    'teardown without a shared ABI page',
    'an exec that reuses, or an exit of the last user, whose ABI has no shared page',
  ],
  [
    'shared exit without a shared ABI page',
    'an exit beside other users of the vmspace, where the ABI has no shared page',
  ],
  ['vmspace freed', 'a vmspace whose last reference is dropped, by an exec, an exit or a wait'],
  ['entry in a swap-out', 'a map entry that a swap-out visits, after the search for the biggest object'],
  ['object in a swap-out', 'an object that a swap-out scans'],
  ['page in a swap-out', 'a resident page that such a scan passes'],
  [
    'teardown with other memory there',
    'an exec that reuses, or an exit, that finds other memory where the shared page belongs',
  ],
  [
    'teardown with a superpage there',
    'an exec that reuses, or an exit, that finds a 2M mapping over the place of the shared page',
  ],
  ['read lock of a map', 'a map lock taken to read, for a fault or a call that changes no entry'],
  [
    'clean-up with other memory there',
    "a vmspace freed at the end of an exec that has other memory where the new image's shared page belongs",
  ],
  ['clean-up without the shared page', 'a vmspace freed at the end of an exec that has nothing there'],
] as const;

type Basis = (typeof BASES_TABLE)[number][0];
export const BASES: readonly Basis[] = BASES_TABLE.map(([name]) => name);

export interface Measure {
  /** the difference may be above (more) or below (fewer) the number that the terms give */
  readonly more: boolean;
  readonly fewer: boolean;
  /** coefficient of each basis */
  readonly per: readonly number[];
  /** room above and below what the terms come to, by basis: 0 or more. null: none */
  readonly room: { readonly above: readonly number[]; readonly below: readonly number[] } | null;
}

const NONE: readonly number[] = BASES.map(() => 0);
export const NOTHING: Measure = { more: false, fewer: false, per: NONE, room: null };
export const ANYTHING: Measure = { ...NOTHING, more: true, fewer: true };

/** Measures by text: each job of a comparison plans anew, with the same formulas (2.7 -> 1.0 ms a job). */
const read = new Map<string, Measure>();

/** The measure declared by `text`. Throws RangeError: where, expected, got. */
export function parseMeasure(text: string, where: string): Measure {
  const measure = read.get(text) ?? parse(text, where);
  read.set(text, measure);
  return measure;
}

function parse(text: string, where: string): Measure {
  let { more, fewer } = NOTHING;
  const [per, above, below] = [[...NONE], [...NONE], [...NONE]];
  for (const part of text.split(',').map((word) => word.trim())) {
    const term = /^(up to )?([+-]\d+) per (.+)$/.exec(part);
    const basis = term === null ? -1 : BASES.findIndex((name) => name === term[3]);
    const n = Number(term?.[2]);
    if (part === 'more') more = true;
    else if (part === 'fewer') fewer = true;
    else if (part === 'any') more = fewer = true;
    else if (basis >= 0 && term?.[1] === undefined) per[basis] += n;
    else if (basis >= 0) (n > 0 ? above : below)[basis] += Math.abs(n);
    else
      throw new RangeError(
        `${where}: expected 'more', 'fewer', 'any' or '[up to] ±N per BASIS' (list --bases), got ${JSON.stringify(part)}` +
          (term === null ? hint(part, ['more', 'fewer', 'any']) : hint(term[3], BASES)),
      );
  }
  const hasRoom = [...above, ...below].some((n) => n !== 0);
  return { more, fewer, per, room: hasRoom ? { above, below } : null };
}

/** The formula that parseMeasure reads as `measure`. */
export const measureText = ({ more, fewer, per, room }: Measure): string =>
  [
    ...termTexts(per, ''),
    ...termTexts(room?.above ?? [], 'up to '),
    ...termTexts(
      (room?.below ?? []).map((n) => -n),
      'up to ',
    ),
    ...(more ? ['more'] : []),
    ...(fewer ? ['fewer'] : []),
  ].join(', ');

const termTexts = (per: readonly number[], before: string): string[] =>
  per.flatMap((n, basis) => (n === 0 ? [] : [`${before}${n > 0 ? '+' : ''}${n} per ${BASES[basis]}`]));

const added = (a: readonly number[], b: readonly number[]): number[] => a.map((n, i) => n + b[i]);

export const sum = (a: Measure, b: Measure): Measure => ({
  more: a.more || b.more,
  fewer: a.fewer || b.fewer,
  per: added(a.per, b.per),
  room:
    a.room === null || b.room === null
      ? (a.room ?? b.room)
      : { above: added(a.room.above, b.room.above), below: added(a.room.below, b.room.below) },
});

export const isExact = ({ more, fewer, room }: Measure): boolean => !more && !fewer && room === null;

/** What a measure counts: it has a term about some occasion. */
export const hasTerms = ({ per, room }: Measure): boolean => room !== null || per.some((n) => n !== 0);
