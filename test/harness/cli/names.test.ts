import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleColumn } from '../../../harness/bundle/column.ts';
import { userFile } from '../../../harness/bundle/source.ts';
import { conformCommand } from '../../../harness/cli/conform.ts';
import { misspelt, readExpected } from '../../../harness/cli/expect.ts';
import { explainCommand } from '../../../harness/cli/explain.ts';
import { findingsCommand } from '../../../harness/cli/findings.ts';
import { importCommand } from '../../../harness/cli/import.ts';
import { choosePair } from '../../../harness/cli/patches.ts';
import { probeCommand } from '../../../harness/cli/probe.ts';
import { reviewCommand } from '../../../harness/cli/review.ts';
import {
  chooseFailOn,
  chooseTouch,
  chooseVariant,
  chooseVariants,
  columnNamed,
  nameWorkloads,
} from '../../../harness/cli/select.ts';
import { traceCommand } from '../../../harness/cli/trace.ts';
import { withColumns } from '../../../harness/columns/open.ts';
import { intendedMeasure } from '../../../harness/declare/declarations.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { cliFile } from '../../support/command.ts';
import { VariantFiles } from '../../support/variant-files.ts';

const files = new VariantFiles();
// A variant file is loaded by what was built.
beforeAll(() => void cliFile());
afterAll(() => files.dispose());

const workload = 'exit-touched';
const entry = { variant: 'landed', workload: '*', what: 'pmapLocks', reason: 'because', expires: '2099-01-01' };
const list = (one: object): string =>
  files.write('expected.json', JSON.stringify({ schema: 'pmapdiff.expect/1', differences: [one] }));
const parse = (op: string) => parseWorkload(`a: exec sh60\na: ${op}\n`, 'w.workload', 'w');

describe('a misspelt name is told what it may have meant:', () => {
  it.each<[string, () => unknown, string]>([
    ['a variant', () => chooseVariant('lnded'), 'did you mean landed?'],
    ['explain --counter', () => explainCommand('baseline', 'landed', { workload, counter: 'pmapLoks' }), 'pmapLocks?'],
    ['explain --by', () => explainCommand('baseline', 'landed', { workload, by: 'op,stak' }), 'did you mean stack?'],
    ['probe --by', () => probeCommand('pmap_remove:entry', { by: 'erly' }), 'did you mean early?'],
    ['the point of a probe', () => probeCommand('pmap_remove:enter', {}), 'did you mean pmap_remove:entry?'],
    ['--comparator', () => traceCommand('a', 'b', { workload, comparator: 'no-cots' }), 'did you mean no-cost?'],
    ['--touch', () => chooseTouch('exce'), 'expected recorded, exec, never, all, got "exce"; did you mean exec?'],
    ['--fail-on', () => chooseFailOn('panic,latnt'), 'did you mean latent?'],
    ['a kind of recording', () => conformCommand('pmpa', [], {}), 'did you mean pmap?'],
    ['a format to import', () => importCommand('kdmp', 'x', {}), 'did you mean kdump?'],
    ['a finding', () => findingsCommand(['F1', 'f6'], {}), 'unknown finding "f6": did you mean F6?'],
    [
      'what a variant intends',
      () => intendedMeasure('mine', { what: 'pmapLock', by: 'more', why: '' }),
      'mine, intends pmapLock: expected the name of a statistic or counter; did you mean pmapLocks?',
    ],
    ['what is expected', () => readExpected(list({ ...entry, what: 'tabels' })), 'got "tabels"; did you mean tables?'],
    ['an invariant', () => readExpected(list({ ...entry, what: 'resident-cuont' })), 'did you mean resident-count?'],
    ['a key of a list', () => readExpected(list({ ...entry, reeson: 'x' })), 'did you mean reason?'],
    ['an operand', () => parse('mmap anon 1p rw shraed'), "did you mean 'shared'?"],
    ['the errno of a spawn', () => parse('spawn ENONT -> b'), "did you mean 'ENOENT'?"],
  ])('%s', async (_what, refused, message) => {
    await expect((async () => refused())()).rejects.toThrow(message);
  });

  it.each([
    ['baselin', '--against baselin: not among the compared variants (baseline, mine); did you mean baseline?'],
    ['previos', '--against previos: not among the compared variants (baseline, mine); did you mean previous?'],
    ['landed', '--against landed: not among the compared variants (baseline, mine); add it to --variants'],
    [
      'lnded',
      '--against lnded: not among the compared variants (baseline, mine); did you mean landed? Add it to --variants',
    ],
    ['quite-another', '--against quite-another: not among the compared variants (baseline, mine)'],
  ])('--against %s', (id, message) => {
    expect(() => columnNamed(id, ['baseline', 'mine'], ['previous'])).toThrow(new Error(message));
  });

  it('--against a column is that column', () => {
    expect(columnNamed('mine', ['baseline', 'mine'])).toBe('mine');
  });

  it('a variant or a workload of a list of expected differences, which is a note and no fault', () => {
    const entries = [
      entry,
      { ...entry, variant: 'lnded', workload: 'exit-tuched' },
      { ...entry, workload: 'my-own-one' },
    ];
    expect(misspelt(entries, ['landed'], ['exit-touched'])).toEqual([
      '--expect: differences.1.variant: no variant "lnded" here; did you mean landed?',
      '--expect: differences.1.workload: no workload "exit-tuched" here; did you mean exit-touched?',
    ]);
  });

  it('what a variant file imports', async () => {
    const path = files.write('imports.ts', "import { lnded } from 'pmapdiff';\nexport default lnded;\n");
    expect(await bundleColumn(userFile(path), 'run')).toEqual({
      kind: 'refused',
      message: "imports.ts:1:10: pmapdiff exports no 'lnded'; did you mean landed?",
    });
  });

  it('the predecessor of a variant', async () => {
    const text = "import { landed } from 'pmapdiff';\nexport default { ...landed, id: 'mine', after: 'lnded' };\n";
    const path = files.write('after.ts', text);
    await expect(reviewCommand([path], {})).rejects.toThrow('got "lnded"; did you mean landed?');
    const end = await withColumns(
      [{ kind: 'file', path, name: 'after.ts' }],
      () => {},
      async ([column]) => column!.begin({ name: 'w' } as never, {} as never).end,
    );
    expect(end).toMatchObject({
      ended: { message: expect.stringMatching(/^after: expected .*, got "lnded"; did you mean landed\?$/) },
    });
  });
});

