import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { conformMmu } from '../../../harness/conform/mmu.ts';
import { conformPmap } from '../../../harness/conform/pmap.ts';
import { replayFile } from '../../../harness/conform/replay-vectors.ts';
import { readVectors, VectorError } from '../../../harness/conform/vector-files.ts';
import { conformVm } from '../../../harness/conform/vm.ts';
import { root } from '../../support/layers.ts';

const folder = mkdtempSync(join(tmpdir(), 'pmapdiff-refusals-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Json = Record<string, any>;

/** The reader's error message for a modified fixture. */
const refusal = (kind: keyof typeof read, fixture: string, change: (file: Json) => void): string => {
  const file = JSON.parse(readFileSync(join(root, 'test/fixtures/vectors', kind, fixture), 'utf8')) as Json;
  change(file);
  const path = join(folder, fixture.replace('part', `part-${kind}`));
  writeFileSync(path, JSON.stringify(file));
  return said(() => read[kind](path));
};

const said = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof VectorError) return error.message;
    throw error;
  }
  return 'nothing';
};

const read = {
  pmap: (path: string) => conformPmap([path], []),
  vm: (path: string) => conformVm([path], []),
  'vm-swapout': (path: string) => conformVm([path], []),
  mmu: (path: string) => conformMmu([path]),
  replay: (path: string) => readVectors(path, replayFile),
};

const LARGE = 'edge-copy-large.json';

describe('a recording of the pmap is rejected', () => {
  it.each<[string, (file: Json) => void, string]>([
    ['with an unknown key', (f) => (f.smt = 1), 'top: expected no key but those of the format, got "smt"'],
    ['with an unknown op', (f) => (f.ops[2].op = 'enter_all'), 'got "enter_all"'],
    [
      'with an unknown key of an op',
      (f) => (f.ops[0].cpu = 1),
      'ops.0: expected no key but those of the format, got "cpu"',
    ],
    ['with an unknown flag', (f) => (f.ops[2].flags = 'ulx'), 'ops.2.flags: expected - or letters of wumnl, got "ulx"'],
    [
      'with an unknown revision',
      (f) => (f.expect.main = []),
      'expect: expected no key but those of the format, got "main"',
    ],
    [
      'with an unknown count',
      (f) => (f.expect.landed[0].c.nmi = 1),
      'expect.landed.0.c: expected no key but those of the format, got "nmi"',
    ],
    [
      'with an unknown answer',
      (f) => (f.expect.landed[1].tlb = 1),
      'expect.landed.1: expected no key but those of the format, got "tlb"',
    ],
    [
      'with statistics of a pmap of which no op speaks',
      (f) => (f.expect.landed[1].pm = { 7: 0 }),
      'expect.landed.1.pm: expected pmaps that the ops name, got 7',
    ],
    ['with too few answers', (f) => f.expect.landed.pop(), 'expect.landed: expected one answer per op, 5, got 4'],
    ['with another number of ops than it says', (f) => (f.nops = 9), 'nops: expected 5, the number of ops, got 9'],
    ['without answers', (f) => (f.expect = {}), 'expect: expected the answers of a revision, got none'],
    ['with more CPUs than a pmap knows', (f) => (f.cpus = 65), 'cpus: expected number to be <=64, got 65'],
    [
      'with a CPU that the machine has not',
      (f) => {
        f.cpus = 2;
        f.ops[2] = { op: 'return_user', cpu: 2 };
      },
      'ops.2.cpu: expected a CPU below 2, got 2',
    ],
    [
      'with a 1G page elsewhere than at frame 0',
      (f) => (f.ops[2].psind = 2),
      'ops.2.frame: expected 0 with psind 2 and another one without',
    ],
    [
      'with a 1G page that is not said to be one',
      (f) => {
        f.ops[2].psind = 2;
        f.ops[2].flags = 'u';
      },
      'ops.2.psind: expected 1 or 2 with the flag l, 0 or 1 without, got 2 with the flags u',
    ],
    [
      'with frames that are the page tables’',
      (f) => (f.ops[2].frame = 262143),
      'ops.2.frame: expected frames below 262144, got 262143 to 262654',
    ],
    [
      'with an address of five levels on four',
      (f) => (f.ops[4] = { op: 'touch', p: 0, va: '0x800000000000', rw: 'r' }),
      'ops.4.va: expected addresses below 0x800000000000, got one beyond',
    ],
    [
      'with an address that no number holds',
      (f) => {
        f.la57 = 1;
        f.ops[4] = { op: 'mincore', p: 0, va: '0x7e9a763141fecf' };
      },
      'ops.4.va: expected an address of 53 significant bits, got "0x7e9a763141fecf"',
    ],
    ['with an op on a pmap that is not there', (f) => (f.ops[0].p = 3), 'ops.2: expected a pmap that is there, got 0'],
    [
      'with a second pmap of the same number',
      (f) => (f.ops[1].p = 0),
      'ops.1: expected a pmap that is not there yet, got 0',
    ],
    [
      'with page-table isolation that the machine has not',
      (f) => {
        f.kpti = 'nokpti';
        f.ops[0].mode = 'kpti';
      },
      'ops.0.mode: expected nokpti in a file without page-table isolation, got kpti',
    ],
  ])('%s', (_, change, message) => {
    expect(refusal('pmap', LARGE, change)).toContain(`${LARGE}: `);
    expect(refusal('pmap', LARGE, change)).toContain(message);
  });

  it('that is not a gzip file, or contains something else', () => {
    const path = join(folder, 'x.json.gz');
    writeFileSync(path, 'no archive');
    expect(said(() => read.pmap(path))).toContain('cannot be read');
    writeFileSync(path, gzipSync('no JSON'));
    expect(said(() => read.pmap(path))).toContain('expected JSON');
  });
});

