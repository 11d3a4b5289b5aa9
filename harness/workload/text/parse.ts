/** Parses workload text into a Workload. */
import { WorkloadError, quoted } from '../errors.ts';
import { MAX_LINE } from '../lines.ts';
import { DEFAULT_MACHINE, MACHINE_KEYS } from '../machine.ts';
import { ABIS, type Abi, type MachineSettings, RESIDENCES, type Residence, type Workload } from '../ops.ts';
import { MAX_ENTRIES, type ProgramKeys, completeSpec, specProblem } from '../program.ts';
import { formatSize, parseSize } from '../size.ts';
import { Cursor } from './cursor.ts';
import { Elaborator } from './elaborate.ts';
import type { OpNode } from './syntax.ts';
import { parseOp } from './verbs.ts';

/** Maximum size of workload text in bytes. */
export const MAX_TEXT = 2 ** 26;
/** Maximum number of ops in a text after its repeats are expanded. */
const MAX_OPS = 5_000_000;
const MAX_DEPTH = 32;
const MAX_BODY = 100_000;
const MAX_REPEAT = 1_000_000_000;

/** A repeat whose `end` has not been reached. `ops` is the number of ops in its body. */
interface Block {
  readonly count: number;
  readonly line: number;
  readonly column: number;
  readonly body: (OpNode | Block)[];
  ops: number;
}

const STATEMENTS = ['machine', 'signals', 'program', 'file', 'repeat', 'end'] as const;
type Statement = (typeof STATEMENTS)[number];

const SWITCHES = ['kill', 'report'] as const;

const COUNTS = ['entries', 'guards', 'untouched', 'libs'] as const;
const SIZES = ['text', 'data', 'bss'] as const;
const PROGRAM_KEYS: readonly string[] = [...COUNTS, ...SIZES, 'abi'];
const MAX_SEGMENT = 2 ** 30;

/**
 * Ops by their lines, for texts that have many lines in common: a line that is known is not read again. By number of CPUs,
 * as a line names one.
 */
export type KnownOps = Map<string, OpNode>[];

class Parser {
  readonly #file: string;
  readonly #known: KnownOps | null;
  #machine: MachineSettings = DEFAULT_MACHINE;
  #signals: Workload['signals'] = 'kill';
  #elaborator: Elaborator | null = null;
  #seen = new Set<string>();
  #blocks: Block[] = [];

  constructor(file: string, known: KnownOps | null) {
    this.#file = file;
    this.#known = known;
  }

  line(text: string, number: number): void {
    // Within a repeat an op is kept until the end, with its line.
    const known = this.#blocks.length > 0 ? null : this.#knownOps();
    const op = known?.get(text);
    if (op !== undefined) {
      op.line = number;
      this.#op(op);
      return;
    }
    if (text.length > MAX_LINE) {
      const where = { file: this.#file, line: number };
      throw new WorkloadError(where, `a line of at most ${formatSize(MAX_LINE)}`, `${text.length} characters`);
    }
    const c = new Cursor(text, this.#file, number);
    if (c.atEnd) return;
    const { column } = c;
    const statement = this.#statement(c);
    if (statement !== null) this.#run(statement, c, column);
    else {
      const read = parseOp(c, this.#machine.cpus - 1);
      known?.set(text, read);
      this.#op(read);
    }
  }

  #knownOps(): Map<string, OpNode> | null {
    return this.#known === null ? null : (this.#known[this.#machine.cpus] ??= new Map());
  }

  finish(name: string, title: string): Workload {
    const open = this.#blocks.at(-1);
    if (open !== undefined) {
      const { line, column } = open;
      throw new WorkloadError({ file: this.#file, line, column }, "an 'end' for this repeat", 'the end of the file');
    }
    return this.#build().finish(name, title, this.#signals);
  }

  /** The kind of statement of a line; null for an op, whose first word is the name of a process. */
  #statement(c: Cursor): Statement | null {
    const { kind, text } = c.following;
    if (kind === 'symbol' && (text === ':' || text === '/' || text === '@')) return null;
    if (c.token.kind === 'word')
      return c.keyword("an op ('name: verb …') or machine, program, file, repeat, end", STATEMENTS) as Statement;
    return null;
  }

  #run(statement: Statement, c: Cursor, column: number): void {
    switch (statement) {
      case 'machine':
        return this.#machineLine(c, column);
      case 'signals':
        return this.#signalsLine(c, column);
      case 'program':
        return this.#programLine(c);
      case 'file':
        return this.#fileLine(c);
      case 'repeat':
        return this.#repeatLine(c, column);
      case 'end':
        return this.#endLine(c, column);
    }
  }

  get #started(): boolean {
    return this.#elaborator !== null || this.#blocks.length > 0;
  }

  #build(): Elaborator {
    this.#elaborator ??= new Elaborator(this.#file, this.#machine);
    return this.#elaborator;
  }

