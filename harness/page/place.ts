/** Places in a page, as the part of its address behind `#`: every cell of the matrix has one, to be linked to. */

export type Place =
  /** matrix, findings; anchor: one of their elements, empty: the top */
  | { readonly kind: 'overview'; readonly anchor: string }
  | {
      readonly kind: 'workload';
      readonly workload: string;
      readonly candidate: string;
      readonly reference: string | null;
      readonly op: number | null;
    }
  /** A workload of a finding, by its number among the finding's. */
  | {
      readonly kind: 'case';
      readonly finding: string;
      readonly number: number;
      readonly candidate: string | null;
      readonly op: number | null;
    };

/** `#w=exit-touched&v=landed&op=3` */
export function hashOf(place: Place): string {
  if (place.kind === 'overview') return `#${place.anchor}`;
  const words = new URLSearchParams();
  if (place.kind === 'workload') {
    words.set('w', place.workload);
    words.set('v', place.candidate);
    if (place.reference !== null) words.set('r', place.reference);
  } else {
    words.set('f', place.finding);
    words.set('n', String(place.number));
    if (place.candidate !== null) words.set('v', place.candidate);
  }
  if (place.op !== null) words.set('op', String(place.op));
  return `#${words.toString()}`;
}

const wholeNumber = (text: string | null): number | null =>
  text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;

export function placeOf(hash: string): Place {
  const words = new URLSearchParams(hash.replace(/^#/, ''));
  const [workload, finding, candidate, op] = [
    words.get('w'),
    words.get('f'),
    words.get('v'),
    wholeNumber(words.get('op')),
  ];
  if (workload !== null && candidate !== null)
    return { kind: 'workload', workload, candidate, reference: words.get('r'), op };
  if (finding !== null) return { kind: 'case', finding, number: wholeNumber(words.get('n')) ?? 0, candidate, op };
  return { kind: 'overview', anchor: hash.replace(/^#/, '') };
}
