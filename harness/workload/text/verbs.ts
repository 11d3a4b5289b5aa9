/** The verbs of workload text: how the words behind each become operands. */
import { ERRNOS, OUTCOME_OK, OUTCOME_PANIC, OUTCOME_SIGNAL, SIGNALS } from '../names.ts';
import {
  ADVICES,
  INHERITANCES,
  MS_INVALIDATE,
  OP_BRK,
  OP_CLOCK,
  OP_EXEC,
  OP_EXEC_FAIL,
  OP_EXIT,
  OP_FORK,
  OP_GO,
  OP_HANDLER,
  OP_KILL,
  OP_KMEM_FREE,
  OP_KMEM_TAKE,
  OP_MADVISE,
  OP_MINHERIT,
  OP_MLOCK,
  OP_MMAP,
  OP_MPROTECT,
  OP_MSYNC,
  OP_MUNLOCK,
  OP_MUNMAP,
  OP_READ,
  OP_RFORK_MEM,
  OP_RFORK_THREAD,
  OP_RUN,
  OP_SNAPSHOT,
  OP_SPAWN,
  OP_STOP,
  OP_SWAPOUT,
  OP_TOUCH,
  OP_UNREF,
  OP_UNSHARE,
  OP_VFORK,
  OP_WAIT,
  OP_WRITE,
  STOP_POINTS,
} from '../ops.ts';
import type { Cursor } from './cursor.ts';
import { PLACE_WORDS, accesses, mmapOperands, needProtection, span } from './operands.ts';
import type { NameNode, OpNode } from './syntax.ts';

/** msync's flags by name. FreeBSD: sys/sys/mman.h */
export const MSYNC_FLAGS: Readonly<Record<string, number>> = { sync: 0, async: 1, invalidate: MS_INVALIDATE };

/** Pages of a limit (RLIMIT_RSS) at most. */
const MAX_DESIRED = 999_999_999;

function program(c: Cursor, op: OpNode): void {
  const { column } = c;
  op.program = { name: c.name('the name of a program'), column };
}

function target(c: Cursor, op: OpNode): void {
  const { column } = c;
  op.target = { name: c.name('the name of a process'), column };
}

function errno(c: Cursor): number {
  return ERRNOS[c.keyword('an errno such as ENOENT', Object.keys(ERRNOS))];
}

const signal = (c: Cursor): number => SIGNALS[c.keyword('a signal such as SIGUSR1', Object.keys(SIGNALS))];

const how = (what: string, known: readonly string[]) => (c: Cursor, op: OpNode) => {
  span(c, op);
  op.arg = known.indexOf(c.keyword(`${what} (${known.join(', ')})`, known));
};

interface Verb {
  readonly code: number;
  readonly operands?: (c: Cursor, op: OpNode) => void;
  /** Meaning of `->`: a child that must be named, or a name for the address. */
  readonly arrow?: 'child' | 'address';
}

