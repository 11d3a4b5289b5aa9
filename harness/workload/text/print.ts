/** Prints a Workload as text that parses to the same ops. */
import { PAGE_SIZE, VM_PROT_ALL } from '../../../core/units.ts';
import { DEFAULT_MACHINE, MACHINE_KEYS, addressLayout } from '../machine.ts';
import type { MmapOperands } from '../mmap.ts';
import { errnoName, outcomeName, signalName } from '../names.ts';
import {
  ADVICES,
  INHERITANCES,
  type MachineSettings,
  OP_BRK,
  OP_EXEC,
  OP_EXEC_FAIL,
  OP_EXIT,
  OP_FORK,
  OP_HANDLER,
  OP_KILL,
  OP_KMEM_TAKE,
  OP_MADVISE,
  OP_MINHERIT,
  OP_MLOCK,
  OP_MMAP,
  OP_MPROTECT,
  OP_MSYNC,
  OP_MUNLOCK,
  OP_MUNMAP,
  OP_NAMES,
  OP_READ,
  OP_RFORK_MEM,
  OP_RFORK_THREAD,
  OP_RUN,
  OP_SPAWN,
  OP_STOP,
  OP_SWAPOUT,
  OP_UNREF,
  OP_VFORK,
  OP_WAIT,
  OP_WRITE,
  type Op,
  type Program,
  type ProgramSpec,
  STOP_POINTS,
  type Workload,
  type WorkloadFile,
  makesProcess,
  opAt,
} from '../ops.ts';
import { BUILT_IN_PROGRAMS } from '../program.ts';
import { formatSize } from '../size.ts';
import { nameText } from './lexer.ts';
import { processNames } from './process-names.ts';
import { MSYNC_FLAGS } from './verbs.ts';

const MAX_STACK = 512 * 2 ** 20;
/** How far above the initial break an address is still written as an offset from heap. */
const HEAP_REACH = 2 ** 30;

const protText = (prot: number): string =>
  prot === 0 ? '-' : ['r', 'w', 'x'].filter((_, bit) => (prot & (1 << bit)) !== 0).join('');

const offsetText = (offset: number): string =>
  offset === 0 ? '' : `${offset < 0 ? '-' : '+'}${formatSize(Math.abs(offset))}`;

const MSYNC_NAMES = new Map(Object.entries(MSYNC_FLAGS).map(([name, flags]) => [flags, name]));

/** Prints the ops of a workload one by one, tracking which program each process runs to name its places. */
class OpPrinter {
  readonly #workload: Workload;
  readonly #names: readonly string[];
  readonly #programs: (Program | null)[] = [];

  constructor(workload: Workload) {
    this.#workload = workload;
    this.#names = processNames(workload);
  }

