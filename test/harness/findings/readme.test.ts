import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findingsCommand, findingsTable } from '../../../harness/cli/findings.ts';
import { absent } from '../../../harness/findings/finding.ts';
import { ledger } from '../../../harness/findings/index.ts';
import { root } from '../../support/layers.ts';
import { said } from '../../support/said.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** Removes padding: how a table is padded does not matter. */
const unpadded = (markdown: string): string =>
  markdown
    .trim()
    .replaceAll(/ +\|/g, ' |')
    .replaceAll(/\| +/g, '| ')
    .replaceAll(/-{3,}/g, '---')
    .replaceAll(/:-+:/g, ':-:');

describe('the README', () => {
  it('has the table of findings that pmapdiff findings --markdown prints', () => {
    const [, table] = /<!-- findings:start -->\n([\s\S]*?)<!-- findings:end -->/.exec(readme)!;
    expect(unpadded(table!)).toBe(unpadded(findingsTable()));
  });
});

describe('pmapdiff findings --markdown', () => {
  afterEach(() => vi.restoreAllMocks());

  const asked = (of: typeof ledger): ReturnType<typeof said> => said(() => findingsCommand([], { markdown: true }, of));

  it('prints the table of the ledger if every cell agrees with its source', async () => {
    const few = ledger.filter(({ id }) => ['F1', 'F4', 'F5'].includes(id));
    expect(await asked(few)).toEqual({ code: 0, out: findingsTable(few), err: '' });
  });

  it('marks a finding with a wrong cell in the table, names the cell on stderr, and fails', async () => {
    const [first, second] = ledger;
    const [one, ...rest] = first!.cases;
    const wrong = { ...first!, cases: [{ ...one!, expected: { ...one!.expected, landed: absent(-1) } }, ...rest] };
    const { code, out, err } = await asked([wrong, second!]);
    const row = out.split('\n').find((line) => line.startsWith('| **F1** '))!;
    expect([code, row.split('|')[7]!.trim()]).toEqual([1, '!']);
    expect(err).toMatch(/^pmapdiff: F1, .+: landed: differs: .+, not -1\n$/);
    expect(err).toContain(one!.name);
  });
});
