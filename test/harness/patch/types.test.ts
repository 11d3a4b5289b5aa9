import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type TypeErrors, typeErrors } from '../../../harness/patch/types.ts';

const folder = mkdtempSync(join(tmpdir(), 'pmapdiff-types-'));
afterAll(() => rmSync(folder, { recursive: true }));

const variant = (members: string): string => `import { type Machine, type Proc, defineVariant, landed } from 'pmapdiff';
import { note } from './note.ts';

export default defineVariant({
  id: 'own',
  after: 'landed',
  title: 'a variant',
  accounting: { topPagesInResidentCount: true },
  intends: [],
  hunks: {
    ...landed.hunks,
    exitBeforeVmspaceExit(m: Machine, p: Proc) {
      ${members}
      note(m);
      landed.hunks.exitBeforeVmspaceExit(m, p);
    },
  },
});
`;

const check = (members: string, note = 'lastPid'): TypeErrors => {
  const file = join(folder, 'own.ts');
  writeFileSync(file, variant(members));
  writeFileSync(join(folder, 'note.ts'), `export const note = (m: { lastPid: number }): number => m.${note};\n`);
  return typeErrors([{ file, isBuiltIn: false, overlay: null }])[0]!;
};

it('finds a misspelt field in a variant file and in what it imports, by file and line', () => {
  expect(check('if (p.vmspace.refcount === 1) return;', 'lastpid')).toEqual({
    kind: 'checked',
    errors: [
      expect.stringMatching(/^note\.ts:1:59: Property 'lastpid' does not exist/),
      expect.stringMatching(/^own\.ts:13:21: Property 'refcount' does not exist on type 'Vmspace'/),
    ],
  });
});

it('finds nothing in a variant that is spelt right', () => {
  expect(check('if (p.vmspace.refcnt === 1) return;')).toEqual({ kind: 'checked', errors: [] });
});

it('knows the console, which a variant can reach, and nothing else of Node', () => {
  expect(check("console.debug('exit of', p.pid);")).toEqual({ kind: 'checked', errors: [] });
  expect(check('process.exit(p.pid);')).toEqual({
    kind: 'checked',
    errors: [expect.stringMatching(/^own\.ts:13:7: Cannot find name 'process'/)],
  });
});