  #machineLine(c: Cursor, column: number): void {
    if (this.#started) c.fail("'machine' before every program and op", { found: 'it here', column });
    if (this.#seen.has('machine')) c.fail('one machine line', { found: 'a second one', column });
    this.#seen.add('machine');
    this.#machine = { ...DEFAULT_MACHINE, ...machineSettings(c) };
  }

  #signalsLine(c: Cursor, column: number): void {
    if (this.#started) c.fail("'signals' before every program and op", { found: 'it here', column });
    this.#signals = c.keyword('kill or report', SWITCHES) as Workload['signals'];
    c.end();
  }

  #programLine(c: Cursor): void {
    if (this.#blocks.length > 0) c.fail("an op, 'repeat' or 'end' inside repeat", { found: "'program'" });
    const { column } = c;
    const name = c.name('the name of a program');
    if (this.#seen.has(`program ${name}`)) c.fail('each program once', { found: `'${name}' again`, column });
    this.#seen.add(`program ${name}`);
    const keys: Record<string, number | Abi> = {};
    while (!c.atEnd) {
      const { column: keyColumn } = c;
      const key = c.keyword(`a key of a program (${PROGRAM_KEYS.join(', ')})`, PROGRAM_KEYS);
      if (key in keys) c.fail('each key once', { found: `'${key}' again`, column: keyColumn });
      c.symbol('=');
      if (key === 'abi') keys[key] = this.#abi(c);
      else
        keys[key] = (COUNTS as readonly string[]).includes(key)
          ? c.count(`a number from 0 to ${MAX_ENTRIES}`, 0, MAX_ENTRIES)
          : segmentSize(c);
    }
    const spec = completeSpec(name, keys as ProgramKeys);
    const problem = specProblem(spec);
    if (problem !== null) c.fail(problem[0], { found: problem[1], column });
    if (!this.#build().define(spec)) c.fail('a program before its first use', { found: `'${name}' here`, column });
  }

  #fileLine(c: Cursor): void {
    if (this.#blocks.length > 0) c.fail("an op, 'repeat' or 'end' inside repeat", { found: "'file'" });
    const { column } = c;
    const name = c.name('the name of a file');
    if (this.#seen.has(`file ${name}`)) c.fail('each file once', { found: `'${name}' again`, column });
    this.#seen.add(`file ${name}`);
    c.keyword('resident=all, resident=even or resident=none', ['resident']);
    c.symbol('=');
    const resident = c.keyword(`what of it lies in memory (${RESIDENCES.join(', ')})`, RESIDENCES) as Residence;
    let bytes = 0;
    if (!c.atEnd) {
      c.keyword('size= or the end of the line', ['size']);
      c.symbol('=');
      bytes = c.size('a size');
    }
    c.end();
    if (!this.#build().defineFile(name, resident, bytes))
      c.fail('a file before its first use', { found: `'${name}' here`, column });
  }

  #abi(c: Cursor): Abi {
    const { column } = c;
    const abi = c.keyword(`an ABI (${ABIS.join(', ')})`, ABIS) as Abi;
    const { la57, lowerShared } = this.#machine;
    if (abi !== 'native' && (la57 || lowerShared))
      c.fail('abi=native on a machine with la57 or lower-shared', { found: `'${abi}'`, column });
    return abi;
  }

  #repeatLine(c: Cursor, column: number): void {
    if (this.#blocks.length === MAX_DEPTH) c.fail(`repeats at most ${MAX_DEPTH} deep`, { found: 'one deeper', column });
    const count = c.count(`a number from 1 to ${MAX_REPEAT}`, 1, MAX_REPEAT);
    c.end();
    this.#blocks.push({ count, line: c.line, column, body: [], ops: 0 });
  }

  #endLine(c: Cursor, column: number): void {
    const block = this.#blocks.pop();
    if (block === undefined) c.fail('an op', { found: "'end' without a repeat", column });
    c.end();
    const ops = block.ops * block.count;
    const outer = this.#blocks.at(-1);
    this.#limit((outer?.ops ?? this.#build().ops.length) + ops, block.line, block.column);
    if (outer === undefined) {
      if (ops > 0) this.#expand(block);
    } else if (ops > 0) {
      outer.body.push(block);
      outer.ops += ops;
    }
  }

  #op(op: OpNode): void {
    const block = this.#blocks.at(-1);
    if (block === undefined) {
      this.#limit(this.#build().ops.length + 1, op.line, op.column);
      this.#build().add(op);
      return;
    }
    block.body.push(op);
    block.ops++;
    if (block.body.length > MAX_BODY) {
      const where = { file: this.#file, line: op.line, column: op.column };
      throw new WorkloadError(where, `at most ${MAX_BODY} lines in a repeat`, 'one more');
    }
  }

  #limit(ops: number, line: number, column: number): void {
    if (ops <= MAX_OPS) return;
    throw new WorkloadError({ file: this.#file, line, column }, `at most ${MAX_OPS} ops, repeats expanded`, `${ops}`);
  }

  #expand(block: Block): void {
    const elaborator = this.#build();
    for (let turn = 0; turn < block.count; turn++) {
      for (const inner of block.body) {
        if ('body' in inner) this.#expand(inner);
        else elaborator.add(inner);
      }
    }
  }
}

function segmentSize(c: Cursor): number {
  const bytes = c.token.kind === 'word' ? parseSize(c.token.text) : NaN;
  if (!(bytes <= MAX_SEGMENT)) c.fail(`a size of at most ${formatSize(MAX_SEGMENT)}`);
  c.skip();
  return bytes;
}

/** The first comment of a text, which describes the workload; '' if there is none. */
function titleOf(text: string): string {
  return /^[ \t]*#[ \t]*(.*?)[ \t\r]*$/m.exec(text.slice(0, 4096))?.[1] ?? '';
}

/**
 * Parses workload text. `file` is the name used in errors. known: what texts parsed before have left there. Throws
 * WorkloadError: `file:line:column: expected …, found …`.
 */
export function parseWorkload(text: string, file: string, name = file, known: KnownOps | null = null): Workload {
  if (text.length > MAX_TEXT) {
    throw new WorkloadError({ file }, `at most ${formatSize(MAX_TEXT)} of workload text`, `${text.length} characters`);
  }
  const parser = new Parser(file, known);
  let number = 0;
  for (let at = 0; at <= text.length;) {
    let end = text.indexOf('\n', at);
    if (end < 0) end = text.length;
    parser.line(text.slice(at, end), ++number);
    at = end + 1;
  }
  return parser.finish(name, titleOf(text));
}

/** The settings that `KEY=VALUE …` gives, up to the end of the line. */
function machineSettings(c: Cursor): Partial<MachineSettings> {
  const keys = MACHINE_KEYS.map((entry) => entry.key);
  const settings: Partial<Record<keyof MachineSettings, number | boolean>> = {};
  const given = new Set<string>();
  while (!c.atEnd) {
    const { column: keyColumn } = c;
    const key = c.keyword(`a key of the machine (${keys.join(', ')})`, keys);
    if (given.has(key)) c.fail('each key once', { found: `'${key}' again`, column: keyColumn });
    given.add(key);
    c.symbol('=');
    const { field, accepts, parse } = MACHINE_KEYS[keys.indexOf(key)];
    const text = c.token.kind === 'word' ? c.valueText : '';
    const value = parse(text);
    if (value === undefined) c.fail(accepts, text.includes(':') ? { found: quoted(text) } : {});
    for (let left = text.split(':').length * 2 - 1; left > 0; left--) c.skip();
    settings[field] = value;
  }
  return settings as Partial<MachineSettings>;
}

/** The same, of an option that `where` names. Throws WorkloadError. */
export const parseMachine = (text: string, where: string): Partial<MachineSettings> =>
  machineSettings(new Cursor(text, where, 0));
