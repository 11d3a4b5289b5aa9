import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findingsTable } from '../../../harness/cli/findings.ts';
import { root } from '../../support/layers.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** As wide as its cells: how a table is padded does not matter. */
const unpadded = (markdown: string): string =>
  markdown
    .trim()
    .replaceAll(/ +\|/g, ' |')
    .replaceAll(/\| +/g, '| ')
    .replaceAll(/-{3,}/g, '---')
    .replaceAll(/:-+:/g, ':-:');

describe('the README', () => {
  it('has the table of findings that the ledger gives (pmapdiff findings --markdown)', () => {
    const [, table] = /<!-- findings:start -->\n([\s\S]*?)<!-- findings:end -->/.exec(readme)!;
    expect(unpadded(table!)).toBe(unpadded(findingsTable()));
  });
});
