import { join } from 'node:path';
import { createContext, Script } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../harness/bundle/bundle.mjs';
import { recordsOf } from '../support/browser-page.ts';
import { root } from '../support/layers.ts';

describe('the engine in a browser', () => {
  let code: string;
  beforeAll(async () => {
    const [chunk] = await bundle(
      { page: join(root, 'test/support/browser-page.ts') },
      { platform: 'browser', output: { format: 'iife', name: 'page', codeSplitting: false, sourcemap: false } },
    );
    code = chunk!.code;
  });

  it('uses no Node module and loads no other file', () => {
    const found = code.matchAll(/^.*(?:\bfrom\s*["']|\brequire\(|\bimport\(|["']node:).*$/gm);
    expect([...found].map(([line]) => line.trim())).toEqual([]);
  });

  it.each(['exit-touched', 'exec-touched-pti', 'vfork-execfail'])(
    'gives the same records where there is no Node: %s',
    (name) => {
      const context = createContext(Object.create(null) as object);
      for (const global of ['process', 'Buffer', 'require', 'performance', 'setTimeout', 'structuredClone'])
        expect(new Script(`typeof ${global}`).runInContext(context)).toBe('undefined');
      new Script(code).runInContext(context);
      expect(new Script(`page.recordsOf(${JSON.stringify(name)})`).runInContext(context)).toBe(recordsOf(name));
    },
  );
});
