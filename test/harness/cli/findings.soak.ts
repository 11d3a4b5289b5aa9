/** The reviewers' remarks asked of a user's own revision, with the compiled command. */
import { afterAll, describe, expect, it } from 'vitest';
import { commandSchemas } from '../../../harness/report/schema/commands.ts';
import { pmapdiff } from '../../support/command.ts';
import { VariantFiles } from '../../support/variant-files.ts';

const files = new VariantFiles();
afterAll(() => files.dispose());

/** The reviewer's vmspace_clear(), with pmap_remove(), after the last reference is gone. */
const clear = files.variant(
  'clear',
  `execBeforeTeardown: () => {},
  exitBeforeVmspaceExit: () => {},
  vmspaceClear(m, p, vm) {
    const shared = p.sysent.sharedPage;
    if (shared !== null) pmapRemove(m, vm.pmap, shared.base, shared.base + shared.len);
    vmMapRemove(m, vm.map, vm.map.minOffset, vm.map.maxOffset);
  },`,
  `import { vmMapRemove } from 'pmapdiff';`,
);
/** The hook before anyone has dropped a reference, as in Diff 97187. */
const careless = files.variant(
  'careless',
  `exitBeforeVmspaceExit: (m, p) => vmMapRemove(m, p.vmspace.map, p.sysent.sharedPage.base, p.sysent.sharedPage.base + p.sysent.sharedPage.len),`,
  `import { vmMapRemove } from 'pmapdiff';`,
);

interface Answered {
  readonly findings: readonly {
    readonly id: string;
    readonly cases: readonly { readonly answers: readonly { readonly variant: string; readonly status: string }[] }[];
  }[];
}

/** Ids of findings, by whether they show in some case of a variant. */
function shownIn(variant: string, { findings }: Answered): { shows: string[]; absent: string[] } {
  const shows = findings.filter(({ cases }) =>
    cases.some(({ answers }) => answers.some((one) => one.variant === variant && one.status === 'shows')),
  );
  const absent = findings.filter((one) => !shows.includes(one));
  return { shows: shows.map(({ id }) => id), absent: absent.map(({ id }) => id) };
}

describe('pmapdiff findings --variant', () => {
  it('says which remarks are gone in a revision and which show', () => {
    const { status, stdout } = pmapdiff('findings', '--variant', clear, careless, '--json');
    const document = commandSchemas.findings.parse(JSON.parse(stdout));
    expect(status).toBe(0);
    // vmspace-clear's, but F8: it uses pmap_remove, which takes no map lock.
    expect(shownIn('clear', document).absent).toEqual('F1 F2 F3 F6 F13 F14 F15 F20 F21 N3 N5 N11'.split(' '));
    expect(shownIn('careless', document).shows).toContain('F6');
    for (const { cases } of document.findings) for (const { answers } of cases) expect(answers).toHaveLength(2);
  });

  it('gives the columns asked for, as a table too', () => {
    const { stdout } = pmapdiff('findings', 'N3', 'N9', '--variants', 'landed', '--variant', clear, '--markdown');
    const rows = stdout.split('\n').filter((line) => /^\| [FN]\d/.test(line));
    expect(rows.map((row) => row.split(' | ').slice(2, 4))).toEqual([
      ['●', '–'],
      ['–', '●'],
    ]);
  });

  it.each([
    [['F66'], /^pmapdiff: unknown finding "F66": did you mean F6\?\n$/],
    [['--variant', 'none.ts'], /none\.ts: no such variant file/],
    [['--variants', 'lande'], /did you mean landed\?/],
  ])('%j is bad input', (args, message) => {
    const { status, stdout, stderr } = pmapdiff('findings', ...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  it('fails as the harness does when the revision throws', () => {
    const thrower = files.variant('thrower', `vmspaceClear: () => { throw new Error('no'); },`);
    const { status, stdout } = pmapdiff('findings', 'F4', '--variant', thrower);
    expect(status).toBe(3);
    expect(stdout).toContain('failed: thrower.ts');
  });

  it('refuses a file that cannot be used', () => {
    const broken = files.write('broken.ts', 'export default 1;\n');
    const { status, stderr } = pmapdiff('findings', 'F4', '--variant', broken);
    expect([status, stderr]).toEqual([2, expect.stringContaining('broken.ts: expected one exported variant')]);
  });
});

describe('what ran before', () => {
  it('changes nothing, though it ended in a panic in the middle of a tree', () => {
    const corrupt = files.variant(
      'corrupt',
      `exitBeforeVmspaceExit(m, p) {
        if (m.config.la57) p.vmspace.map.header.right.end = p.vmspace.map.header.right.start;
        landed.hunks.exitBeforeVmspaceExit(m, p);
      },`,
    );
    const compare = (...workloads: string[]) => {
      const args = ['--variants', 'landed', '--variant', corrupt, '--against', 'landed', '--json'];
      return JSON.parse(pmapdiff('compare', ...args, '-w', ...workloads).stdout).workloads;
    };
    const after = compare('exec-touched-la57', 'exit-touched', 'heap-and-files');
    expect(after[0].pairs[0].verdict).toBe('panic');
    expect(after.slice(1)).toEqual(compare('exit-touched', 'heap-and-files'));
    expect(after[1].pairs[0].verdict).toBe('identical');
  });
});
