/**
 * Type errors in a user's variant, and in the sources that a patch changes. TypeScript is not needed to run them, so that
 * it is not installed with the program: where it is missing, types are not checked.
 */
import { createRequire } from 'node:module';
import { basename, isAbsolute, posix, relative, sep } from 'node:path';
import type ts from 'typescript';
import { packagePath } from '../input/paths.ts';
import type { Overlay } from './apply.ts';
import { shippedFiles, shippedText, withLists } from './sources.ts';

export type TypeErrors =
  /**
   * `core/pmap/protect.ts:12:5: Type 'string' is not …`, of the user's file, of the changed files and of those that
   * import them
   */
  | { readonly kind: 'checked'; readonly errors: readonly string[] }
  | { readonly kind: 'unchecked'; readonly why: string };

/** What is checked: a variant, either the program's own or a user's, and what a patch changes in the program. */
export interface Typed {
  readonly file: string;
  readonly isBuiltIn: boolean;
  readonly overlay: Overlay | null;
}

/** Of each source: files that several of them read are read once. */
export function typeErrors(sources: readonly Typed[]): readonly TypeErrors[] {
  const same = (answer: TypeErrors): readonly TypeErrors[] => sources.map(() => answer);
  let compiler: typeof ts;
  try {
    // Not by import: that reads its nine megabytes twice more, to find out what they export.
    compiler = createRequire(import.meta.url)('typescript');
  } catch {
    return same({ kind: 'unchecked', why: 'TypeScript is not installed: npm install typescript@6' });
  }
  // Later versions have another interface.
  if (typeof compiler.createCompilerHost !== 'function')
    return same({
      kind: 'unchecked',
      why: `expected TypeScript 5.8 to 6, got ${compiler.version}: npm install typescript@6`,
    });
  const parsed = new Map<string, ts.SourceFile | undefined>();
  return sources.map((source) => ({ kind: 'checked', errors: check(compiler, source, parsed) }));
}

/** What a variant can reach besides the language. See harness/sandbox/realm.ts. */
const REALM = `declare const console: Readonly<Record<'log' | 'info' | 'warn' | 'error' | 'debug', (...values: unknown[]) => void>>;`;
const REALM_FILE = packagePath('variants', 'realm.d.ts');

const nameOf = (path: string): string => relative(packagePath(), path).split(sep).join('/');

/** A file of the program by its path in it, another by its last name. */
function shownName(path: string): string {
  const name = nameOf(path);
  return name.startsWith('..') || isAbsolute(name) ? basename(path) : name;
}

/** A user's variant, or what it imports from its folder. */
const isOwn = ({ fileName, isDeclarationFile }: ts.SourceFile): boolean =>
  !isDeclarationFile && !/^(?:core|variants|harness)\//.test(nameOf(fileName));

/** Does a file of the program import one that a patch changes? */
const importsAny = (path: string, changed: Overlay): boolean =>
  [...(shippedText(path) ?? '').matchAll(/from '(\.[^']*)'/g)].some(([, name]) =>
    changed.has(posix.join(posix.dirname(path), name)),
  );

/** parsed: files as they are on the disk, by path. */
function check(
  compiler: typeof ts,
  { file, isBuiltIn, overlay }: Typed,
  parsed: Map<string, ts.SourceFile | undefined>,
): string[] {
  const whole = withLists(overlay ?? new Map());
  const options: ts.CompilerOptions = {
    target: compiler.ScriptTarget.ES2023,
    module: compiler.ModuleKind.ESNext,
    moduleResolution: compiler.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    noEmit: true,
    lib: ['lib.es2023.d.ts'],
    types: [],
    paths: { pmapdiff: [packagePath('variants', 'index.ts')] },
    strict: true,
    noImplicitOverride: true,
    exactOptionalPropertyTypes: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
  };
  const host = compiler.createCompilerHost(options);
  // Nothing here reads them, and they are half of a library's text.
  host.jsDocParsingMode = compiler.JSDocParsingMode.ParseNone;
  const { readFile, fileExists } = host;
  const patched = (path: string): string | null | undefined => (path === REALM_FILE ? REALM : whole.get(nameOf(path)));
  host.readFile = (path) => {
    const text = patched(path);
    return text === undefined ? readFile(path) : (text ?? undefined);
  };
  host.fileExists = (path) => {
    const text = patched(path);
    return text === undefined ? fileExists(path) : text !== null;
  };
  const read = host.getSourceFile;
  host.getSourceFile = (path, version, ...rest) => {
    const text = patched(path);
    if (text === undefined) {
      if (!parsed.has(path)) parsed.set(path, read(path, version, ...rest));
      return parsed.get(path);
    }
    return text === null ? undefined : compiler.createSourceFile(path, text, version);
  };
  const roots = [...whole].filter(([, text]) => text !== null).map(([path]) => path);
  for (const path of shippedFiles()) if (!whole.has(path) && importsAny(path, whole)) roots.push(path);
  const files = roots.map((path) => packagePath(...path.split('/')));
  if (!isBuiltIn) files.push(file);
  const program = compiler.createProgram({ rootNames: [REALM_FILE, ...files], options, host });
  const asked = program.getSourceFiles().filter((one) => files.includes(one.fileName) || isOwn(one));
  const found = asked.flatMap((one) => [
    ...program.getSyntacticDiagnostics(one),
    ...program.getSemanticDiagnostics(one),
  ]);
  return found.map(({ file: of, start, messageText }) => {
    const message = compiler.flattenDiagnosticMessageText(messageText, ' ').replaceAll(/\s+/g, ' ');
    if (of === undefined) return message;
    const { line, character } = of.getLineAndCharacterOfPosition(start ?? 0);
    return `${shownName(of.fileName)}:${line + 1}:${character + 1}: ${message}`;
  });
}
