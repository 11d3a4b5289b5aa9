import { execFileSync, spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { chooseVariant } from '../../../harness/cli/select.ts';
import { sharesCommand } from '../../../harness/cli/shares.ts';
import { readVectors } from '../../../harness/conform/vector-files.ts';
import { loadWorkload, openWorkload } from '../../../harness/input/load.ts';
import { wholeText } from '../../../harness/input/source.ts';
import { said } from '../../support/said.ts';
import { Imports, corpus, eventsOf, fixture } from './import/support.ts';

const imports = new Imports();
afterAll(() => imports.dispose());

let pipes = 0;
/** A pipe that gives the bytes of a file once. */
function pipeOf(file: string): string {
  const path = imports.path(`pipe${pipes++}`);
  execFileSync('mkfifo', [path]);
  void pipeline(createReadStream(file), createWriteStream(path)).catch(() => {});
  return path;
}

describe('a pipe instead of a file', () => {
  it('is read as a workload: text, and a recording, gzipped, that is longer than what is held of a file', async () => {
    const text = pipeOf(imports.write('text', 'p: exec cat\np: exit\n'));
    expect((await loadWorkload(text)).ops.length).toBe(2);
    const { whole, head } = await openWorkload(pipeOf(corpus('pipe_one')), { held: 10 });
    expect([whole?.ops.length, head.length]).toEqual(Array(2).fill((await loadWorkload('pipe_one')).ops.length));
  });

  it('is imported, with maps and page faults from pipes too', async () => {
    const file = fixture('pipe_one.kdump.txt.gz');
    const rows = imports.write('rows', ' 1 0x200000 0x201000 r-x 1 5 2 0 CN--- vn /bin/x\n');
    const piped = eventsOf(await imports.file('kdump', pipeOf(file), { procstat: pipeOf(rows) }));
    expect(piped).toEqual(eventsOf(await imports.file('kdump', file, { procstat: rows })));
    const perf = imports.write(
      'perf',
      'sh 100 [000] 1700000001.5: exceptions:page_fault_user: address=0x555555556010 ip=0x1 error_code=0x14\n',
    );
    const calls = imports.write(
      'calls',
      '100 1700000001.000 execve("/bin/sh", ["sh"], 0x1) = 0 <0.1>\n100 1700000002.000 exit_group(0) = ?\n',
    );
    const { lines } = await imports.file('strace', pipeOf(calls), { faults: pipeOf(perf) });
    expect(lines.map(({ ev }) => ev)).toEqual(['meta', 'exec', 'fault', 'exit']);
  });

  it('is read once for all policies of shares', async () => {
    const share = async (workload: string): Promise<string> =>
      (await said(() => sharesCommand({ workload: [workload], json: true }))).out.replaceAll(/pipe\w+/g, 'name');
    expect(await share(pipeOf(corpus('pipe_one')))).toBe(await share('pipe_one'));
  });

  it('can be a list of expected differences, and recorded answers', async () => {
    const list = imports.write('list', '{"a":1}');
    expect(await wholeText(pipeOf(list))).toBe(await readFile(list, 'utf8'));
    const { z } = await import('zod');
    const { stdout } = spawnSync('gzip', ['-c', list]);
    expect(readVectors(imports.write('packed', stdout), z.object({ a: z.number() }))).toEqual({ a: 1 });
  });

  it('is no variant: what that imports is beside it', () => {
    const path = imports.path(`pipe${pipes++}`);
    execFileSync('mkfifo', [path]);
    expect(() => chooseVariant(path)).toThrow(`${path}: expected a variant in a regular file, beside what it imports`);
  });
});
