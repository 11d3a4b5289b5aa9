/**
 * Closes the realm in which a stranger's code will run: what is not of the language itself is gone, the clock and the
 * random generator throw, and no object that the engine shares with the stranger can be changed. Nothing of Node can be
 * reached from the language, provided that it compiles no text (--disallow-code-generation-from-strings) and that the
 * stranger's imports were bundled.
 */

/** Globals of the language whose answers depend on nothing but the program. */
const KEPT =
  `globalThis Infinity NaN undefined parseFloat parseInt isFinite isNaN decodeURI decodeURIComponent encodeURI
  encodeURIComponent escape unescape Object Function Array Number Boolean String Symbol BigInt Math JSON
  RegExp Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError Map Set
  WeakMap WeakSet Iterator Promise Proxy Reflect ArrayBuffer DataView Int8Array Int16Array Int32Array
  Uint8Array Uint8ClampedArray Uint16Array Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array
  Float64Array`.split(/\s+/);

/** The kept ones reach all objects of the language but the prototypes of these. */
const HIDDEN: readonly object[] = [
  async function () {},
  function* () {},
  async function* () {},
  [][Symbol.iterator](),
  new Map()[Symbol.iterator](),
  new Set()[Symbol.iterator](),
  ''[Symbol.iterator](),
  ''.matchAll(/x/g),
];

/** Can be called with `new` too. */
const refuse = (what: string) =>
  function refused(): never {
    throw new Error(`${what} was called: a record must not depend on it`);
  };

export interface Realm {
  /** Throws if something was added to an object of the language. */
  readonly assertUnchanged: () => void;
}

/** print: where console.log, info, warn, error and debug write what they are given. */
export function closeRealm(print: (values: readonly unknown[]) => void): Realm {
  const kept = new Set<string | symbol>(KEPT);
  const global = globalThis as Record<string | symbol, unknown>;
  Math.random = refuse('Math.random');
  for (const name of Reflect.ownKeys(global)) if (!kept.has(name)) Reflect.deleteProperty(global, name);
  const say = (...values: readonly unknown[]): void => print(values);
  const console = Object.freeze({ log: say, info: say, warn: say, error: say, debug: say });
  const noDate = Object.assign(refuse('Date'), { now: refuse('Date.now') });
  for (const [name, value] of Object.entries({ console, Date: noDate })) global[name] = value;
  const objects = reachable([...KEPT.map((name) => global[name]), ...HIDDEN.map(Reflect.getPrototypeOf), noDate]);
  objects.delete(global);
  allowNames(objects);
  // V8 compiles code that uses these four times as slow if they are frozen (make12: 0.4 -> 1.6 s): properties can be added.
  const open = [Object.prototype, ...[...objects].filter(isTypedArrayPrototype)];
  for (const object of objects) if (!open.includes(object)) Object.freeze(object);
  for (const object of [...open, global]) closeProperties(object);
  const { ownKeys, getPrototypeOf } = Reflect;
  const were = open.map((object) => ({ object, keys: ownKeys(object), parent: getPrototypeOf(object) }));
  return {
    assertUnchanged: () => {
      for (const { object, keys, parent } of were) {
        const added = ownKeys(object).filter((key) => !keys.includes(key));
        const what = added.length > 0 ? `the property ${String(added[0])}` : 'another prototype';
        if (added.length > 0 || getPrototypeOf(object) !== parent)
          throw new Error(`an object of the language was given ${what}: the engine uses it too`);
      }
    },
  };
}

/** All objects that lead from `roots`, by properties and prototypes. */
function reachable(roots: readonly unknown[]): Set<object> {
  const found = new Set<object>();
  const add = (value: unknown): void => {
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') found.add(value);
  };
  roots.forEach(add);
  for (const object of found) {
    if (object === globalThis) continue;
    add(Reflect.getPrototypeOf(object));
    for (const key of Reflect.ownKeys(object)) {
      const { value, get, set } = Reflect.getOwnPropertyDescriptor(object, key)!;
      [value, get, set].forEach(add);
    }
  }
  return found;
}

/** A frozen prototype makes `this.name = …` of an error's own class fail: its name becomes one that can be overridden. */
function allowNames(objects: ReadonlySet<object>): void {
  for (const object of objects) {
    if (object !== Error.prototype && Reflect.getPrototypeOf(object) !== Error.prototype) continue;
    const { value: name } = Reflect.getOwnPropertyDescriptor(object, 'name') ?? {};
    if (typeof name !== 'string') continue;
    Reflect.defineProperty(object, 'name', {
      get: () => name,
      set(this: object, value: unknown) {
        if (this === object) throw new TypeError(`expected ${name}.prototype to be left as it is`);
        Reflect.defineProperty(this, 'name', { value, writable: true, configurable: true });
      },
      configurable: false,
    });
  }
}

const isTypedArrayPrototype = (object: object): boolean => {
  const base = Reflect.getPrototypeOf(Int32Array.prototype);
  return object === base || Reflect.getPrototypeOf(object) === base;
};

function closeProperties(object: object): void {
  for (const key of Reflect.ownKeys(object)) {
    const property = Reflect.getOwnPropertyDescriptor(object, key)!;
    if (property.configurable !== true) continue;
    property.configurable = false;
    if ('value' in property) property.writable = false;
    Reflect.defineProperty(object, key, property);
  }
}
