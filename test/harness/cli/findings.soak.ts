/** The reviewers' remarks asked of a user's own revision, with the compiled command. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { commandSchemas } from '../../../harness/report/schema/commands.ts';
import { compareSchema } from '../../../harness/report/schema/compare.ts';
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
  `exitBeforeVmspaceExit(m, p) {
    const shared = p.sysent.sharedPage;
    if (shared !== null) vmMapRemove(m, p.vmspace.map, shared.base, shared.base + shared.len);
  },`,
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
    expect(shownIn('clear', document).absent).toEqual('F1 F2 F3 F6 F11 F13 F14 F15 F20 F21 N3 N5 N11'.split(' '));
    expect(shownIn('careless', document).shows).toContain('F6');
    for (const { cases } of document.findings) for (const { answers } of cases) expect(answers).toHaveLength(2);
  });

  it('gives the columns asked for, as a table too', () => {
    const { stdout } = pmapdiff('findings', 'N3', 'N9', '--variants', 'landed', '--variant', clear, '--markdown');
    const rows = stdout.split('\n').filter((line) => /^\| \*\*[FN]\d/.test(line));
    expect(
      rows.map((row) =>
        row
          .split('|')
          .slice(3, 5)
          .map((cell) => cell.trim()),
      ),
    ).toEqual([
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

describe('pmapdiff review landed FILE', () => {
  it('names the remarks that the step makes go away, and those that it brings', () => {
    const document = commandSchemas.review.parse(JSON.parse(pmapdiff('review', 'landed', clear, '--json').stdout));
    const remarks = document.interdiffs.flatMap((one) => one.remarks.map(({ id, relation }) => `${relation} ${id}`));
    expect(remarks).toEqual([
      'gone F13',
      'gone F15',
      'gone F20',
      'gone F21',
      'gone N3',
      'gone N11',
      'appears F16',
      'appears N9',
    ]);
  });
});

describe('a hint', () => {
  const compare = (file: string, workload: string, ...more: string[]) =>
    pmapdiff('compare', '--variants', 'landed', '--variant', file, '--against', 'landed', '-w', workload, ...more);
  const hintsOf = (file: string, workload: string): string[] => {
    const document = compareSchema.parse(JSON.parse(compare(file, workload, '--json').stdout));
    return document.workloads.flatMap(({ pairs }) =>
      pairs.flatMap(({ differences }) =>
        differences.flatMap(({ what, standing, hints = [] }) => hints.map((id) => `${what} ${standing} ${id}`)),
      ),
    );
  };

  it('stands at differences that the ledger knows of another variant, which stay unexpected', () => {
    expect(hintsOf(clear, 'exec-across-abis')).toEqual([
      'pvListWriteLocks unexpected N9',
      'invalidatePages unexpected N9',
    ]);
    expect(hintsOf(careless, 'vfork-execfail')).toEqual(['outcome unexpected F6']);
    expect(compare(clear, 'exec-across-abis').status).toBe(1);
  });

  it('is not given for the name and the sign alone: what F2 says holds elsewhere', () => {
    // With page-table isolation no call leaves early any more. In F2's case, without it, they do.
    const strict = files.variant('strict', `removeIsNoop: (_m, pmap) => pmap.stats.residentCount <= 1,`);
    expect(hintsOf(strict, 'exit-touched-pti')).toEqual([]);
    expect(compare(strict, 'exit-touched-pti').stdout).toMatch(/unexpected removeEarlyExits [\d,]+ -> [\d,]+ \(-/);
  });

  it('is written in every form', () => {
    const junit = `${files.folder}/report.xml`;
    const text = compare(clear, 'exec-across-abis', '--junit', junit).stdout;
    expect(text).toMatch(/unexpected pvListWriteLocks [\d,]+ -> [\d,]+ \(\+2(?:(?!unexpected)[^])*looks like\s+N9\)/);
    expect(readFileSync(junit, 'utf8')).toMatch(/pvListWriteLocks .*; looks like N9/);
    expect(compare(clear, 'exec-across-abis', '--markdown').stdout).toMatch(/pvListWriteLocks.*; looks like N9/);
    expect(compare(clear, 'exec-across-abis', '--github').stdout).toMatch(/pvListWriteLocks.*; looks like N9/);
  });
});

describe('pmapdiff compare --suggest', () => {
  it('writes entries that make the gate pass once a reason is given, and not before', () => {
    const args = ['--variants', 'landed', '--against', 'landed', '-w', 'exec-across-abis', 'exit-touched'];
    const { status, stdout } = pmapdiff('compare', ...args, '--variant', clear, '--suggest');
    expect(status).toBe(1);
    const entries = stdout.split('\n').filter((line) => line.startsWith('    { what:'));
    expect(entries).toContain("    { what: 'invlpgs', by: '-1 per exit of the last user', why: '' },");
    const pasted = (why: string): string =>
      files.write(
        'clear.ts',
        original.replace('intends: []', `intends: [\n${entries.join('\n')}\n]`).replaceAll("why: ''", `why: '${why}'`),
      );
    const original = readFileSync(clear, 'utf8');
    const bare = pmapdiff('compare', ...args, '--variant', pasted(''));
    expect([bare.status, bare.stdout]).toEqual([
      3,
      expect.stringContaining('intends[0].why: expected a reason in words'),
    ]);
    expect(pmapdiff('compare', ...args, '--variant', pasted('vmspace_clear')).status).toBe(0);
    files.write('clear.ts', original);
  });

  it('writes a file for --expect of what no declaration can be about', () => {
    const args = ['--variants', 'landed', '--variant', careless, '--against', 'landed', '-w', 'vfork-execfail'];
    const { stdout } = pmapdiff('compare', ...args, '--suggest');
    const body = JSON.parse(stdout.slice(stdout.indexOf('\n{') + 1));
    // The peer dies in the very call that unmaps its page: what differs from there on follows from it.
    expect(body.differences.map(({ what }: { what: string }) => what)).toEqual(['outcome']);
    const refused = pmapdiff('compare', ...args, '--expect', files.write('bare.json', JSON.stringify(body)));
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('differences.0.reason')]);
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
