/**
 * Which function of the kernel each function of `core` restates, as their doc comments say:
 *
 *     FreeBSD: sys/amd64/amd64/pmap.c pmap_protect, pmap_protect_pde; sys/vm/vm_map.h vm_map_min. Then anything else.
 *
 * A file may be left out, and a type is written `struct pmap`. `FreeBSD: none` says that there is none.
 */
import type { ESTree } from 'rolldown/utils';
import type { KernelNames } from './kernel-names.ts';
import { type Comment, parse, placeOf } from './syntax.ts';

/** A function or macro of the kernel, or `struct NAME`. file: null if no file that is known has a function of that name. */
export interface KernelFunction {
  readonly file: string | null;
  readonly name: string;
}

/** member: of the seam, which each variant restates. value: a constant, a type or a table. */
export type RestatedKind = 'function' | 'member' | 'value';

/** A declaration at the top level of a file of `core`, or a member of the seam. */
export interface Restated {
  /** from the top of the sources: `core/pmap/protect.ts` */
  readonly file: string;
  readonly name: string;
  readonly kind: RestatedKind;
  readonly isExported: boolean;
  /** from 1; the last one is that of its end */
  readonly line: number;
  readonly lastLine: number;
  /** null: its doc comment does not say; empty: it says that there is none */
  readonly functions: readonly KernelFunction[] | null;
}

/** The interface that holds the members of the seam. */
const SEAM = 'Hunks';

/** file: from the top of the sources. Throws SyntaxFault. */
export function readRestated(file: string, text: string, names: KernelNames): Restated[] {
  const { program, comments } = parse(file, text);
  const found: Restated[] = [];
  const add = (node: ESTree.Node, name: string, kind: RestatedKind, isExported: boolean, after: number): void => {
    const doc = docBefore(text, comments, node.start, after);
    const [line, lastLine] = [node.start, node.end].map((offset) => placeOf(text, offset).line);
    found.push({
      file,
      name,
      kind,
      isExported,
      line,
      lastLine,
      functions: doc === null ? null : referencesIn(doc, names),
    });
  };
  let after = 0;
  for (const statement of program.body) {
    const isExported = statement.type === 'ExportNamedDeclaration';
    const declaration = isExported ? statement.declaration : statement;
    for (const [name, kind] of declared(declaration)) add(statement, name, kind, isExported, after);
    if (declaration?.type === 'TSInterfaceDeclaration' && declaration.id.name === SEAM) {
      let before = declaration.body.start;
      for (const member of declaration.body.body) {
        if (member.type === 'TSPropertySignature' && member.key.type === 'Identifier')
          add(member, member.key.name, 'member', true, before);
        before = member.end;
      }
    }
    after = statement.end;
  }
  return found;
}

/** Names that a statement declares. */
function declared(statement: ESTree.Node | null): [name: string, kind: RestatedKind][] {
  if (statement?.type === 'FunctionDeclaration' && statement.id !== null) return [[statement.id.name, 'function']];
  if (statement?.type === 'VariableDeclaration')
    return statement.declarations.flatMap(({ id, init }): [string, RestatedKind][] =>
      id.type === 'Identifier' ? [[id.name, init !== null && /Function/.test(init.type) ? 'function' : 'value']] : [],
    );
  const { id } = (statement ?? {}) as { readonly id?: { readonly name?: string } | null };
  return id?.name === undefined ? [] : [[id.name, 'value']];
}

/** The comment that ends right before a node, on one line; null if there is none. after: end of what precedes the node. */
function docBefore(text: string, comments: readonly Comment[], start: number, after: number): string | null {
  let from = start;
  for (const { start: opens, end } of comments.toReversed())
    if (opens >= after && end <= from && /^\s*$/.test(text.slice(end, from)) && !/\n\s*\n/.test(text.slice(end, from)))
      from = opens;
  if (from === start) return null;
  return text
    .slice(from, start)
    .replaceAll(/^\s*(?:\/\*+|\*\/|\*|\/\/)[ ]?|\s*\*\/\s*$/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

const FILE = /^(?:sys\/)?[\w/]+\.[chS]$/;

/** Null if the comment names nothing of FreeBSD. */
function referencesIn(doc: string, names: KernelNames): KernelFunction[] | null {
  const [, text] = /FreeBSD: (.*)$/.exec(doc) ?? [];
  if (text === undefined) return null;
  const found: KernelFunction[] = [];
  let file: string | null = null;
  let rest = text;
  for (;;) {
    const [word] = /^(?:(?:struct|union|enum) \w+|[\w./]+)/.exec(rest) ?? [''];
    const name = word.replace(/\.$/, '');
    if (FILE.test(name)) {
      file = name;
      rest = rest.slice(word.length).trimStart();
      continue;
    }
    if (name !== '' && name !== 'none') found.push({ name, file: names.fileOf(name, file) });
    rest = rest.slice(word.length);
    const next = /^(?:, |; )/.exec(rest);
    if (name !== word || next === null) return found;
    rest = rest.slice(next[0].length);
  }
}

/** What a set of sources restates, found from either side. */
export class Restatements {
  readonly all: readonly Restated[];

  constructor(all: readonly Restated[]) {
    this.all = all;
  }

  /** What restates a function of the kernel: the one of its name first, members of the seam last. */
  of({ file, name }: KernelFunction): Restated[] {
    const camel = name.replaceAll(/_+(\w)/g, (_all, letter: string) => letter.toUpperCase()).toLowerCase();
    const rank = ({ kind, name: own }: Restated): number =>
      kind === 'member' ? 2 : Number(own.toLowerCase() !== camel.toLowerCase());
    return this.all
      .filter(({ functions }) => functions?.some((one) => one.name === name && (one.file ?? file) === file))
      .toSorted((a, b) => rank(a) - rank(b));
  }

  /** The declarations that lines `from` to `to` of a file lie in. */
  at(file: string, from: number, to = from): Restated[] {
    return this.all.filter((one) => one.file === file && one.line <= to && from <= one.lastLine);
  }
}
