/**
 * Which functions a patch changes, and how often a run enters them.
 *
 * A function is the outermost one at a place with a name: a function of a file, a method, a member of an object. It is
 * changed if its text without types, comments and layout is not what it was, or if it names a constant, a class or an
 * import of which that holds. Functions inside of it are part of it.
 */
import { posix } from 'node:path';
import type { ESTree } from 'rolldown/utils';
import { canonical, parse, walk } from '../review/syntax.ts';

/** By `core/pmap/protect.ts: pmapProtect`: equal texts for equal functions. Functions as they are in the program are left out. */
export type ChangedFunctions = Readonly<Record<string, string>>;

/** The module that counts entries, and what it exports. */
export const ENTERED = 'pmapdiff:entered';
const COUNTS = '$entered';

interface Unit {
  /** `pmapProtect`, `CallTree.enter`, `landed.hunks.removeIsNoop`; the second of a name is `NAME#2` */
  readonly name: string;
  readonly node: ESTree.Function | ESTree.ArrowFunctionExpression;
}

type FunctionNode = Unit['node'];

const isFunction = (node: ESTree.Node): node is FunctionNode =>
  node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression';

const isNode = (value: unknown): value is ESTree.Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';

/** The name that a node gives to what is in it. */
function ownName(node: ESTree.Node): string | null {
  switch (node.type) {
    case 'VariableDeclarator':
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return node.id?.type === 'Identifier' ? node.id.name : null;
    case 'Property':
    case 'PropertyDefinition':
    case 'MethodDefinition': {
      const { key, computed } = node;
      if (computed) return null;
      const name =
        key.type === 'PrivateIdentifier'
          ? `#${key.name}`
          : key.type === 'Identifier'
            ? key.name
            : 'value' in key
              ? String(key.value)
              : null;
      const isAccessor = 'kind' in node && (node.kind === 'get' || node.kind === 'set');
      return isAccessor ? `${node.kind} ${name}` : name;
    }
    default:
      return null;
  }
}

/** The functions of a file in the order of its text. */
function unitsOf(program: ESTree.Program): Unit[] {
  const units: Unit[] = [];
  const seen = new Map<string, number>();
  const visit = (node: ESTree.Node, path: readonly string[]): void => {
    const own = ownName(node);
    const inside = own === null ? path : [...path, own];
    if (isFunction(node)) {
      if (node.body === null || node.body === undefined) return;
      const plain = inside.length === 0 ? 'default' : inside.join('.');
      const times = (seen.get(plain) ?? 0) + 1;
      seen.set(plain, times);
      units.push({ name: times === 1 ? plain : `${plain}#${times}`, node });
      return;
    }
    for (const value of Object.values(node))
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child, inside);
  };
  visit(program, []);
  return units;
}

/** What a file consists of, without types, comments and layout. */
interface Parts {
  /** by name: its text, and the names that it uses */
  readonly functions: ReadonlyMap<string, { readonly text: string; readonly uses: ReadonlySet<string> }>;
  /** of constants, classes and imports, by name: the text without that of functions, and the names that it uses */
  readonly others: ReadonlyMap<string, { readonly text: string; readonly uses: ReadonlySet<string> }>;
  /** by local name */
  readonly imports: ReadonlyMap<string, Exported>;
  /** what it exports under a name that is not its own */
  readonly passed: readonly { readonly from: Exported; readonly as: string }[];
}

/** What a file exports. */
interface Exported {
  readonly path: string;
  /** EVERY: all of it */
  readonly name: string;
}

const EVERY = '*';

const NONE: Parts = { functions: new Map(), others: new Map(), imports: new Map(), passed: [] };

/** Of what files export, some. */
class Exports {
  readonly #names = new Map<string, Set<string>>();
  size = 0;

  namesOf({ path, name }: Exported): readonly string[] {
    const names = this.#names.get(path) ?? new Set();
    return name === EVERY ? [...names] : names.has(name) ? [name] : [];
  }

