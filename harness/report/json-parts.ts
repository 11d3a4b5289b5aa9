/** A long document of JSON in parts, so that the whole of it is never in memory. */

/**
 * The text of JSON.stringify(value, null, 1), where a function stands for the list that it makes one element at a time. In
 * an object it is a value; in an array it is not looked for. lead: what comes before.
 */
export function* jsonParts(value: unknown, margin = '', lead = ''): Generator<string> {
  const inner = `${margin} `;
  let start = lead;
  if (typeof value === 'function') {
    start += '[';
    for (const one of (value as () => Iterable<unknown>)()) {
      yield* jsonParts(one, inner, `${start}\n${inner}`);
      start = ',';
    }
    yield start === ',' ? `\n${margin}]` : `${start}]`;
  } else if (isObject(value) && Object.values(value).some((one) => typeof one === 'function')) {
    start += '{';
    for (const [key, one] of Object.entries(value)) {
      if (one === undefined) continue;
      yield* jsonParts(one, inner, `${start}\n${inner}${JSON.stringify(key)}: `);
      start = ',';
    }
    yield `\n${margin}}`;
  } else yield lead + JSON.stringify(value, null, 1).replaceAll('\n', `\n${margin}`);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
