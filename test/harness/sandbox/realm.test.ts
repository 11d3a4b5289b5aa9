import { join } from 'node:path';
import vm from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../../harness/bundle/bundle.mjs';
import { root } from '../../support/layers.ts';

/** A realm of its own, closed; Node is not there anyway, so some of it is put there first. */
let evaluate: (text: string) => unknown;
const printed: unknown[] = [];

beforeAll(async () => {
  const input = { realm: join(root, 'harness/sandbox/realm.ts') };
  const [chunk] = await bundle(input, { output: { format: 'iife', name: 'room', sourcemap: false } });
  const context = vm.createContext({ process, setTimeout, print: (values: unknown[]) => printed.push(...values) });
  vm.runInContext(`${chunk!.code}; const closed = room.closeRealm(print);`, context);
  evaluate = (text) => vm.runInContext(`'use strict'; ${text}`, context);
});

describe('a closed realm', () => {
  it.each(['process', 'setTimeout', 'print', 'WebAssembly', 'SharedArrayBuffer', 'Atomics', 'Intl', 'WeakRef', 'eval'])(
    'has no %s',
    (name) => {
      expect(() => evaluate(name)).toThrow(`${name} is not defined`);
    },
  );

  it.each(['Date()', 'new Date()', 'Date.now()', 'Math.random()'])('has no clock and no chance: %s', (call) => {
    expect(() => evaluate(call)).toThrow('was called: a record must not depend on it');
  });

  it.each([
    'Array.prototype.push = 1',
    'Object.prototype.toString = 1',
    'Math.max = 1',
    'Int32Array.prototype.fill = 1',
    'Object.getPrototypeOf(Int32Array.prototype).fill = 1',
    'Object.getPrototypeOf(function* () {}).prototype.next = 1',
    'Error.prototype.name = 1',
    'RangeError.prototype.name = 1',
    'Error.prepareStackTrace = 1',
    'console.log = 1',
    'Map = 1',
    'Date.prototype = 1',
  ])('cannot be changed: %s', (change) => {
    expect(() => evaluate(change)).toThrow(/Cannot|not extensible|left as it is|read only/);
  });

  it('lets classes of errors have names', () => {
    const text =
      "class Mine extends RangeError { constructor() { super('m'); this.name = 'Mine'; } } String(new Mine())";
    expect(evaluate(`{ ${text} }`)).toBe('Mine: m');
    expect(evaluate("String(new RangeError('m'))")).toBe('RangeError: m');
  });

  it('prints', () => {
    evaluate("console.log('a', 1)");
    expect(printed).toEqual(['a', 1]);
  });

  it('notices what was added to a prototype that has to stay open', () => {
    evaluate('closed.assertUnchanged()');
    evaluate('Object.prototype[0] = 1');
    expect(() => evaluate('closed.assertUnchanged()')).toThrow('was given the property 0');
    evaluate('delete Object.prototype[0]');
    evaluate('Object.setPrototypeOf(Int32Array.prototype, {})');
    expect(() => evaluate('closed.assertUnchanged()')).toThrow('was given another prototype');
  });
});