  /** Reading a file takes long: most name nothing of it. */
  mayBeUsedIn(text: string): boolean {
    if (/\* (?:as|from) /.test(text)) return true;
    for (const names of this.#names.values()) for (const name of names) if (text.includes(name)) return true;
    return false;
  }

  add(path: string, name: string): void {
    const names = this.#names.get(path) ?? new Set();
    this.#names.set(path, names);
    if (names.has(name)) return;
    names.add(name);
    this.size++;
  }
}

const usesIn = (root: ESTree.Node): Set<string> => {
  const names = new Set<string>();
  walk(root, (node) => {
    if (node.type === 'Identifier') names.add(node.name);
  });
  return names;
};

/** Throws SyntaxFault. */
function partsOf(path: string, source: string): Parts {
  const text = canonical(source);
  const { program } = parse('text.js', text);
  const units = unitsOf(program);
  const functions = new Map(
    units.map(({ name, node }) => [name, { text: text.slice(node.start, node.end), uses: usesIn(node) }]),
  );
  const others = new Map<string, { text: string; uses: Set<string> }>();
  const imports = new Map<string, Exported>();
  const target = (specifier: string): string => posix.join(posix.dirname(path), specifier);
  for (const statement of program.body) {
    if (statement.type === 'ImportDeclaration') {
      for (const specifier of statement.specifiers) {
        const name = importedName(specifier);
        imports.set(specifier.local.name, { path: target(statement.source.value), name });
        others.set(specifier.local.name, { text: `${statement.source.value} ${name}`, uses: new Set() });
      }
      continue;
    }
    let skeleton = '';
    let from = statement.start;
    for (const { node } of units) {
      if (node.start < statement.start || node.end > statement.end) continue;
      skeleton += `${text.slice(from, node.start)}()`;
      from = node.end;
    }
    skeleton += text.slice(from, statement.end);
    for (const name of declaredBy(statement)) others.set(name, { text: skeleton, uses: usesIn(statement) });
  }
  return { functions, others, imports, passed: program.body.flatMap((statement) => passedBy(statement, path, target)) };
}

const nameOf = (name: ESTree.ModuleExportName): string => (name.type === 'Literal' ? name.value : name.name);

function importedName(specifier: ESTree.ImportDeclarationSpecifier): string {
  if (specifier.type === 'ImportSpecifier') return nameOf(specifier.imported);
  return specifier.type === 'ImportNamespaceSpecifier' ? EVERY : 'default';
}

/** What a statement exports of other files, and of its own under another name. */
function passedBy(
  statement: ESTree.Statement,
  path: string,
  target: (specifier: string) => string,
): { readonly from: Exported; readonly as: string }[] {
  if (statement.type === 'ExportAllDeclaration') {
    const as = statement.exported === null ? EVERY : nameOf(statement.exported);
    return [{ from: { path: target(statement.source.value), name: EVERY }, as }];
  }
  if (statement.type !== 'ExportNamedDeclaration') return [];
  const from = statement.source === null ? path : target(statement.source.value);
  return statement.specifiers.map(({ local, exported }) => ({
    from: { path: from, name: nameOf(local) },
    as: nameOf(exported),
  }));
}

/** Names of the constants and classes of a statement. */
function declaredBy(statement: ESTree.Statement): string[] {
  const declaration =
    'declaration' in statement && isNode(statement.declaration) ? statement.declaration : (statement as ESTree.Node);
  if (declaration.type === 'VariableDeclaration') return declaration.declarations.flatMap(({ id }) => [...usesIn(id)]);
  return declaration.type === 'ClassDeclaration' && declaration.id !== null ? [declaration.id.name] : [];
}

/**
 * before, after: the text of a file, null if there is none. others: every other file that may use what changed ones
 * export. Throws SyntaxFault.
 */
export function changedFunctions(
  changed: readonly string[],
  others: readonly string[],
  before: (path: string) => string | null,
  after: (path: string) => string | null,
): ChangedFunctions {
  const parts = (path: string, read: typeof before): Parts => {
    const text = read(path);
    return text === null ? NONE : partsOf(path, text);
  };
  const files = changed.map((path) => ({ path, was: parts(path, before), is: parts(path, after) }));
  // By file: names of constants, classes and imports that are not what they were.
  const stale = new Map<string, Set<string>>();
  const exported = new Exports();
  for (const { path, was, is } of files) {
    const names = [...is.others].filter(
      ([name, { text }]) => was.others.has(name) && was.others.get(name)!.text !== text,
    );
    stale.set(path, new Set(names.map(([name]) => name)));
    for (const [name] of names) exported.add(path, name);
  }
  const unread = new Set(exported.size > 0 ? others : []);
  for (let size = -1; size !== exported.size;) {
    size = exported.size;
    for (const path of unread) {
      if (!exported.mayBeUsedIn(after(path) ?? '')) continue;
      unread.delete(path);
      files.push({ path, was: NONE, is: parts(path, after) });
    }
    for (const { path, is } of files) {
      const names = stale.get(path) ?? new Set();
      stale.set(path, names);
      for (const [name, from] of is.imports) if (exported.namesOf(from).length > 0) names.add(name);
      for (const [name, { uses }] of is.others)
        if (names.has(name) || [...uses].some((used) => names.has(used))) {
          names.add(name);
          exported.add(path, name);
        }
      for (const { from, as } of is.passed)
        for (const name of exported.namesOf(from)) exported.add(path, as === EVERY ? name : as);
    }
  }
  const found: Record<string, string> = {};
  for (const { path, was, is } of files) {
    const isOwn = changed.includes(path);
    for (const [name, { text, uses }] of is.functions) {
      const used = [...uses].filter((one) => stale.get(path)!.has(one));
      if (used.length === 0 && (!isOwn || was.functions.get(name)?.text === text)) continue;
      found[`${path}: ${name}`] = [text, ...used.map((one) => `${one}=${is.others.get(one)?.text}`)].join('\n');
    }
  }
  return found;
}

/** The functions of a file, each named as in ChangedFunctions behind the path. Throws SyntaxFault. */
export const functionNames = (path: string, text: string): string[] =>
  unitsOf(parse(path, text).program).map(({ name }) => name);

/** The text of a file in which some functions count that they are entered, at their numbers. Lines stay where they are. */
export function withCounts(path: string, text: string, numbers: ReadonlyMap<string, number>): string {
  const edits: { readonly at: number; readonly text: string }[] = [];
  for (const { name, node } of unitsOf(parse(path, text).program)) {
    const number = numbers.get(`${path}: ${name}`);
    if (number === undefined) continue;
    const { body } = node as { readonly body: ESTree.Node };
    const count = `${COUNTS}[${number}]++`;
    if (body.type === 'BlockStatement') edits.push({ at: body.start + 1, text: `${count};` });
    else edits.push({ at: body.start, text: `(${count},` }, { at: body.end, text: ')' });
  }
  if (edits.length === 0) return text;
  let counted = text;
  for (const { at, text: added } of edits.toSorted((a, b) => b.at - a.at))
    counted = counted.slice(0, at) + added + counted.slice(at);
  return `import { ${COUNTS} } from '${ENTERED}';${counted}`;
}

/** The module that counts: the names of the functions by number, and how often each was entered. */
export const enteredModule = (names: readonly string[]): string =>
  `export const names = ${JSON.stringify(names)};\nexport const ${COUNTS} = new Float64Array(${names.length});\n`;