  print(op: Op): string {
    const { actors, machine } = this.#workload;
    const { process, thread, cpu } = actors[op.who];
    const name = nameText(this.#names[process]);
    const who = `${name}${thread === '' ? '' : `/${thread}`}${machine.cpus > 1 ? `@${cpu}` : ''}`;
    const expect = op.expect === 0 ? '' : ` => ${outcomeName(op.expect - 1)}`;
    const text = `${who}: ${this.#verb(op, process)}${expect}`;
    this.#follow(op, process);
    return text;
  }

  #verb(op: Op, process: number): string {
    const verb = OP_NAMES[op.code];
    switch (op.code) {
      case OP_FORK:
      case OP_VFORK:
        return `${verb} -> ${this.#process(op.arg)}`;
      case OP_SPAWN: {
        const what = op.len < 0 ? errnoName(-op.len) : this.#program(op.len);
        return `spawn ${what} -> ${this.#process(op.arg)}`;
      }
      case OP_RFORK_MEM:
      case OP_RFORK_THREAD:
        return `rfork ${op.code === OP_RFORK_MEM ? 'mem' : 'thread'} -> ${this.#process(op.arg)}`;
      case OP_EXEC:
        return `exec ${this.#program(op.arg)}`;
      case OP_EXEC_FAIL:
        return `execfail ${errnoName(op.arg)}${op.len === 1 ? ' late' : ''}`;
      case OP_EXIT:
        return op.arg === 0 ? 'exit' : `exit ${op.arg}`;
      case OP_WAIT:
      case OP_UNREF:
        return `${verb} ${this.#process(op.arg)}`;
      case OP_SWAPOUT:
        return `swapout ${this.#process(op.arg)}${op.len === 0 ? '' : ` desired ${op.len}`}`;
      case OP_KILL:
        return `kill ${this.#process(op.arg)} ${signalName(op.len)}`;
      case OP_HANDLER:
        return `handler ${signalName(op.arg)}`;
      case OP_MMAP:
        return `mmap ${this.#mmap(op, this.#workload.mmaps[op.arg], process)}`;
      case OP_MUNMAP:
      case OP_MLOCK:
      case OP_MUNLOCK:
        return `${verb} ${this.#span(op, process)}`;
      case OP_MPROTECT:
        return `mprotect ${this.#span(op, process)} ${protText(op.arg)}`;
      case OP_MINHERIT:
        return `minherit ${this.#span(op, process)} ${INHERITANCES[op.arg]}`;
      case OP_MADVISE:
        return `madvise ${this.#span(op, process)} ${ADVICES[op.arg]}`;
      case OP_MSYNC:
        return `msync ${this.#span(op, process)} ${MSYNC_NAMES.get(op.arg)}`;
      case OP_BRK:
        return `brk ${op.len < 0 ? '-' : '+'}${formatSize(Math.abs(op.len))}`;
      case OP_READ:
      case OP_WRITE:
      case OP_RUN: {
        if (op.len === 1 && op.arg === PAGE_SIZE) return `${verb} ${this.#address(op, process)}`;
        const step = op.arg === PAGE_SIZE ? '' : ` step ${formatSize(op.arg)}`;
        return `${verb} ${this.#span(op, process)}${step}`;
      }
      case OP_KMEM_TAKE:
        return `kmem-take ${op.arg}`;
      case OP_STOP:
        return `stop ${STOP_POINTS[op.arg]}`;
      default:
        return verb;
    }
  }

  #process(index: number): string {
    return nameText(this.#names[index]);
  }

  #program(index: number): string {
    return nameText(this.#workload.programs[index].name);
  }

