/**
 * What a run must not depend on: while it lasts, the clock and the random generator throw an error that names them.
 * Otherwise records would differ from one run to the next.
 */

const refuse = (what: string) => (): never => {
  throw new Error(`${what} was called during a run: a record must not depend on it`);
};

/** Runs `body` with Math.random, Date and performance.now disabled. */
export function withoutClock<T>(body: () => T): T {
  const { random } = Math;
  const { Date: realDate } = globalThis;
  const trappedDate = new Proxy(realDate, {
    apply: refuse('Date'),
    construct: refuse('Date'),
    get: (target, name) => (name === 'now' ? refuse('Date.now') : Reflect.get(target, name)),
  });
  Math.random = refuse('Math.random');
  globalThis.Date = trappedDate;
  Object.defineProperty(performance, 'now', { value: refuse('performance.now'), configurable: true });
  try {
    return body();
  } finally {
    Math.random = random;
    globalThis.Date = realDate;
    Reflect.deleteProperty(performance, 'now');
  }
}
