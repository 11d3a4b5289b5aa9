import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { corpusPath } from '../../../harness/input/paths.ts';
import { schemas } from '../../../harness/report/schema/index.ts';
import { cliFile, pmapdiff } from '../../support/command.ts';
import { root } from '../../support/layers.ts';
import { fixtureFile } from '../../support/variant-fixtures.ts';

vi.setConfig({ testTimeout: 600_000 });

beforeAll(() => void cliFile());

const vectors = (kind: string): string => join(root, 'test/fixtures/vectors', kind);
const panics = fixtureFile('assert-too-early');

const asked: readonly (readonly [keyof typeof schemas, number, readonly string[]])[] = [
  ['list', 0, []],
  ['list', 0, ['--seam']],
  ['list', 0, ['--counters']],
  ['list', 0, ['--bases']],
  ['findings', 0, []],
  ['bisect', 0, ['--finding', 'F6']],
  ['bisect', 0, ['--what', 'pmapLocks', '-w', 'exit-touched']],
  ['bisect', 0, ['--verdict', 'stat-only', '-w', 'exit-touched', 'fork-loop']],
  ['review', 0, []],
  ['review', 0, [panics]],
  ['replay', 0, ['exit-touched', '--variant', 'landed']],
  ['replay', 0, [corpusPath('pipe_one'), '--variant', 'baseline', '--check']],
  ['replay', 1, ['exit-touched', '--variant', panics]],
  ['explain', 0, ['baseline', 'landed', '-w', 'exit-touched']],
  ['explain', 0, ['baseline', 'double-count-fix', '-w', 'vfork-execfail-pti', '--by', 'call,process,place,kind']],
  ['trace', 1, ['baseline', 'landed', '-w', 'rfork-peers']],
  ['trace', 0, ['landed', 'landed', '-w', 'superpage', '--comparator', 'isomorphic']],
  ['trace', 1, ['landed', panics, '-w', 'exit-touched']],
  ['cost', 0, ['exit-touched', '--cpus', '1,8', '--frames', '4,counted']],
  ['probe', 0, ['pmap_remove:entry', '-w', 'pipe_one', '--by', 'stack,empty,early']],
  ['shares', 0, ['-w', 'pipe_one', 'cc_tiny']],
  ['conform', 0, ['pmap', vectors('pmap')]],
  ['conform', 0, ['mmu', vectors('mmu')]],
  ['conform', 0, ['vm', vectors('vm')]],
  ['conform', 0, ['replay', vectors('replay')]],
];

describe('--json is one document that matches its schema, with the same bytes every time:', () => {
  it.each(asked)('%s, exit %d, %j', (command, code, args) => {
    const run = () => pmapdiff(command, ...args, '--json');
    const { status, stdout } = run();
    expect(status).toBe(code);
    expect(schemas[command].parse(JSON.parse(stdout))).toEqual(JSON.parse(stdout));
    expect(stdout).not.toContain(root);
    expect(run().stdout).toBe(stdout);
  });
});
