import { afterEach, describe, expect, it, vi } from 'vitest';
import { compareCommand, type CompareOptions } from '../../../harness/cli/compare.ts';
import { explainCommand } from '../../../harness/cli/explain.ts';
import { traceCommand } from '../../../harness/cli/trace.ts';
import { renderGithub } from '../../../harness/report/compare/github.ts';
import { renderJson } from '../../../harness/report/compare/json.ts';
import { renderJunit } from '../../../harness/report/compare/junit.ts';
import { renderMarkdown } from '../../../harness/report/compare/markdown.ts';
import type { CompareReport } from '../../../harness/report/compare/model.ts';
import { renderText } from '../../../harness/report/compare/text.ts';
import { schemas } from '../../../harness/report/schema/index.ts';
import { partings } from '../../../harness/run/outcome.ts';
import type { Ended } from '../../../harness/run/record.ts';
import { type Column, compareAll } from '../../support/comparison.ts';
import { facts, type PlantedOp, record } from '../../support/records.ts';

afterEach(() => vi.restoreAllMocks());

/** What a command writes to stdout. */
async function said(command: () => Promise<number>): Promise<string> {
  const out: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
  await command();
  vi.restoreAllMocks();
  process.exitCode = 0;
  return out.join('');
}

describe('a process that dies of the missing shared page', () => {
  const workload = 'vfork-execfail';
  const variants = 'baseline,double-count-fix';
  const line = 'cc: exit (line 7): ok -> make killed by SIGSEGV';
  const compared = (options: Partial<Record<'json' | 'markdown' | 'github', true>> & CompareOptions = {}) =>
    said(() => compareCommand({ workload: [workload], variants, ...options }));

  it('is spelled out as text, Markdown and annotation, and by trace and explain', async () => {
    const both = ['baseline', 'double-count-fix'] as const;
    const texts = [
      await compared(),
      await compared({ markdown: true }),
      await compared({ github: true }),
      await said(() => traceCommand(...both, { workload })),
      await said(() => explainCommand(...both, { workload })),
    ];
    for (const text of texts) expect(text).toContain(line);
  });

  it('has both outcomes as data', async () => {
    const body = JSON.parse(await compared({ json: true }));
    const { workloads } = schemas.compare.parse(body);
    expect(workloads[0]!.pairs[0]!.differences.find(({ what }) => what === 'outcome')).toMatchObject({
      at: 'line 7, cc: exit',
      outcomes: {
        reference: { kind: 'outcome', name: 'ok', value: 0 },
        candidate: { kind: 'killed', process: 'make', signal: 'SIGSEGV' },
      },
    });
    for (const command of [traceCommand, explainCommand] as const) {
      const {
        happened,
        diff = { happened },
        places,
      } = JSON.parse(await said(() => command('baseline', 'double-count-fix', { workload, json: true })));
      expect([diff.happened[0].candidate.signal, places[0]]).toEqual([
        'SIGSEGV',
        { op: 5, line: 7, process: 'cc', call: 'exit' },
      ]);
    }
  });

  it('is said in place of the rows of its address space, which trace shows as one', async () => {
    expect(await compared()).not.toContain('State that differs');
    const traced = () => said(() => traceCommand('baseline', 'double-count-fix', { workload, plane: 'outcome' }));
    expect(await traced()).toContain(
      '\n    vmspace 1 gone, with 60 map entries, 1 process, 285 mappings, 10 page-table pages; references changed in 12 rows\n',
    );
  });

  it('is found where outcomes part first, not where anything does', async () => {
    const at = async (plane?: string): Promise<[number, string[]]> => {
      const options = { workload, json: true, ...(plane !== undefined && { plane }) };
      const { diff } = JSON.parse(await said(() => traceCommand('baseline', 'double-count-fix', options)));
      return [diff.first.op, diff.first.parts];
    };
    expect(await at()).toEqual([0, ['statistics', 'counters']]);
    expect((await at('outcome'))[0]).toBe(5);
    expect((await at('calls'))[0]).toBe(5);
    expect(await at('counters')).toEqual([0, ['statistics', 'counters']]);
    await expect(traceCommand('baseline', 'landed', { workload, plane: 'map' })).rejects.toThrow(
      /--plane: expected outcome, calls, statistics, counters, got "map"/,
    );
  });
});