describe('any other recording is rejected', () => {
  it.each<[keyof typeof read, string, string, (file: Json) => void, string]>([
    [
      'vm',
      'scen-cow.json',
      'with an unknown key',
      (f) => (f.cpus = 2),
      'top: expected no key but those of the format, got "cpus"',
    ],
    [
      'vm',
      'scen-cow.json',
      'with an unknown key of an op',
      (f) => (f.ops[0].la57 = true),
      'ops.0: expected no key but those of the format, got "la57"',
    ],
    [
      'vm',
      'scen-cow.json',
      'with an unknown cost',
      (f) => (f.expect.landed[0].c = { sw: 1 }),
      'expect.landed.0.c: expected no key but those of the format, got "sw"',
    ],
    [
      'vm-swapout',
      'scen-shared-file.json',
      'with an unknown key of a swap-out',
      (f) => (f.ops[8].idle = true),
      'ops.8: expected no key but those of the format, got "idle"',
    ],
    [
      'vm-swapout',
      'scen-shared-file.json',
      'with a count too few',
      (f) => f.expect.landed[8].sw.pop(),
      'expect.landed.8.sw: expected',
    ],
    ['vm', 'scen-cow.json', 'with an unknown op', (f) => (f.ops[0].op = 'swapin'), 'ops.0.op: expected'],
    [
      'vm',
      'scen-cow.json',
      'with an unknown answer',
      (f) => (f.expect.landed[0].zz = 1),
      'expect.landed.0: expected no key but those of the format, got "zz"',
    ],
    [
      'mmu',
      'part-00.json',
      'with an unknown control',
      (f) => (f[0].config.cet = true),
      '0.config: expected no key but those of the format, got "cet"',
    ],
    [
      'mmu',
      'part-00.json',
      'with an unknown key of an access',
      (f) => (f[0].access.size = 8),
      '0.access: expected no key but those of the format, got "size"',
    ],
    ['mmu', 'seq-00.json', 'with an unknown step', (f) => (f[0].steps[0].op = 'wbinvd'), '0.steps.0.op: expected'],
    [
      'replay',
      'pipe_one.touch-exec.json',
      'with an unknown key',
      (f) => (f.cpus = 2),
      'top: expected no key but those of the format, got "cpus"',
    ],
  ])('%s (%s) %s', (kind, fixture, _, change, message) => {
    expect(refusal(kind, fixture, change)).toContain(message);
  });
});
