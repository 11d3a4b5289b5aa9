/**
 * The closed language in which a difference is declared: `more`, `fewer`, or terms `±N per BASIS`, joined by commas.
 *
 * A measure is an interval that depends on what happened: its terms give a number, `more` and `fewer` leave the side above
 * or below it open. So measures add up along a series of revisions, and turn round when the series is read backwards.
 */

/** What a term can count, in the order of Measure.per and of the basis vectors in occasions.ts. */
export const BASES = [
  'live top-level page',
  'exec that reuses',
  'exit',
  'exit of the last user',
  'pmap_remove call',
  'reserved page freed',
  'teardown without the shared page',
  'teardown without its table',
  'teardown with pages above',
] as const;

export interface Measure {
  /** the difference may be above, below the number that the terms give */
  readonly more: boolean;
  readonly fewer: boolean;
  /** coefficient of each basis */
  readonly per: readonly number[];
}

export const NOTHING: Measure = { more: false, fewer: false, per: BASES.map(() => 0) };
export const ANYTHING: Measure = { more: true, fewer: true, per: NOTHING.per };

/** The measure that `text` declares. Throws RangeError: where, expected, got. */
export function parseMeasure(text: string, where: string): Measure {
  let { more, fewer } = NOTHING;
  const per = [...NOTHING.per];
  for (const part of text.split(',').map((word) => word.trim())) {
    const term = /^([+-]\d+) per (.+)$/.exec(part);
    const basis = term === null ? -1 : (BASES as readonly string[]).indexOf(term[2]);
    if (part === 'more') more = true;
    else if (part === 'fewer') fewer = true;
    else if (term !== null && basis >= 0) per[basis] += Number(term[1]);
    else
      throw new RangeError(
        `${where}: expected 'more', 'fewer' or '±N per ${BASES.join(' | ')}', got ${JSON.stringify(part)}`,
      );
  }
  return { more, fewer, per };
}

export const sum = (a: Measure, b: Measure): Measure => ({
  more: a.more || b.more,
  fewer: a.fewer || b.fewer,
  per: a.per.map((n, i) => n + b.per[i]),
});

export const isExact = ({ more, fewer }: Measure): boolean => !more && !fewer;
