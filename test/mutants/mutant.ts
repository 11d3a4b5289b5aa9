/**
 * Planted faults: a record names a file, a text that occurs in it exactly once, and its replacement. Each is bundled
 * with the program and run against recorded vectors in a child process.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../../harness/bundle/bundle.mjs';
import { readSource, root } from '../support/layers.ts';

export interface Mutant {
  /** Repository path. */
  readonly file: string;
  /** Text that must occur in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Description of the fault. */
  readonly fault: string;
}

/** What the child runs: vectors of a kind, a finding, or a workload with its invariants checked. */
type Kind = 'pmap' | 'mmu' | 'vm' | 'finding' | 'check';

/** The first answer that differs, the exception thrown instead, or a timeout. Null if the fault went unnoticed. */
export type Caught = string | null;

const CHILD = 'test/mutants/child.ts';
/** A child that takes longer, in ms, does not end: on an idle machine one takes five seconds. */
const PATIENCE = 600_000;

/** The file's text with the fault planted. Throws if the record no longer matches the source. */
export function mutate({ file, find, replace, fault }: Mutant, text = readSource(file)): string {
  const found = text.split(find).length - 1;
  if (found !== 1) throw new Error(`${file} (${fault}): expected its text once, found it ${found} times: ${find}`);
  if (find === replace) throw new Error(`${file} (${fault}): the fault changes nothing`);
  return text.replace(find, () => replace);
}

/** What a variant file beside the child imports as `pmapdiff`. */
const face = {
  name: 'face',
  resolveId: (id: string) => (id === 'pmapdiff' ? join(root, 'variants/index.ts') : null),
};

/** The program that answers recorded vectors, bundled with a fault, for one child at a time. */
export class MutantTree {
  readonly #folder = mkdtempSync(join(root, 'node_modules', '.pmapdiff-mutants-'));
  readonly #child: string;
  readonly #beside: Readonly<Record<string, string>>;

  /** beside: files that the child may import by name, on the same engine. */
  constructor(child = CHILD, beside: Readonly<Record<string, string>> = {}) {
    this.#child = child;
    this.#beside = beside;
  }

  /** Runs the vectors `paths` of a kind with the fault in place; several edits may make up one fault. */
  async run(mutant: Mutant | readonly Mutant[], kind: Kind, paths: readonly string[]): Promise<Caught> {
    await this.plant(mutant);
    return this.answer([kind, ...paths]);
  }

  /** Bundles the program with the fault in place: `answer` runs it from then on. */
  plant(mutant: Mutant | readonly Mutant[]): Promise<void> {
    const sources = new Map<string, string>();
    for (const edit of [mutant].flat()) {
      const file = join(root, edit.file);
      sources.set(file, mutate(edit, sources.get(file)));
    }
    return this.#build(sources);
  }

  /** Runs the vectors with the unmodified source. */
  vectors(kind: Kind, paths: readonly string[]): Promise<Caught> {
    return this.run([], kind, paths);
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #build(sources: ReadonlyMap<string, string>): Promise<void> {
    const alone = Object.keys(this.#beside).length === 0;
    await bundle(
      { child: join(root, this.#child), ...this.#beside },
      {
        sources,
        folder: this.#folder,
        external: (id) => !/^[./]/.test(id) && id !== 'pmapdiff',
        plugins: [face],
        ...(alone ? { output: { codeSplitting: false } } : {}),
      },
    );
  }

  /** Runs the child that was bundled last. */
  answer(words: readonly string[]): Promise<Caught> {
    const args = ['--max-old-space-size=1024', join(this.#folder, 'child.js'), ...words];
    return new Promise((resolve, reject) => {
      execFile(process.execPath, args, { timeout: PATIENCE }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout === '' ? null : stdout.trim());
        else if (error.killed) resolve('no answer within the time limit');
        else reject(new Error(`the child did not come to run: ${stderr || error.message}`));
      });
    });
  }
}