describe('two workloads', () => {
  const named = (...given: string[]): string[] => nameWorkloads(given).map(({ name }) => name);

  it('have two names, and a built-in one has its own', () => {
    expect(named('d1/x.workload', 'd2/x.jsonl.gz', 'd3/x', 'x#2', 'y')).toEqual(['x', 'x#2', 'x#3', 'x#2#2', 'y']);
    expect(named('d/shootdown.workload', 'shootdown', 'make12')).toEqual(['shootdown#2', 'shootdown', 'make12']);
    expect(named('-', 'd/stdin.workload')).toEqual(['stdin', 'stdin#2']);
  });

  it.each([[['shootdown', 'exit-touched', 'shootdown']], [['d/x.workload', 'd/../d/x.workload']], [['-', '-']]])(
    'are not one: %s',
    (given) => {
      expect(() => nameWorkloads(given)).toThrow(`expected each workload once, got ${given.at(-1)} twice`);
    },
  );
});

it.each<[string, () => unknown, string]>([
  ['explain --by', () => explainCommand('baseline', 'landed', { workload, by: 'op,stack, op' }), 'op'],
  ['probe --by', () => probeCommand('pmap_remove:entry', { by: 'early,early' }), 'early'],
  ['--fail-on', () => chooseFailOn('panic,latent,panic'), 'panic'],
])('%s has each word once', async (_what, refused, word) => {
  await expect((async () => refused())()).rejects.toThrow(`: expected each word once, got ${word} twice`);
});

it('two variants are not one', () => {
  expect(() => chooseVariants('landed,baseline,landed', [])).toThrow('expected each variant once, got landed twice');
  const path = files.write('one.ts', '');
  expect(() => chooseVariants('landed', [path, path])).toThrow('one.ts twice');
});

it('the id of a patch names its column, in either place', () => {
  const patch = 'test/fixtures/patches/d33276.diff';
  const pairs = [
    ['landed', 'd33276-patch'],
    ['d33276-patch', 'landed'],
    ['landed', undefined],
    [undefined, undefined],
  ] as const;
  const ids = pairs.map((names) =>
    choosePair('trace', names, { patch: [patch] }).map((one) =>
      one.kind === 'built-in' ? one.variant.id : one.kind === 'file' ? one.name : one.patched.id,
    ),
  );
  const [ahead, back] = [
    ['landed', 'd33276-patch'],
    ['d33276-patch', 'landed'],
  ];
  expect(ids).toEqual([ahead, back, ahead, ahead]);
});