const TEXT = 'make: exec sh60\nmake: clock\nmake: clock\nmake: exit\n';
const ops = (...codes: number[]): PlantedOp[] => codes.map((code) => ({ code, value: code === 0 ? 7 : 0 }));
const column = (id: string, planted: PlantedOp[], ended?: Ended): Column => ({
  facts: facts(id, id === 'first' ? null : 'first', [], ['removeIsNoop']),
  records: [record(id, planted, ended === undefined ? {} : { ended })],
});
const panic = (op: number, where: string): Ended => ({
  kind: 'panic',
  op,
  where,
  reason: 'count 1',
  values: { pm: 3 },
});

/** These die in the third op, which comes to `code`. */
const killing = (id: string, processes: readonly string[], code = 0): Column => ({
  facts: facts(id, id === 'first' ? null : 'first', [], ['removeIsNoop']),
  records: [
    record(id, ops(0, 0, code, 0), { killed: processes.map((process) => ({ op: 2, process, signal: 'SIGSEGV' })) }),
  ],
});

/** By what happened in the second of two runs, what is said of it. */
const CASES: [string, Column, Column, string][] = [
  [
    'a death in the op of another',
    killing('first', []),
    killing('second', ['b', 'a']),
    'make: clock (line 3): ok -> b killed by SIGSEGV',
  ],
  [
    'a death that does not come',
    killing('first', ['a', 'b']),
    killing('second', ['a']),
    'make: clock (line 3): b killed by SIGSEGV -> ok',
  ],
  [
    'a death of the one who acts, in words of its own',
    killing('first', []),
    killing('second', ['make'], 139),
    'make: clock (line 3): ok -> SIGSEGV',
  ],
  [
    'a signal',
    column('first', ops(0, 0, 0, 0)),
    column('second', ops(0, 0, 139, 256)),
    'make: clock (line 3): ok -> SIGSEGV',
  ],
  [
    'an errno',
    column('first', ops(0, 0, 2, 0)),
    column('second', ops(0, 0, 12, 0)),
    'clock (line 3): ENOENT -> ENOMEM',
  ],
  [
    'another value',
    column('first', ops(0, 0, 0, 0)),
    column('second', [...ops(0), { value: 8 }, ...ops(0, 0)]),
    'make: clock (line 2): ok, 0x7 -> ok, 0x8',
  ],
  [
    'a panic',
    column('first', ops(0, 0, 0, 0)),
    column('second', ops(0, 0, 0), panic(3, 'pmap_release')),
    'make: exit (line 4): ok -> panic in pmap_release: count 1, pm=3',
  ],
  [
    'a panic that is gone',
    column('first', ops(0, 0, 0), panic(3, 'pmap_release')),
    column('second', ops(0, 0, 0, 0)),
    'make: exit (line 4): panic in pmap_release: count 1, pm=3 -> ok',
  ],
  [
    'another panic',
    column('first', ops(0, 0, 0), panic(3, 'pmap_release')),
    column('second', ops(0, 0, 0), panic(3, 'vm_map_delete')),
    'exit (line 4): panic in pmap_release: count 1, pm=3 -> panic in vm_map_delete: count 1, pm=3',
  ],
];

describe('what happened', () => {
  const plain = (text: string): string => text.replaceAll('&gt;', '>').replaceAll('\\_', '_').replaceAll('\n    ', ' ');

  it.each(CASES)('%s is one line in every format', (_what, first, second, line) => {
    const { report } = compareAll([first, second], { texts: [TEXT] });
    const formats: ((report: CompareReport) => string)[] = [
      (one) => renderText(one, { color: false, width: 200 }),
      renderMarkdown,
      renderJunit,
      renderGithub,
    ];
    for (const render of formats) expect(plain(render(report))).toContain(line);
    schemas.compare.parse(JSON.parse(renderJson(report)));
  });

  it('is the first outcome that parts and the panic, each on its own line', () => {
    const [first, second] = [column('first', ops(0, 0, 0, 0)), column('second', ops(0, 139, 2), panic(3, 'exit1'))];
    expect(partings(first.records[0]!, second.records[0]!).map(({ op, candidate }) => [op, candidate.kind])).toEqual([
      [1, 'outcome'],
      [3, 'panic'],
    ]);
    const text = renderText(compareAll([first, second], { texts: [TEXT] }).report, { color: false });
    expect(text).toContain('! second: make: clock (line 2): ok -> SIGSEGV (w0)');
    expect(text).toContain('! second: make: exit (line 4): ok -> panic in exit1: count 1, pm=3 (w0)');
  });

  it('is nothing where both panic alike', () => {
    const [first, second] = ['first', 'second'].map((id) => column(id, ops(0, 0, 0), panic(3, 'exit1')));
    expect(partings(first!.records[0]!, second!.records[0]!)).toEqual([]);
  });
});
