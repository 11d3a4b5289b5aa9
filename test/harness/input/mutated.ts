/** Recordings with mistakes in them, to import: the same ones for the same seed. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { ImportFormat } from '../../../harness/input/import/import.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import { WorkloadError } from '../../../harness/workload/errors.ts';
import { Random } from '../../../harness/workload/random.ts';
import { landed } from '../../../variants/index.ts';
import { recordOf } from '../../support/ran.ts';
import { Imports, fixture } from './import/support.ts';

interface Recorder {
  readonly format: ImportFormat;
  /** Recordings to put mistakes into, below test/fixtures/import. */
  readonly seeds: readonly string[];
  /** Lines of a second file that goes with them. */
  readonly faults?: (lines: readonly string[], random: Random) => string[];
  /** Words that a mistake may put in the place of another. */
  readonly words: readonly string[];
}

const STRACE_WORDS = `
execve clone3 clone vfork fork mmap munmap mremap mprotect madvise brk wait4 exit_group exit resumed
unfinished detached CLONE_THREAD CLONE_VM MAP_FIXED SIGCHLD ENOMEM PROT_EXEC PROT_NONE NULL CLD_EXITED si_pid
attached
`
  .trim()
  .split(/\s+/);

/** A fault at an address, and at a time, of each line of strace that has both. */
function perfFaults(lines: readonly string[], random: Random): string[] {
  return lines.flatMap((line) => {
    const [, pid, time] = /^(\d+) (\d+\.\d+) /.exec(line) ?? [];
    const addr = /0x[\da-f]{6,}/.exec(line)?.[0];
    if (time === undefined || addr === undefined) return [];
    const code = ['0x4', '0x6', '0x14', '0x7'][random.word() % 4];
    const space = ['user', 'kernel'][random.word() % 2];
    return [`t ${pid}/${pid} [000] ${time}: exceptions:page_fault_${space}: address=${addr} ip=0x1 error_code=${code}`];
  });
}

const FREEBSD_WORDS = `
execve fexecve fork vfork rfork pdfork mmap munmap mprotect madvise break wait4 exit open close CALL RET NAMI PFLT PRET
PSIG STRU GIO JUSTRETURN RESTART EJUSTRETURN ERESTART KERN_SUCCESS SIG_DFL SIGSEGV RFPROC RFMEM RFSPAWN MAP_FIXED
MAP_ANON MAP_GUARD PROT_EXEC PROT_NONE VM_PROT_WRITE MADV_FREE process killed errno new
`
  .trim()
  .split(/\s+/);

/** One row per recorder. */
export const RECORDERS: Readonly<Record<string, Recorder>> = {
  strace: {
    format: 'strace',
    seeds: [
      'forms/f.strace',
      'forms/terminal.strace',
      'forms/f-X-raw.strace',
      'forms/merged.strace',
      'vforkfail.strace.txt.gz',
    ],
    words: STRACE_WORDS,
  },
  'strace with faults': {
    format: 'strace',
    seeds: ['forms/f-ttt-T-y.strace', 'vforkfail.strace.txt.gz'],
    faults: perfFaults,
    words: STRACE_WORDS,
  },
  kdump: {
    format: 'kdump',
    seeds: [
      'pipe_one.kdump.txt.gz',
      'pipe_one.kdump_T.txt.gz',
      'spawn_vforkpath.kdump.txt.gz',
      'forkloop_small.kdump.txt.gz',
    ],
    words: FREEBSD_WORDS,
  },
  truss: { format: 'truss', seeds: ['make.truss.txt'], words: FREEBSD_WORDS },
};

/** Numbers at and beyond what an address, a length or a pid can be. */
const NUMBERS = `
0 1 -1 4095 0xfff 0x1000 0x7fffffffe000 0x7fffffffefff 0x7ffffffff000 0x7fffffffffff 0x800000000000
0xffffffffff600000 0xffffffffffffffff 9007199254740991 9007199254740993 1e9 99999999
`
  .trim()
  .split(/\s+/);

