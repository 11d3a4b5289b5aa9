/** What a misspelt name was meant to be: sentences that refuse a name end with it. */

/** Number of insertions, deletions, replacements and swaps of neighbours that turn a into b. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + Number(!same));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2] + 1);
      row.push(best);
    }
    before = above;
    above = row;
  }
  return above[b.length];
}

/** The known word nearest to `word`, or '' if none is within a third of its length. */
export function nearest(word: string, known: Iterable<string>): string {
  if (word.length > 40) return '';
  let best = '';
  let least = Math.floor(word.length / 3) + 1;
  for (const candidate of known) {
    const d = distance(word.toLowerCase(), candidate.toLowerCase());
    if (d < least) [best, least] = [candidate, d];
  }
  return best;
}

/** `; did you mean X?` for the end of a sentence that refuses `word`; empty if no known word is near. */
export function hint(word: string, known: Iterable<string>): string {
  const near = nearest(word, known);
  return near === '' ? '' : `; did you mean ${near}?`;
}

/** `did you mean X?`, or else `otherwise`: where the known words can be found. */
export function didYouMean(word: string, known: readonly string[], otherwise?: string): string {
  const near = nearest(word, known);
  return near === '' ? (otherwise ?? `expected one of ${known.join(', ')}`) : `did you mean ${near}?`;
}
