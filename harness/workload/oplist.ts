/**
 * Builds an OpList: chunks are filled at full size and the last one is trimmed, so that a short workload stays short
 * when it is sent to another process.
 */
import { CHUNK_OPS, type Op, type OpChunk, type OpList } from './ops.ts';

/** Size of a list's first chunk until it has to grow. */
const FIRST_CHUNK = 256;

function newChunk(size: number): OpChunk {
  return {
    code: new Uint8Array(size),
    origin: new Uint8Array(size),
    expect: new Uint16Array(size),
    base: new Uint16Array(size),
    who: new Int32Array(size),
    arg: new Int32Array(size),
    line: new Uint32Array(size),
    addr: new Float64Array(size),
    len: new Float64Array(size),
  };
}

function resized(from: OpChunk, size: number): OpChunk {
  const to = newChunk(size);
  const count = Math.min(size, from.code.length);
  to.code.set(from.code.subarray(0, count));
  to.origin.set(from.origin.subarray(0, count));
  to.expect.set(from.expect.subarray(0, count));
  to.base.set(from.base.subarray(0, count));
  to.who.set(from.who.subarray(0, count));
  to.arg.set(from.arg.subarray(0, count));
  to.line.set(from.line.subarray(0, count));
  to.addr.set(from.addr.subarray(0, count));
  to.len.set(from.len.subarray(0, count));
  return to;
}

export class OpListBuilder {
  length = 0;
  #full: OpChunk[] = [];
  #chunk = newChunk(FIRST_CHUNK);
  #used = 0;

  /** Appends an op; the operands are described in ops.ts. */
  push(code: number, who: number, addr: number, len: number, arg: number, line: number, base = 0): void {
    if (this.#used === this.#chunk.code.length) this.#makeRoom();
    const chunk = this.#chunk;
    const at = this.#used++;
    this.length++;
    chunk.code[at] = code;
    chunk.who[at] = who;
    chunk.addr[at] = addr;
    chunk.len[at] = len;
    chunk.arg[at] = arg;
    chunk.line[at] = line;
    chunk.base[at] = base;
  }

  /** Appends a copy of an op. */
  pushOp(op: Op): void {
    this.push(op.code, op.who, op.addr, op.len, op.arg, op.line, op.base);
    this.markOrigin(op.origin);
    this.markExpect(op.expect);
  }

  /** Sets the origin of the last appended op. */
  markOrigin(origin: number): void {
    this.#chunk.origin[this.#used - 1] = origin;
  }

  /** Sets the expected outcome (code + 1) of the last appended op. */
  markExpect(expect: number): void {
    this.#chunk.expect[this.#used - 1] = expect;
  }

  /** Returns the list. The builder must not be used afterwards. */
  finish(): OpList {
    const chunks = this.#full;
    if (this.#used > 0) chunks.push(this.#used === CHUNK_OPS ? this.#chunk : resized(this.#chunk, this.#used));
    return { length: this.length, chunks };
  }

  #makeRoom(): void {
    if (this.#used < CHUNK_OPS) {
      this.#chunk = resized(this.#chunk, Math.min(CHUNK_OPS, this.#used * 4));
      return;
    }
    this.#full.push(this.#chunk);
    this.#chunk = newChunk(CHUNK_OPS);
    this.#used = 0;
  }
}
