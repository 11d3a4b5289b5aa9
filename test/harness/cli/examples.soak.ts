import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { EXAMPLES, type Example, examplesText } from '../../../harness/cli/examples.ts';
import { cliFile, plainEnv, pmapdiff } from '../../support/command.ts';
import { edited, gitDiff } from '../../support/diffs.ts';
import { root } from '../../support/layers.ts';
import { VariantFiles } from '../../support/variant-files.ts';

vi.setConfig({ testTimeout: 600_000 });

const files = new VariantFiles();
afterAll(() => files.dispose());

beforeAll(() => {
  cliFile();
  files.write(
    'mine.ts',
    `import { defineVariant, landed } from 'pmapdiff';

export default defineVariant({
  id: 'always-full',
  after: 'landed',
  title: 'pmap_remove without its early exit',
  accounting: { topPagesInResidentCount: true },
  intends: [{ what: 'removeEarlyExits', by: 'fewer', why: 'the test is off' }],
  hunks: { ...landed.hunks, removeIsNoop: () => false },
});
`,
  );
  files.write(
    'mine.workload',
    `machine cpus=2 pti=on
make: exec sh60
make: vfork -> cc
cc: execfail ENOENT
cc: exit 127
make: clock  => ok
`,
  );
  files.write(
    'mine.diff',
    gitDiff({
      'core/vm/delete.ts': edited('core/vm/delete.ts', 'if (entry.object !== null) pmapRemove(', 'pmapRemove('),
    }),
  );
  files.write(
    'his.diff',
    `--- sys/vm/vm_map.c
+++ sys/vm/vm_map.c
@@ -1,2 +1,2 @@ vm_map_delete(vm_map_t map, vm_offset_t start, vm_offset_t end)
-\told();
+\tnew();
 }
`,
  );
  const recorded = (name: string): Buffer => gunzipSync(readFileSync(join(root, 'test/fixtures/import', name)));
  files.write('make.strace', recorded('vforkfail.strace.txt.gz'));
  files.write('make.kdump', recorded('pipe_one.kdump.txt.gz'));
  files.write('make.jsonl', recorded('spawn_vforkpath.jsonl.gz'));
  for (const shard of ['1', '2'])
    files.write(
      `part-${shard}.json`,
      pmapdiff('compare', '-w', 'exit-touched', 'vfork-execfail', '--shard', `${shard}/2`).stdout,
    );
  symlinkSync(join(root, 'test'), join(files.folder, 'test'), 'junction');
});

describe('the help of a command ends with its examples:', () => {
  it.each(Object.entries(EXAMPLES))('%s', (command, examples) => {
    const { status, stdout } = pmapdiff(command, '--help');
    expect([status, stdout.slice(-examplesText(examples).length - 1)]).toEqual([0, `${examplesText(examples)}\n`]);
  });
});

describe('an example of the help does what it says:', () => {
  it.each(Object.values(EXAMPLES).flatMap((two): readonly Example[] => two.filter(({ exits }) => exits !== null)))(
    '$args, exit $exits',
    ({ args, exits }) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [cliFile(), ...args.split(' ')], {
        encoding: 'utf8',
        env: plainEnv,
        cwd: files.folder,
        maxBuffer: 2 ** 26,
      });
      expect(stderr).not.toMatch(/^pmapdiff: /m);
      expect(status).toBe(exits);
      const [, output] = / (?:--output|-o) (\S+)/.exec(args) ?? [];
      const answer = output === undefined ? stdout : readFileSync(join(files.folder, output), 'utf8');
      expect(answer).not.toBe('');
    },
  );
});
