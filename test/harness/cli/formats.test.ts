import { Command } from 'commander';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { Answer, withFormats } from '../../../harness/cli/answer.ts';
import type { Formats } from '../../../harness/report/formats.ts';

const folder = mkdtempSync(join(tmpdir(), 'pmapdiff-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

/** A table of formats that no command has. */
const formats: Formats<number> = {
  text: async (n) => `it is ${n}\n`,
  options: {
    log: { help: 'write a log to a file as well', toFile: true, render: async (n) => `log ${n}\n` },
    yaml: { help: 'YAML instead of text', render: async (n) => `n: ${n}\n` },
    csv: { help: 'CSV instead of text', render: async (n) => `${n},\n` },
  },
};

async function written(chosen: object): Promise<string> {
  let out = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => (out += String(text)) !== '');
  await new Answer('count', formats, chosen).write(3);
  vi.restoreAllMocks();
  return out;
}

describe('a format of the table', () => {
  it('is an option of the command', () => {
    const { options } = withFormats(new Command('count'), formats);
    expect(options.map(({ flags }) => flags)).toEqual(['--log <file>', '--yaml', '--csv']);
  });

  it('is what the command writes on request', async () => {
    expect(await written({})).toBe('it is 3\n');
    expect(await written({ yaml: true })).toBe('n: 3\n');
  });

  it('is also written to its file', async () => {
    const log = join(folder, 'log');
    expect(await written({ csv: true, log })).toBe('3,\n');
    expect(readFileSync(log, 'utf8')).toBe('log 3\n');
  });

  it('is rejected with a second one for stdout, and if its file cannot be written', async () => {
    expect(() => new Answer('count', formats, { yaml: true, csv: true })).toThrow(
      'count: expected one of --yaml, --csv, got --yaml and --csv',
    );
    await expect(written({ log: join(folder, 'none', 'log') })).rejects.toThrow('--log');
  });
});
