/** Variants that attack the run, each with what their column must say. */

export interface Hostile {
  readonly name: string;
  /** at module level */
  readonly load?: string;
  /** statements of exitBeforeVmspaceExit */
  readonly member?: string;
  /** members of the seam, instead of a statement */
  readonly hunks?: string;
  /** fields of the variant */
  readonly fields?: string;
  readonly says: RegExp;
}

const gone = (name: string): RegExp => new RegExp(`^[\\w-]+\\.ts:\\d+: ReferenceError: ${name} is not defined$`);
const noProcess = gone('process');
const closed = /TypeError: Cannot (assign to read only|delete|redefine|define) property|not extensible/;

export const HOSTILE: readonly Hostile[] = [
  // Case 24.
  { name: 'sends-null', load: 'process.send!(null)', says: noProcess },
  { name: 'sends-nonsense', load: "process.send!({ kind: 'nonsense' })", says: noProcess },
  { name: 'sends-loaded', load: "process.send!({ kind: 'loaded', facts: null })", says: noProcess },
  { name: 'no-map', load: 'Object.assign(Array.prototype, { map: () => [], push: () => 0 })', says: closed },
  { name: 'channel', load: "process.getBuiltinModule('fs').writeSync(3, 'abc')", says: noProcess },
  {
    name: 'handle',
    load: "process.send!({}, process.getBuiltinModule('net').createServer().listen(0))",
    says: noProcess,
  },
  {
    name: 'saved-require',
    load: "const load = require; load('node:process')",
    says: /TypeError: .* is not a function$/,
  },
  { name: 'import-meta', load: 'import.meta.url.length', says: /TypeError: Cannot read properties of undefined/ },
  { name: 'sends-part', member: "process.send!({ kind: 'part', part: null })", says: noProcess },
  { name: 'long-message', member: "throw new Error('A'.repeat(2e8))", says: /^long-message\.ts:\d+: A{900,}.*cut/ },
  { name: 'kills-parent', member: "process.kill(process.ppid, 'SIGTERM')", says: noProcess },
  {
    name: 'async-member',
    hunks: 'async removeIsNoop() { return true; }',
    says: /removeIsNoop: expected .* got an async function$/,
  },
  { name: 'generator', hunks: '*releaseEnd() {}', says: /releaseEnd: expected .* got a generator function$/ },
  { name: 'async-generator', hunks: 'async *releaseEnd() {}', says: /got an async generator function$/ },
  {
    name: 'no-frame',
    hunks: 'pinitTopPage: () => undefined',
    says: /pinitTopPage: expected the number of a frame, got undefined$/,
  },
  { name: 'random-bytes', member: 'crypto.randomBytes(1)', says: gone('crypto') },
  { name: 'hrtime', member: 'process.hrtime()', says: noProcess },
  { name: 'saved-random', load: 'const random = Math.random', member: 'random()', says: /Math\.random was called/ },
  {
    name: 'counts-runs',
    load: 'let runs = 0',
    hunks: 'removeIsNoop(m, pmap) { runs++; return runs % 7 === 0 || landed.hunks.removeIsNoop(m, pmap); }',
    says: /not deterministic: a second run of the workload had another result, first in op \d$/,
  },
  // What leads outside.
  { name: 'disconnects', load: 'process.disconnect()', says: noProcess },
  { name: 'exits', member: 'process.exit(0)', says: noProcess },
  {
    name: 'aborts',
    member: 'globalThis.process.abort()',
    says: /Cannot read properties of undefined \(reading 'abort'\)/,
  },
  { name: 'binding', load: "process.binding('spawn_sync')", says: noProcess },
  { name: 'environment', load: 'process.env.PATH', says: noProcess },
  { name: 'flags', load: "process.getBuiltinModule('v8').setFlagsFromString('--abort')", says: noProcess },
  { name: 'evaluates', load: "(0, eval)('1')", says: gone('eval') },
  {
    name: 'compiles',
    load: "new Function('return this')()",
    says: /EvalError: Code generation from strings disallowed/,
  },
  { name: 'compiles-async', load: "(async () => {}).constructor('return 1')()", says: /EvalError/ },
  { name: 'global', load: 'global.gc()', says: gone('global') },
  { name: 'fetches', load: "fetch('http://127.0.0.1:1')", says: gone('fetch') },
  { name: 'socket', load: "new WebSocket('ws://127.0.0.1:1')", says: gone('WebSocket') },
  { name: 'buffer', member: 'Buffer.allocUnsafe(8)', says: gone('Buffer') },
  { name: 'wasm', load: 'new WebAssembly.Memory({ initial: 65536 })', says: gone('WebAssembly') },
  {
    name: 'spins',
    member: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
    says: gone('(Atomics|SharedArrayBuffer)'),
  },
  { name: 'timer', load: 'setInterval(() => {}, 0)', says: gone('setInterval') },
  { name: 'worker', load: 'new MessageChannel()', says: gone('MessageChannel') },
  { name: 'reads-clock', load: 'if (Date.now() < 0) throw 1', says: /Date\.now was called/ },
  { name: 'reads-date', member: 'if (new Date().getTime() < 0) throw 1', says: /Date was called/ },
  { name: 'formats-now', member: 'new Intl.DateTimeFormat().format()', says: gone('Intl') },
  { name: 'measures', member: 'performance.now()', says: gone('performance') },
  { name: 'weak', load: 'new WeakRef({})', says: gone('WeakRef') },
  {
    name: 'stderr',
    load: 'console._stdout.destroy()',
    says: /Cannot read properties of undefined \(reading 'destroy'\)/,
  },
  {
    name: 'imports',
    load: "import 'node:fs'",
    says: /^imports\.ts:\d+:\d+: expected an import of 'pmapdiff' or .*, got 'node:fs'/,
  },
  { name: 'imports-later', load: "await import('node:' + 'fs')", says: /got a computed name/ },
  // What the engine and its process use.
  { name: 'math', load: 'Math.max = () => 0', says: closed },
  { name: 'replaces-map', load: 'globalThis.Map = class {} as any', says: closed },
  { name: 'object-prototype', load: 'Object.assign(Object.prototype, { kind: 1 })', says: /given the property kind/ },
  { name: 'thenable', member: 'Object.assign(Object.prototype, { then: () => {} })', says: /given the property then/ },
  { name: 'typed-array', load: 'Object.assign(Int32Array.prototype, { fill: 1 })', says: closed },
  { name: 'parent-of', load: 'Object.setPrototypeOf(Int32Array.prototype, null)', says: /another prototype/ },
  { name: 'stack-trace', load: 'Error.prepareStackTrace = () => 1', says: closed },
  { name: 'promise', load: 'Promise.prototype.then = () => 1 as any', says: closed },
  {
    name: 'iterator',
    member: 'Object.getPrototypeOf([][Symbol.iterator]()).next = () => ({ done: true })',
    says: closed,
  },
  // What is thrown, returned and exported.
  { name: 'throws-null', member: 'throw null', says: /threw null$/ },
  { name: 'throws-object', member: 'throw Object.create(null)', says: /threw something that cannot be shown$/ },
  { name: 'throws-proxy', member: 'throw new Proxy({}, { getPrototypeOf() { throw 1; } })', says: /threw 1$/ },
  {
    name: 'escapes',
    member: "throw new Error('\\u001b]0;owned\\u0007\\u202etxt\\r')",
    says: /\\x1b\]0;owned\\x07\\u202etxt/,
  },
  { name: 'lines', member: "throw new Error('a\\nb\\r\\n::error::c')", says: /^lines\.ts:\d+: a b ::error::c$/ },
  { name: 'named', member: "throw Object.assign(new Error('x'), { name: 'N'.repeat(1e6) })", says: /N{500,}.*cut/ },
  {
    name: 'odd-panic',
    load: "import { KernelPanic } from 'pmapdiff'",
    member: "throw new KernelPanic('f', 'r', { n: (() => 1) as any })",
    says: /about numbers/,
  },
  {
    name: 'null-panic',
    load: "import { KernelPanic } from 'pmapdiff'",
    member: "const e = new KernelPanic('f', 'r'); Object.assign(e, { values: null }); throw e",
    says: /TypeError/,
  },
  {
    name: 'promise-of-void',
    member: 'return Promise.resolve() as any',
    says: /exitBeforeVmspaceExit: expected nothing, got an object$/,
  },
  {
    name: 'word-for-flag',
    hunks: "removeIsNoop: () => 'yes' as any",
    says: /removeIsNoop: expected true or false, got string$/,
  },
  { name: 'fraction', hunks: 'pinitTopPage: () => 0.5', says: /expected the number of a frame, got 0\.5$/ },
  {
    name: 'never-settles',
    load: 'await new Promise(() => {})',
    says: /^while loading: did nothing for \d+ s and did not answer$/,
  },
  { name: 'rejects', load: "Promise.reject(new Error('later'))", says: /later$/ },
  { name: 'long-id', fields: "id: 'a'.repeat(1e6)", says: /sent a message without a valid variant\.id$/ },
  { name: 'odd-title', fields: 'title: (() => 1) as any', says: /title: expected a sentence/ },
  { name: 'getters', fields: "get hunks() { throw new Error('no hunks'); }", says: /no hunks$/ },
  { name: 'counts-nothing', member: 'm.counters.fill(NaN)', says: /userPtPageCount: expected an integer, got NaN$/ },
  { name: 'counts-halves', member: 'm.counters[4] += 0.5', says: /pmapLocks: expected an integer, got \d+\.5$/ },
  { name: 'reserves-nothing', member: 'm.vm.swapReserved = NaN', says: /swapReserved: expected an integer, got NaN$/ },
  { name: 'deep', member: 'const f = (): number => 1 + f(); f()', says: /Maximum call stack size exceeded$/ },
  {
    name: 'microtasks',
    load: 'const f = (): unknown => Promise.resolve().then(f); f()',
    says: /took longer than [\d.]+ s$|heap/,
  },
  { name: 'endless', member: 'for (;;);', says: /^took longer than [\d.]+ s$/ },
  { name: 'endless-load', load: 'for (;;);', says: /^while loading: took longer than 3 s$/ },
  { name: 'pattern', member: "/^(a+)+$/.test('a'.repeat(60) + 'b')", says: /^took longer than [\d.]+ s$/ },
  {
    name: 'heap',
    member: 'const keep = []; for (;;) keep.push({ n: keep.length })',
    says: /took longer than|heap|MiB of memory/,
  },
  {
    name: 'buffers',
    member: 'const keep = []; for (;;) keep.push(new Uint8Array(2 ** 28).fill(1))',
    says: /MiB of memory|took longer|allocation failed|process was killed/,
  },
];

/** The file of a variant. */
export function sourceOf({ name, load = '', member, hunks, fields }: Hostile): string {
  const changed = hunks ?? (member === undefined ? '' : `exitBeforeVmspaceExit(m, p) { ${member}; }`);
  return `import { landed } from 'pmapdiff';
${load};
export default { ...landed, id: '${name}', after: 'landed', hunks: { ...landed.hunks, ${changed} }, ${fields ?? ''} };
`;
}
