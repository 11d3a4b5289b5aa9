/**
 * Planted faults: a record names a file, a text that stands in it exactly once, and what to put in its place. The tree is
 * compiled once to a folder of its own; each fault is compiled into it, run against recorded vectors in a child process,
 * and taken out again.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { importsOf, readSource, root, sourceFiles } from '../support/layers.ts';

export interface Mutant {
  /** Repository path. */
  readonly file: string;
  /** Text that must stand in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What the fault is, in words. */
  readonly fault: string;
}

/** First answer that differs, what was thrown instead, or that time ran out. Null: the fault went unnoticed. */
export type Caught = string | null;

const CHILD = 'test/mutants/child.ts';
const TIME_LIMIT = 60_000;

/** The file's text with the fault in it. Throws when the record no longer matches the source. */
export function mutate({ file, find, replace, fault }: Mutant, text = readSource(file)): string {
  const found = text.split(find).length - 1;
  if (found !== 1) throw new Error(`${file} (${fault}): expected its text once, found it ${found} times: ${find}`);
  if (find === replace) throw new Error(`${file} (${fault}): the fault changes nothing`);
  return text.replace(find, () => replace);
}

/** Files that the child reaches by imports, itself included. */
function reachable(): string[] {
  const known = new Set([...sourceFiles(), CHILD]);
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file) || !known.has(file)) return;
    reached.add(file);
    for (const { target } of importsOf(file, readSource(file))) visit(target);
  };
  visit(CHILD);
  return [...reached];
}

/** A compiled copy of the tree, for one child at a time. */
export class MutantTree {
  readonly #root = mkdtempSync(join(tmpdir(), 'pmapdiff-mutants-'));

  constructor() {
    symlinkSync(join(root, 'node_modules'), join(this.#root, 'node_modules'));
    writeFileSync(join(this.#root, 'package.json'), '{"type":"module"}');
    for (const file of reachable()) this.#compile(file, readSource(file));
  }

  /** Runs the vectors `paths` of a kind with the fault in place. */
  async run(mutant: Mutant, kind: 'pmap' | 'mmu' | 'vm', paths: readonly string[]): Promise<Caught> {
    this.#compile(mutant.file, mutate(mutant));
    try {
      return await this.vectors(kind, paths);
    } finally {
      this.#compile(mutant.file, readSource(mutant.file));
    }
  }

  /** Runs the vectors with whatever stands in the tree. */
  vectors(kind: 'pmap' | 'mmu' | 'vm', paths: readonly string[]): Promise<Caught> {
    return new Promise((resolve, reject) => {
      const args = ['--max-old-space-size=1024', join(this.#root, CHILD.replace(/\.ts$/, '.js')), kind, ...paths];
      execFile(process.execPath, args, { timeout: TIME_LIMIT }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout === '' ? null : stdout.trim());
        else if (error.killed) resolve('no answer within the time limit');
        else reject(new Error(`the child did not come to run: ${stderr || error.message}`));
      });
    });
  }

  dispose(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  #compile(file: string, text: string): void {
    const path = join(this.#root, file.replace(/\.ts$/, '.js'));
    const { outputText } = ts.transpileModule(text, {
      fileName: file,
      compilerOptions: {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    });
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, outputText);
  }
}