  #span(op: Op, process: number): string {
    return `${this.#address(op, process)} ${formatSize(op.len)}`;
  }

  #mmap(op: Op, mmap: MmapOperands, process: number): string {
    const words: string[] = [mmap.kind];
    if (mmap.file >= 0) words.push(nameText(this.#workload.files[mmap.file].name) + offsetText(mmap.off));
    words.push(formatSize(op.len), protText(mmap.prot));
    if (mmap.maxProt !== VM_PROT_ALL) words.push('max', protText(mmap.maxProt));
    if (mmap.shared) words.push('shared');
    words.push(...mmap.wishes);
    if (mmap.fixed) words.push('fixed', this.#address(op, process));
    if (mmap.result >= 0) words.push('->', nameText(this.#workload.results[mmap.result]));
    return words.join(' ');
  }

  #address({ base, addr }: Op, process: number): string {
    if (base > 0) return nameText(this.#workload.results[base - 1]) + offsetText(addr);
    const program = this.#programs[process];
    const { sharedPage, stackTop, top } = addressLayout(this.#workload.machine, program?.spec.abi);
    if (addr === top) return 'top';
    if (sharedPage !== null && addr >= sharedPage && addr < top) return `shared${offsetText(addr - sharedPage)}`;
    if (addr >= stackTop - MAX_STACK && addr < stackTop) return `stack${offsetText(addr - stackTop)}`;
    if (program != null && program.text > 0) {
      const { text, data, heap } = program;
      if (addr >= text && addr < data) return `text${offsetText(addr - text)}`;
      if (addr >= data && addr < heap) return `data${offsetText(addr - data)}`;
      if (addr >= heap && addr < heap + HEAP_REACH) return `heap${offsetText(addr - heap)}`;
    }
    return `0x${addr.toString(16)}`;
  }

  #follow(op: Op, process: number): void {
    if (op.code === OP_EXEC) this.#programs[process] = this.#workload.programs[op.arg];
    else if (op.code === OP_SPAWN && op.len >= 0) this.#programs[op.arg] = this.#workload.programs[op.len];
    else if (makesProcess(op.code)) this.#programs[op.arg] = this.#programs[process];
  }
}

function machineLine(machine: MachineSettings): string {
  const words = MACHINE_KEYS.filter(({ field }) => machine[field] !== DEFAULT_MACHINE[field]).map(
    ({ key, field, format }) => `${key}=${format(machine[field])}`,
  );
  return words.length === 0 ? '' : `machine ${words.join(' ')}`;
}

const sameSpec = (a: ProgramSpec, b: ProgramSpec): boolean =>
  (Object.keys(a) as (keyof ProgramSpec)[]).every((key) => a[key] === b[key]);

function programLine({ spec }: Program): string {
  if (BUILT_IN_PROGRAMS.some((builtIn) => sameSpec(builtIn, spec))) return '';
  const { name, entries, guards, untouched, libs, text, data, bss, abi } = spec;
  const counts = `entries=${entries} guards=${guards} untouched=${untouched} libs=${libs}`;
  return `program ${nameText(name)} ${counts} text=${formatSize(text)} data=${formatSize(data)} bss=${formatSize(bss)}${abi === 'native' ? '' : ` abi=${abi}`}`;
}

/** mapped: what of it is mapped by an op, in bytes; it need not be told that it is so large. */
function fileLine({ name, resident, pages }: WorkloadFile, mapped: number): string {
  const size = mapped > 0 && mapped < pages * PAGE_SIZE ? ` size=${formatSize(pages * PAGE_SIZE)}` : '';
  return resident === 'all' && size === '' ? '' : `file ${nameText(name)} resident=${resident}${size}`;
}

/** By file: the end of what ops and programs map of it, in bytes. */
function mappedBytes({ files, programs, ops, mmaps }: Workload): Float64Array {
  const mapped = new Float64Array(files.length);
  const map = (file: number, end: number): void => {
    if (file >= 0) mapped[file] = Math.max(mapped[file], end);
  };
  for (const { maps } of programs) for (const { file, off, len } of maps) map(file, off + len);
  for (let i = 0; i < ops.length; i++) {
    const { code, arg, len } = opAt(ops, i);
    if (code === OP_MMAP) map(mmaps[arg].file, mmaps[arg].off + len);
  }
  return mapped;
}

/** The lines of a workload's ops: a function of the op's index, cheapest when called in ascending order. */
export function opLines(workload: Workload): (index: number) => string {
  let printer = new OpPrinter(workload);
  let next = 0;
  return (index) => {
    if (index < next) [printer, next] = [new OpPrinter(workload), 0];
    while (next < index) printer.print(opAt(workload.ops, next++));
    next = index + 1;
    return printer.print(opAt(workload.ops, index));
  };
}

/** Prints the whole workload as text: repeats stay expanded, defaults are omitted. */
export function printWorkload(workload: Workload): string {
  const title = workload.title === '' ? '' : `# ${workload.title}`;
  const signals = workload.signals === 'kill' ? '' : `signals ${workload.signals}`;
  const programs = workload.programs.map(programLine);
  const mapped = mappedBytes(workload);
  const files = workload.files.map((file, i) => fileLine(file, mapped[i]));
  const head = [title, machineLine(workload.machine), signals, ...files, ...programs];
  const lines = head.filter((line) => line !== '');
  const line = opLines(workload);
  for (let i = 0; i < workload.ops.length; i++) lines.push(line(i));
  return `${lines.join('\n')}\n`;
}
