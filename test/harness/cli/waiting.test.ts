/** Recordings that are not held while they wait. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { inTurn } from '../../../harness/cli/compare-run.ts';
import { openWorkload } from '../../../harness/input/load.ts';

const folder = mkdtempSync(join(tmpdir(), 'pmapdiff-waiting-'));
afterAll(() => rmSync(folder, { recursive: true }));

const name = join(folder, 'short.jsonl');
const record = (forks: number): void =>
  writeFileSync(
    name,
    [
      '{"ev":"meta","format":"vmtrace-1","name":"x","cmd":"x","arch":"x86_64","page":4096,"root":1,"time_unit":"us"}',
      '{"t":1,"pid":1,"ev":"exec","path":"/bin/sh","maps":[]}',
      ...Array.from(
        { length: forks },
        (_one, i) => `{"t":${i + 2},"pid":1,"ev":"fork","kind":"fork","child":${i + 2}}`,
      ),
      '',
    ].join('\n'),
  );
const reading = { touch: 'recorded' } as const;

it('a recording is read again when its turn comes', async () => {
  record(2);
  const { head, whole } = await openWorkload(name, reading);
  for await (const again of inTurn([{ name, head, text: null, opened: null }], reading)) {
    expect(again.head).toBe(head);
    expect(again.whole).toEqual(whole);
  }
});

it('a recording that has changed meanwhile is an error', async () => {
  record(2);
  const { head } = await openWorkload(name, reading);
  record(3);
  const turns = async (): Promise<void> => {
    for await (const again of inTurn([{ name, head, text: null, opened: null }], reading))
      expect(again.head).toBe(head);
  };
  await expect(turns()).rejects.toThrow(/expected the \d+ ops that it had when it was read first, found \d+/);
});
