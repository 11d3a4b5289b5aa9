import { describe, expect, it } from 'vitest';
import { loadCorpus } from '../../../harness/input/load.ts';
import { run } from '../../../harness/run/run.ts';
import { CORPUS } from '../../../harness/workload/corpus/index.ts';
import { DEFAULT_MACHINE, ramFor } from '../../../harness/workload/machine.ts';
import type { Workload } from '../../../harness/workload/ops.ts';
import { parseMachine } from '../../../harness/workload/text/parse.ts';
import { TraceReader } from '../../../harness/workload/trace/read.ts';
import { landed } from '../../../variants/index.ts';

const META =
  '{"ev":"meta","format":"vmtrace-1","name":"x","cmd":"x","arch":"x86_64","page":4096,"root":1,"time_unit":"us"}';
const MIB = 2 ** 20;

/** A recording of events, each at the next time. */
function recording(events: Iterable<object>, machine?: Workload['machine'] | object): Workload {
  const reader = new TraceReader('x.jsonl', machine === undefined ? {} : { machine });
  const lines = [META];
  let t = 0;
  for (const event of events) lines.push(JSON.stringify({ t: ++t, ...event }));
  reader.block(lines.join('\n'));
  return reader.finish('x');
}

const BASE = 2 ** 40;
const mmap = (pid: number, addr: number, pages: number) => ({
  pid,
  ev: 'mmap',
  addr: `0x${addr.toString(16)}`,
  len: pages * 4096,
  prot: 'rw-',
  flags: ['PRIVATE', 'ANON'],
  file: null,
  off: 0,
});
const write = (pid: number, addr: number) => ({ pid, ev: 'fault', addr: `0x${addr.toString(16)}`, access: 'w' });

function* writes(pid: number, addr: number, pages: number, step = 4096): Generator<object> {
  for (let i = 0; i < pages; i++) yield write(pid, addr + i * step);
}

/** Frames in use or used before, the pages of files left out. */
function framesOf(workload: Workload): number {
  const { record, machine } = run(null, workload, landed, { digests: false });
  expect(record.ended.kind).toBe('done');
  const { page, frames, files } = machine!;
  return page.next - page.first + frames - page.runLow - files.reduce((sum, { object }) => sum + object.size, 0);
}

describe('the memory that a recording needs', () => {
  it.each(Object.keys(CORPUS).filter((name) => name !== 'make12'))('is no less than what %s takes', async (name) => {
    const workload = await loadCorpus(name);
    expect(workload.machine).toEqual(DEFAULT_MACHINE);
    expect(framesOf(workload)).toBeLessThan(1.02 * workload.trace!.pages + 4096);
  });

  it('makes its machine larger, unless its memory is chosen', () => {
    function* all(): Generator<object> {
      yield mmap(1, BASE, 300_000);
      yield* writes(1, BASE, 300_000);
    }
    const { machine } = recording(all());
    expect(machine).toEqual({ ...DEFAULT_MACHINE, ram: 2048 * MIB });
    expect(recording(all(), { ram: 64 * MIB }).machine.ram).toBe(64 * MIB);
    expect(recording(all(), { cpus: 2 }).machine).toEqual({ ...machine, cpus: 2 });
  });

  it('is as large as 64 GiB', () => {
    for (const [pages, ram] of [
      [2_000_000, 2 ** 33],
      [9_000_000, 2 ** 36],
      [99_000_000, 2 ** 36],
    ] as const)
      expect(ramFor(2 ** 30, pages, 0)).toBe(ram);
  });

  it('counts pages of processes that run at a time, those of a fork’s parent twice', () => {
    const pagesOf = (events: object[]): number => recording(events).trace!.pages;
    const own = (pid: number, at = BASE): object[] => [mmap(pid, at, 5000), ...writes(pid, at, 5000)];
    const fork = (kind: string, child: number) => ({ pid: 1, ev: 'fork', child, kind });
    const one = pagesOf(own(1));
    expect(one).toBeGreaterThan(5000);
    expect(pagesOf([...own(1), fork('fork', 2)])).toBeGreaterThan(10_000);
    expect(pagesOf([...own(1), fork('vfork', 2)])).toBe(one);
    const exit = { pid: 1, ev: 'exit', code: 0 };
    const sharer = [fork('clone_vm', 2), ...own(2), { ...exit, pid: 2 }];
    expect(pagesOf([...sharer, ...own(1, 2 * BASE)])).toBeGreaterThan(10_000);
    expect(pagesOf([fork('fork', 2), ...own(1), exit, ...own(2)])).toBeLessThan(6000);
    const again = { pid: 1, ev: 'munmap', addr: `0x${BASE.toString(16)}`, len: 5120 * 4096 };
    expect(pagesOf([...own(1), again, ...own(1), again, ...own(1)])).toBe(one);
  });

  it('holds the page-table pages of a file that is mapped ahead of use', () => {
    const file = { ...mmap(1, BASE, 2560), prot: 'r--', file: '/f' };
    const need = (flags: string[]): number => {
      return recording([{ ...file, flags }]).trace!.pages;
    };
    // Of each further 2M: a page-table page, and four chunks of 168 pv entries for 512 pages.
    expect(need(['PRIVATE', 'PREFAULT_READ']) - need(['PRIVATE'])).toBe(4 * 5);
  });

  it('of pages far apart holds their page-table pages', () => {
    const workload = recording([mmap(1, BASE, 512 * 2000), ...writes(1, BASE, 2000, 2 * MIB)]);
    expect(framesOf(workload)).toBeLessThan(1.02 * workload.trace!.pages + 4096);
  });
});

describe('--machine', () => {
  it('is read as a machine line', () => {
    expect(parseMachine('ram=4G cpus=2 pti=on', '--machine')).toEqual({ ram: 2 ** 32, cpus: 2, pti: true });
    expect(parseMachine('', '--machine')).toEqual({});
    for (const [text, message] of [
      ['ram=3G', "--machine: expected a power of two from 16M to 64G, found '3G'"],
      ['ram=1G ram=1G', "--machine: expected each key once, found 'ram' again"],
      ['rom=1G', /^--machine: expected a key of the machine \(.*\), found 'rom'; did you mean 'ram'\?$/],
    ] as const)
      expect(() => parseMachine(text, '--machine')).toThrow(message);
  });
});