class Mutator {
  readonly #random: Random;
  readonly #words: readonly string[];

  constructor(random: Random, words: readonly string[]) {
    this.#random = random;
    this.#words = words;
  }

  /** Makes one to four mistakes. */
  mutate(lines: readonly string[]): string[] {
    const out = [...lines];
    for (let i = 1 + this.#below(4); i > 0 && out.length > 0; i--) this.#mistake(out);
    return out;
  }

  #below(n: number): number {
    return this.#random.word() % n;
  }

  #one<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]!;
  }

  #mistake(lines: string[]): void {
    const at = this.#below(lines.length);
    const line = lines[at]!;
    const other = this.#one(lines);
    switch (this.#below(10)) {
      case 0:
        lines.splice(at, 1 + this.#below(3));
        break;
      case 1:
        lines.splice(this.#below(lines.length), 0, line);
        break;
      case 2:
        lines[at] = other;
        lines[lines.indexOf(other)] = line;
        break;
      case 3:
        lines[at] = line.slice(0, this.#below(line.length + 1));
        break;
      case 4:
        lines[at] = line.slice(0, this.#below(line.length + 1)) + other.slice(this.#below(other.length + 1));
        break;
      case 5:
        lines.splice(0, this.#below(4));
        break;
      case 6:
        lines[at] = this.#replaced(line, /0x[\da-f]+|\d+/g, () => this.#one(other.match(/0x[\da-f]+|\d+/g) ?? NUMBERS));
        break;
      case 7:
        lines[at] = this.#replaced(line, /[A-Za-z_]\w+/g, () => this.#one(this.#words));
        break;
      default:
        lines[at] = this.#replaced(line, /0x[\da-f]+|\d+/g, () => this.#one(NUMBERS));
    }
  }

  /** Replaces one of the matches. */
  #replaced(line: string, what: RegExp, by: () => string): string {
    const which = this.#below(line.match(what)?.length ?? 1);
    let i = 0;
    return line.replaceAll(what, (text) => (i++ === which ? by() : text));
  }
}

const linesOf = (name: string): string[] => {
  const bytes = readFileSync(fixture(name));
  return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().trimEnd().split('\n').slice(0, 120);
};

export interface Tried {
  /** imported, and replayed to the end */
  readonly replayed: number;
  /** refused by import as a whole */
  readonly refused: number;
}

/**
 * Imports `count` inputs with mistakes. Throws, and says with which seed, if import fails other than by refusing the
 * input, or if replay does not take what it has written.
 */
export async function tryMutated(name: string, count: number, seed = 1): Promise<Tried> {
  const { format, seeds, faults: makeFaults, words } = RECORDERS[name]!;
  const recordings = seeds.map(linesOf);
  const tried = { replayed: 0, refused: 0 };
  const imports = new Imports();
  try {
    for (let i = seed; i < seed + count; i++) {
      const random = new Random(i);
      const mutator = new Mutator(random, words);
      const lines = recordings[i % recordings.length]!;
      const faults = makeFaults?.(lines, random);
      const inFaults = faults !== undefined && random.word() % 2 === 0;
      const given = inFaults ? lines : mutator.mutate(lines);
      const perf = faults && imports.write('faults', `${(inFaults ? mutator.mutate(faults) : faults).join('\n')}\n`);
      try {
        const { out } = await imports.lines(format, given, { faults: perf }).catch((error: unknown) => {
          if (error instanceof WorkloadError) return { out: null };
          throw error;
        });
        if (out === null) {
          tried.refused++;
          continue;
        }
        const { ended } = recordOf(await loadWorkload(out, { touch: 'exec' }), landed);
        if (ended.kind !== 'done') throw new Error(`the replay ended: ${JSON.stringify(ended)}`);
        tried.replayed++;
      } catch (error) {
        throw new Error(`${name}, seed ${i}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      }
    }
  } finally {
    imports.dispose();
  }
  return tried;
}
