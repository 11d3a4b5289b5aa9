/** The members of a variant, each with a check of what it returns. (Measured: no cost in make12.) */
import type { Frame, Hunks } from '../../core/index.ts';

type Member = (...given: readonly unknown[]) => unknown;

const WORDS: Readonly<Record<string, string>> = { object: 'an object', function: 'a function' };

const wrong = (name: string, expected: string, got: unknown): never => {
  const found = typeof got === 'number' || typeof got === 'boolean' ? String(got) : (WORDS[typeof got] ?? typeof got);
  throw new TypeError(`${name}: expected ${expected}, got ${got === null ? 'null' : found}`);
};

const flag =
  (name: string, member: (m: never, pmap: never) => boolean) =>
  (m: never, pmap: never): boolean => {
    const got = member(m, pmap);
    return got === true || got === false ? got : wrong(name, 'true or false', got);
  };

const frame =
  (name: string, member: (m: never, pmap: never) => Frame) =>
  (m: never, pmap: never): Frame => {
    const got = member(m, pmap);
    return Number.isInteger(got) && got >= 0 ? got : wrong(name, 'the number of a frame', got);
  };

/** An arrow function may return what its last call returned; a promise would run after the op. */
const nothing =
  (name: string, member: Member): Member =>
  (a, b, c, d) => {
    const got = member(a, b, c, d);
    if (got !== undefined && typeof got === 'object' && got !== null) wrong(name, 'nothing', got);
  };

/** Throws a TypeError from a member that returns what it must not. */
export const checkedMembers = (hunks: Hunks): Hunks =>
  ({
    invalidateOthers: flag('invalidateOthers', hunks.invalidateOthers),
    pinitTopPage: frame('pinitTopPage', hunks.pinitTopPage),
    releaseBegin: nothing('releaseBegin', hunks.releaseBegin as Member),
    releaseTopPage: nothing('releaseTopPage', hunks.releaseTopPage as Member),
    releaseEnd: nothing('releaseEnd', hunks.releaseEnd as Member),
    reservedPtPageFreed: nothing('reservedPtPageFreed', hunks.reservedPtPageFreed as Member),
    removeIsNoop: flag('removeIsNoop', hunks.removeIsNoop),
    removeLoopDone: flag('removeLoopDone', hunks.removeLoopDone),
    execBeforeTeardown: nothing('execBeforeTeardown', hunks.execBeforeTeardown as Member),
    exitBeforeVmspaceExit: nothing('exitBeforeVmspaceExit', hunks.exitBeforeVmspaceExit as Member),
    vmspaceClear: nothing('vmspaceClear', hunks.vmspaceClear as Member),
  }) as Hunks;
