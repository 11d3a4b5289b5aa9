import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { corpusPath } from '../../../harness/input/paths.ts';
import { cliFile, plainEnv, pmapdiff } from '../../support/command.ts';
import { root } from '../../support/layers.ts';
import { VariantFiles } from '../../support/variant-files.ts';

vi.setConfig({ testTimeout: 600_000 });

const files = new VariantFiles();
beforeAll(() => void cliFile());
afterAll(() => files.dispose());

describe('compare', () => {
  const small = ['compare', '--workload', 'exit-touched', 'vfork-execfail'];

  it('prints the same bytes of JSON every time, never coloured', () => {
    const [first, second] = [0, 1].map(() => pmapdiff(...small, '--json'));
    expect(second!.stdout).toBe(first!.stdout);
    const coloured = spawnSync(process.execPath, [cliFile(), ...small, '--json'], {
      encoding: 'utf8',
      env: { ...plainEnv, FORCE_COLOR: '1' },
    });
    expect(coloured.stdout).toBe(first!.stdout);
    expect(JSON.parse(first!.stdout)).toMatchObject({
      schema: 'pmapdiff.compare/1',
      complete: true,
      exitCode: first!.status,
    });
  });

  it('a recording that was cut off between lines is repaired, and the repair is counted', () => {
    const lines = gunzipSync(readFileSync(corpusPath('forkloop_small')))
      .toString()
      .split('\n');
    const cut = files.write('cut.jsonl', `${lines.slice(0, 200).join('\n')}\n`);
    for (const args of [
      ['compare', '--workload', cut],
      ['replay', cut, '--variant', 'landed'],
    ]) {
      const { status, stderr } = pmapdiff(...args);
      expect([status, stderr]).toEqual([
        0,
        expect.stringMatching(
          /^cut: \d+ process(es are| is) still alive at the end of the recording, where exits were added/m,
        ),
      ]);
    }
  });

  it('prints what the README shows, line by line', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const [, shown] = /<!-- output:start -->[\s\S]*?```text\n([\s\S]*?)\n```/.exec(readme)!;
    const printed = pmapdiff('compare').stdout.split('\n');
    let from = 0;
    for (const line of shown!.split('\n').filter((one) => one !== '…')) {
      const at = printed.indexOf(line, from);
      expect({ line, isPrinted: at >= 0 }).toEqual({ line, isPrinted: true });
      from = at + 1;
    }
  });

  it('prints nothing on stderr and uses no colour unless each is a terminal', () => {
    const { stdout, stderr } = pmapdiff(...small);
    expect(stderr).toBe('');
    expect(stdout).not.toContain('\u001B');
    expect(stdout).toMatch(/exit-touched +exit +0\/52 +0\/52 +51\/52 +52\/53/);
    expect(stdout).toMatch(/vfork-execfail .*behavioural F6/);
  });

  it('takes a variant file as a column', () => {
    const path = files.variant('always-full', 'removeIsNoop: () => false,');
    const { stdout } = pmapdiff(
      'compare',
      '--workload',
      'exit-touched',
      '--variants',
      'landed',
      '--variant',
      path,
      '--json',
    );
    const { workloads } = JSON.parse(stdout);
    expect(workloads[0].pairs[0]).toMatchObject({
      reference: 'landed',
      candidate: 'always-full',
      verdict: 'cost-only',
      standing: 'unexpected',
      changedMembers: ['removeIsNoop'],
    });
    expect(workloads[0].runs[1].removeByPlace.exit).toEqual({ calls: 53, early: 0 });
  });

  it('shows a copy under another name as identical, on every workload of the catalog', () => {
    const path = files.variant(
      'copy',
      'removeIsNoop: (_m, pmap) => pmap.stats.residentCount <= 1 + (pmap.topUser !== 0 ? 1 : 0),',
    );
    const catalog = Object.keys(JSON.parse(pmapdiff('list', '--json').stdout).catalog);
    const { stdout } = pmapdiff('compare', '-w', ...catalog, '--variants', 'landed', '--variant', path, '--json');
    const { workloads, counts } = JSON.parse(stdout);
    expect(new Set(workloads.map((one: { pairs: { verdict: string }[] }) => one.pairs[0]!.verdict))).toEqual(
      new Set(['identical']),
    );
    expect(counts).toMatchObject({ unexpected: 0, failed: 0, equal: workloads.length });
  });

  it.each(['baseline', 'double-count-fix', 'landed', 'previous'])(
    'finds nothing unexpected against %s, with a copy of landed as a column, which is equal to it',
    (against) => {
      const copy = files.variant('copy', '');
      const { status, stdout } = pmapdiff('compare', '--variant', copy, '--against', against);
      expect(stdout).toMatch(/ 0 unexpected/);
      expect(status).toBe(0);
    },
  );

  it('names the changed members that no workload reached, and fails on request', () => {
    const path = files.variant('unreached', 'invalidateOthers: (m, pmap) => !(m.cpus.length < 2 || !pmap),');
    const asked = (...more: string[]) =>
      pmapdiff(...small, '--variants', 'landed', '--against', 'landed', '--variant', path, ...more);
    const line = 'changed, but never reached: invalidateOthers (unreached against landed)';
    expect(asked()).toMatchObject({ status: 0, stdout: expect.stringContaining(line) });
    expect(asked('--require-exercised')).toMatchObject({ status: 1, stdout: expect.stringContaining(`! ${line}`) });
    expect(asked('--require-exercised', '--github').stdout).toMatch(
      /^::error file=.*title=changed%2C but never reached::/m,
    );
  });

  it('keeps the other columns complete when a variant fails, and exits 3', () => {
    const paths = [
      files.write('at-load.ts', "throw new Error('no luck');"),
      files.variant('throws', "exitBeforeVmspaceExit() { throw new Error('not today'); }"),
    ];
    const { status, stdout } = pmapdiff(...small, '--variant', ...paths, '--json');
    const { workloads } = JSON.parse(stdout);
    const ended = Object.fromEntries(
      workloads[0].runs.map((run: { variant: string; ended: { kind: string } }) => [run.variant, run.ended.kind]),
    );
    expect(ended).toEqual({
      baseline: 'done',
      'toplevel-accounting': 'done',
      'double-count-fix': 'done',
      'shared-page-unmap': 'done',
      landed: 'done',
      'at-load.ts': 'failed',
      throws: 'failed',
    });
    expect(status).toBe(3);
  });

  it('rejects a variant with unreadable declarations, a taken name, or an unknown predecessor', () => {
    const paths = [
      files.write(
        'odd.ts',
        "import { landed } from 'pmapdiff';\nexport default { ...landed, id: 'odd', intends: [{ what: 'ipis', by: 'less', why: 'x' }] };",
      ),
      files.variant('landed', ''),
      files.write(
        'late.ts',
        "import { landed } from 'pmapdiff';\nexport default { ...landed, id: 'late', after: 'landded', intends: [] };",
      ),
    ];
    const { stdout } = pmapdiff(
      'compare',
      '--workload',
      'exit-touched',
      '--variants',
      'baseline',
      '--variant',
      ...paths,
    );
    expect(stdout).toContain("odd.ts, intends ipis: expected 'more', 'fewer', 'any' or '[up to] ±N per BASIS'");
    expect(stdout).toContain('id "landed" is taken by another variant');
    expect(stdout).toContain(
      'late: after: expected null or the id of a variant that is built in or compared, got "landded"',
    );
  });

  it('refuses variants that come after each other, naming the circle', () => {
    const after = (id: string, before: string): string =>
      files.write(
        `${id}.ts`,
        `import { landed } from 'pmapdiff';\nexport default { ...landed, id: '${id}', after: '${before}', intends: [] };`,
      );
    const one = [after('self', 'self')];
    const two = [after('cyc-a', 'cyc-b'), after('cyc-b', 'cyc-a')];
    for (const [paths, circle] of [
      [one, '"self" after "self"'],
      [two, '"cyc-a" after "cyc-b" after "cyc-a"'],
      [[after('tail', 'cyc-a'), ...two], '"cyc-a" after "cyc-b" after "cyc-a"'],
    ] as const) {
      const line = `pmapdiff: after: expected a series with a first variant, got the circle ${circle}\n`;
      const given = ['compare', '-w', 'exit-touched', '--variants', 'landed', '--variant', ...paths];
      const { status, stdout, stderr } = pmapdiff(...given, '--against', 'previous');
      expect([status, stdout, stderr]).toEqual([2, '', line]);
      if (paths.length <= 2) expect(pmapdiff('review', ...paths)).toMatchObject({ status: 2, stderr: line });
    }
  });

  it('shows what a variant prints on stderr, under its name', () => {
    const path = files.variant('prints', "exitBeforeVmspaceExit() { console.log('from mine'); },");
    const { stdout, stderr } = pmapdiff(
      'compare',
      '--workload',
      'exit-touched',
      '--variants',
      'landed',
      '--variant',
      path,
    );
    expect(stderr).toBe('[prints.ts] from mine\n');
    expect(stdout).not.toContain('from mine');
  });

  it('exits 3 when there was nothing to run', () => {
    const empty = files.write('empty.workload', '# nothing\n');
    for (const args of [
      ['compare', '--workload', empty],
      ['replay', empty, '--variant', 'landed'],
    ]) {
      const { status, stderr } = pmapdiff(...args);
      expect([status, stderr]).toEqual([3, 'empty: no ops, nothing was run\n']);
    }
  });

  it('shows no figures for a run ended by the variant’s own code', () => {
    const path = files.variant('throwing', "removeIsNoop() { throw new TypeError('planted'); },");
    for (const [command, results, where] of [
      [['shares', '--workload', 'cc_tiny', '--touch', 'recorded'], 'shares', 'cc_tiny'],
      [['probe', 'pmap_remove:entry', '--workload', 'exit-touched'], 'results', 'line 2 of exit-touched, sh: exec'],
    ] as const) {
      const { status, stdout, stderr } = pmapdiff(...command, '--variant', path, '--json');
      expect([status, JSON.parse(stdout)[results]]).toEqual([3, []]);
      expect(stderr).toMatch(/: throwing: throwing\.ts:\d+: TypeError: planted, while running .*\n$/);
      expect(stderr).toContain(`planted, while running ${where}\n`);
    }
    const compared = pmapdiff('compare', '--variants', `landed,${path}`, '-w', 'exit-touched');
    expect(compared.status).toBe(3);
    expect(compared.stdout).toContain(': TypeError: planted, while running line 2, sh: exec (exit-touched)\n');
  });

  it('exits 3 when the reference contradicts the workload’s expectations', () => {
    const path = files.write('wrong.workload', 'a: exec sh60\na: clock => SIGSEGV\na: exit\n');
    const { status, stdout } = pmapdiff('compare', '--workload', path);
    expect(stdout).toContain('line 2: the reference should answer SIGSEGV, answers ok');
    expect(status).toBe(3);
  });

  it('ends quietly when its reader closes the pipe', async () => {
    const child = spawn(process.execPath, [cliFile(), ...small, '--json'], { env: plainEnv });
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors += String(data)));
    child.stdout.destroy();
    await new Promise((resolve) => child.on('close', resolve));
    expect(errors).toBe('');
  });

  it.runIf(existsSync('/dev/full'))('says that its output cannot be written, and exits 3', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [cliFile(), ...small], {
      encoding: 'utf8',
      env: plainEnv,
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    expect(stderr).toMatch(/^pmapdiff: standard output: expected to be written, got ENOSPC.*\n$/);
    expect(status).toBe(3);
  });

  it('exits 130 when interrupted, with the results completed by then', async () => {
    const path = files.variant('waits', "exitBeforeVmspaceExit() { console.log('here'); for (;;); },");
    const args = [cliFile(), ...small, '--variants', 'landed', '--variant', path, '--json'];
    const child = spawn(process.execPath, args, { env: plainEnv });
    let out = '';
    child.stdout.on('data', (data: Buffer) => (out += String(data)));
    child.stderr.once('data', () => child.kill('SIGINT'));
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(130);
    expect(JSON.parse(out)).toMatchObject({ complete: false, exitCode: 130, workloads: [] });
  });
});