const VERBS: Readonly<Record<string, Verb>> = {
  fork: { code: OP_FORK, arrow: 'child' },
  vfork: { code: OP_VFORK, arrow: 'child' },
  spawn: {
    code: OP_SPAWN,
    arrow: 'child',
    operands: (c, op) => {
      if (Object.hasOwn(ERRNOS, c.token.text)) op.len = -errno(c);
      else program(c, op);
    },
  },
  rfork: {
    code: OP_RFORK_MEM,
    arrow: 'child',
    operands: (c, op) => {
      if (c.keyword('mem or thread', ['mem', 'thread']) === 'thread') op.code = OP_RFORK_THREAD;
    },
  },
  unshare: { code: OP_UNSHARE },
  exec: { code: OP_EXEC, operands: program },
  execfail: {
    code: OP_EXEC_FAIL,
    operands: (c, op) => {
      op.arg = errno(c);
      op.len = Number(c.acceptWord('late'));
    },
  },
  exit: {
    code: OP_EXIT,
    operands: (c, op) => {
      if (c.isSize) op.arg = c.count('an exit status from 0 to 255', 0, 255);
    },
  },
  wait: { code: OP_WAIT, operands: target },
  kill: {
    code: OP_KILL,
    operands: (c, op) => {
      target(c, op);
      op.len = signal(c);
    },
  },
  handler: {
    code: OP_HANDLER,
    operands: (c, op) => {
      op.arg = signal(c);
    },
  },
  mmap: { code: OP_MMAP, operands: mmapOperands, arrow: 'address' },
  munmap: { code: OP_MUNMAP, operands: span },
  mprotect: {
    code: OP_MPROTECT,
    operands: (c, op) => {
      span(c, op);
      op.arg = needProtection(c);
    },
  },
  minherit: { code: OP_MINHERIT, operands: how('an inheritance', INHERITANCES) },
  madvise: { code: OP_MADVISE, operands: how('an advice', ADVICES) },
  msync: {
    code: OP_MSYNC,
    operands: (c, op) => {
      span(c, op);
      const known = Object.keys(MSYNC_FLAGS);
      op.arg = c.token.kind === 'word' ? MSYNC_FLAGS[c.keyword(known.join(', '), known)] : MS_INVALIDATE;
    },
  },
  mlock: { code: OP_MLOCK, operands: span },
  munlock: { code: OP_MUNLOCK, operands: span },
  brk: {
    code: OP_BRK,
    operands: (c, op) => {
      const negative = c.isSymbol('-');
      if (!negative && !c.isSymbol('+')) c.fail("'+' or '-' and a size");
      c.skip();
      op.len = (negative ? -1 : 1) * c.size('a size');
    },
  },
  read: { code: OP_READ, operands: accesses },
  write: { code: OP_WRITE, operands: accesses },
  run: { code: OP_RUN, operands: accesses },
  'touch-shared': { code: OP_TOUCH },
  clock: { code: OP_CLOCK },
  stop: {
    code: OP_STOP,
    operands: (c, op) => {
      op.arg = STOP_POINTS.indexOf(
        c.keyword(`a yield point (${STOP_POINTS.join(', ')})`, STOP_POINTS) as (typeof STOP_POINTS)[number],
      );
    },
  },
  go: { code: OP_GO },
  snapshot: { code: OP_SNAPSHOT },
  swapout: {
    code: OP_SWAPOUT,
    operands: (c, op) => {
      target(c, op);
      if (c.acceptWord('desired'))
        op.len = c.count(`the pages that may stay, from 0 to ${MAX_DESIRED}`, 0, MAX_DESIRED);
    },
  },
  unref: { code: OP_UNREF, operands: target },
  'kmem-free': { code: OP_KMEM_FREE },
  'kmem-take': {
    code: OP_KMEM_TAKE,
    operands: (c, op) => {
      op.arg = c.count('the pages that stay free, from 0 to 99999', 0, 99_999);
    },
  },
};

const VERB_NAMES = Object.keys(VERBS);

const OUTCOMES: Readonly<Record<string, number>> = {
  ok: OUTCOME_OK,
  panic: OUTCOME_PANIC,
  ...ERRNOS,
  ...Object.fromEntries(Object.entries(SIGNALS).map(([name, number]) => [name, OUTCOME_SIGNAL + number])),
};

/** Parses an op: `who ":" verb { word } [ "->" NAME ] [ "=>" outcome ]`. `maxCpu` is the machine's highest CPU. */
export function parseOp(c: Cursor, maxCpu: number): OpNode {
  const { column } = c;
  const who = c.name("'machine', 'program', 'repeat', 'end', or the name of a process");
  const thread = c.acceptSymbol('/') ? threadName(c) : '';
  const cpu = c.acceptSymbol('@') ? c.count(`a CPU from 0 to ${maxCpu}`, 0, maxCpu) : -1;
  c.symbol(':');
  const verb = VERBS[c.keyword('a verb', VERB_NAMES)];
  const op: OpNode = {
    line: c.line,
    column,
    who,
    thread,
    cpu,
    code: verb.code,
    address: null,
    end: null,
    len: 0,
    arg: 0,
    program: null,
    target: null,
    result: null,
    mmap: null,
    expect: 0,
  };
  verb.operands?.(c, op);
  if (verb.arrow === 'child' && !c.isSymbol('->')) c.fail("'->' and a name for the child");
  if (verb.arrow !== undefined && c.acceptSymbol('->')) op.result = resultName(c, verb.arrow);
  if (c.acceptSymbol('=>'))
    op.expect = 1 + OUTCOMES[c.keyword('ok, panic, a signal or an errno', Object.keys(OUTCOMES))];
  c.end();
  return op;
}

function threadName(c: Cursor): string {
  if (c.token.kind !== 'word') c.fail('the name of a thread');
  return c.skip().text;
}

function resultName(c: Cursor, arrow: 'child' | 'address'): NameNode {
  const { column } = c;
  const name = c.name(arrow === 'child' ? 'a name for the child' : 'a name for the address');
  if (arrow === 'address' && PLACE_WORDS.includes(name)) {
    c.fail('a name that is not a place already', { found: `'${name}'`, column });
  }
  return { name, column };
}
