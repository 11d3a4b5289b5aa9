/** A page of what `compare` has kept or printed: the same verdicts, and nothing of a file that does harm. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type CompareOptions, compareCommand, pageCommand } from '../../../harness/cli/compare.ts';
import type { PageData } from '../../../harness/page/data.ts';
import { said } from '../../support/said.ts';

const folder = mkdtempSync(join(tmpdir(), 'pmapdiff-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CHOSEN: CompareOptions = { workload: ['exit-touched', 'vfork-execfail', 'exec-across-abis'] };
const [packed, printed] = [join(folder, 'saved.json.gz'), join(folder, 'printed.json')];

interface Printed {
  readonly workloads: {
    name: string;
    pairs: { candidate: string; verdict: string; standing: string | null; differences: { what: string }[] }[];
    runs: unknown[];
    predecessors: { reference: string }[];
  }[];
  revisions: { id: string }[];
}
let document: Printed;

/** What a page has in it. */
function dataIn(path: string): PageData {
  const [, data] = /id="data">([^<]*)</.exec(readFileSync(path, 'utf8'))!;
  return JSON.parse(gunzipSync(Buffer.from(data!, 'base64')).toString()) as PageData;
}

/** Of every comparison of a page. */
const verdictsOf = ({ workloads }: PageData): string[] =>
  workloads.flatMap(({ name, pairs }) =>
    pairs.flatMap((pair) =>
      pair === null ? [] : [`${name} ${pair.candidate} ${pair.cell.verdict} ${pair.cell.standing}`],
    ),
  );

async function pageFrom(from: string): Promise<PageData> {
  const output = join(folder, 'page.html');
  rmSync(output, { force: true });
  expect(await pageCommand({ output, from })).toBe(0);
  expect(readFileSync(output, 'utf8')).not.toContain('id="machine"');
  return dataIn(output);
}

beforeAll(async () => {
  const parts: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((part, ...rest) => {
    parts.push(String(part));
    (rest.at(-1) as (() => void) | undefined)?.();
    return true;
  });
  await compareCommand({ ...CHOSEN, save: packed, json: true } as CompareOptions);
  write.mockRestore();
  document = JSON.parse(parts.join('')) as Printed;
  writeFileSync(printed, parts.join(''));
});

describe('a page of results', () => {
  it('has the verdicts that were saved', async () => {
    const data = await pageFrom(packed);
    expect(verdictsOf(data).length).toBeGreaterThan(5);
    const expected = document.workloads.flatMap(({ name, pairs }) =>
      pairs.map(({ candidate, verdict, standing }) => `${name} ${candidate} ${verdict} ${standing}`),
    );
    expect(verdictsOf(data).toSorted()).toEqual(expected.toSorted());
  });

  it('has of a printed document all that the page of the comparison has, but the machine', async () => {
    const whole = join(folder, 'whole.html');
    await pageCommand({ ...CHOSEN, output: whole });
    const { workloads, machine, interdiffs, ...rest } = dataIn(whole);
    expect(machine).not.toBeNull();
    expect(interdiffs).not.toEqual([]);
    expect(await pageFrom(printed)).toEqual({
      ...rest,
      workloads: workloads.map((one) => ({ ...one, text: null, first: null })),
      machine: null,
      interdiffs: [],
    });
  });

  it('is made of a document in which a predecessor was no column', async () => {
    const { out } = await said(() =>
      compareCommand({ workload: ['exit-touched'], variants: 'double-count-fix,landed', json: true } as CompareOptions),
    );
    const { workloads } = JSON.parse(out) as Printed;
    expect(workloads[0]!.predecessors.map(({ reference }) => reference)).toContain('shared-page-unmap');
    writeFileSync(join(folder, 'two.json'), out);
    expect(verdictsOf(await pageFrom(join(folder, 'two.json')))).toEqual(['exit-touched landed cost-only known']);
  });

  /** The document with one thing changed. */
  const broken = (change: (body: Printed) => void): string => {
    const body = structuredClone(document);
    change(body);
    return JSON.stringify(body);
  };
  it.each<[string, () => string | Uint8Array, RegExp]>([
    [
      'nothing',
      () => '',
      /^--from \S+: expected what compare --save or --json writes, got Unexpected end of JSON input$/,
    ],
    ['no text', () => new Uint8Array([0x7b, 0xff, 0xfe]), /got The encoded data was not valid/],
    [
      'another document',
      () => '{"schema":"pmapdiff.cost/1"}',
      /got schema "pmapdiff.cost\/1" instead of pmapdiff.compare\/1$/,
    ],
    ['null', () => 'null', /got schema null instead of pmapdiff.compare\/1$/],
    ['a bomb', () => gzipSync(Buffer.alloc(2 ** 27 + 1)), /expected what --save writes/],
    ['half a file', () => readFileSync(packed).subarray(0, 300), /expected what --save writes/],
    ['a field more', () => broken((body) => Object.assign(body, { onerror: 1 })), /got at the top: /],
    [
      'a verdict of its own',
      () => broken((body) => (body.workloads[0]!.pairs[0]!.verdict = 'fine')),
      /got at workloads.0.pairs.0.verdict: /,
    ],
    [
      'a run less',
      () => broken((body) => body.workloads[1]!.runs.pop()),
      /got workload "\S+" without one run of each revision$/,
    ],
    [
      'a workload twice',
      () => broken((body) => body.workloads.push(body.workloads[0]!)),
      /got a revision or workload twice$/,
    ],
    [
      'a revision of no run',
      () => broken((body) => (body.workloads[0]!.pairs[0]!.candidate = 'x')),
      /with a comparison of what was not run$/,
    ],
    [
      'a comparison less',
      () => broken((body) => body.workloads[1]!.pairs.pop()),
      /with other comparisons than the first$/,
    ],
    [
      'a counter of another version',
      () =>
        broken((body) =>
          Object.assign(
            body.workloads[0]!.pairs.at(-1)!.differences.find(({ what }) => what === 'pmapLocks')!,
            { what: 'x' },
          ),
        ),
      /with a counter that is not known here: x$/,
    ],
  ])('refuses %s in one line, and writes nothing', async (_what, content, expected) => {
    const [from, output] = [join(folder, 'bad'), join(folder, 'bad.html')];
    writeFileSync(from, content());
    const error = await pageCommand({ output, from }).then(
      () => null,
      (refused: Error) => refused,
    );
    expect(error?.constructor.name).toBe('InputError');
    expect(error!.message).toMatch(expected);
    expect(error!.message).not.toContain('\n');
    expect(error!.message.length).toBeLessThan(500);
    expect(existsSync(output)).toBe(false);
  });

  it('is refused beside what is run, and without its file', async () => {
    const output = join(folder, 'bad.html');
    await expect(pageCommand({ output, from: packed, workload: ['superpage'] })).rejects.toThrow(
      /expected only --output beside it, got --workload$/,
    );
    await expect(pageCommand({ output, from: join(folder, 'none') })).rejects.toThrow(
      /^--from \S+none: .*no such file/,
    );
    expect(existsSync(output)).toBe(false);
  });
});
