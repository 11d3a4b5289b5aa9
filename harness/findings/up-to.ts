/** Formulas for what counts at most so much more or less on an occasion, and what a demoted superpage counts. */

/** Pages of a superpage. */
const PAGES = 512;

/** By counter: how much more, and how much less. */
export type Amounts = readonly (readonly [what: string, above: number, below: number])[];

/** The formulas. isLess: more becomes less. */
export const upTo = (amounts: Amounts, basis: string, isLess = false): { what: string; by: string }[] =>
  amounts.map(([what, more, less]) => {
    const [above, below] = isLess ? [less, more] : [more, less];
    const terms = [
      ...(above === 0 ? [] : [`up to +${above} per ${basis}`]),
      ...(below === 0 ? [] : [`up to -${below} per ${basis}`]),
    ];
    return { what, by: terms.join(', ') };
  });

/**
 * A demotion. The saved page-table page is put in use, so that it does not stay in user_pt_page_count (N1), or one is
 * allocated; 511 pv entries take up to 4 chunks.
 */
export const DEMOTION: Amounts = [
  ['demotions', 1, 0],
  ['userPtPageCount', 0, 1],
  ['ptPageAllocs', 1, 0],
  ['ptPageFrees', 1, 0],
  ['pvChunkAllocs', 4, 0],
  ['pvChunkFrees', 4, 0],
];

/**
 * pmap_remove of one page of a superpage, before all of it goes, demotes it: the whole TLB is flushed, and not a page
 * where an entry of its own ends the mapping. A superpage that was never accessed is destroyed instead, and flushed page
 * by page.
 */
export const DEMOTED: Amounts = [
  ...DEMOTION,
  // A wired one is demoted later in any case; then the entries that it can have without a chunk are others.
  ['pvChunkAllocs', 0, 4],
  ['pvChunkFrees', 0, 4],
  ['invalidateAlls', 1, 0],
  ['contextFlushes', 1, 0],
  ['invltlbs', 1, 0],
  ['invalidatePages', 0, 1],
  ['invalidateRanges', 1, 0],
  ['invalidateRangePages', PAGES, 0],
  ['invlpgs', PAGES, 1],
  ['invpcids', PAGES, 0],
  // As N11 says of one page; and a chunk that pages of a wired superpage keep is freed alone.
  ['pvListWriteLocks', 3 * PAGES, 3 * PAGES],
  ['pvChunkListLocks', PAGES, 1],
];
