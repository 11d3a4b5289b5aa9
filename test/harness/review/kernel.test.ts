import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { INVALIDATE_ALLS, INVALIDATE_PAGES, PMAP_SWITCHES } from '../../../core/counters.ts';
import { countedEngine } from '../../../harness/bundle/counted.ts';
import { restatementsOfCore } from '../../../harness/cli/review-kernel.ts';
import { runColumn } from '../../../harness/columns/column.ts';
import { builtInFacts } from '../../../harness/columns/facts.ts';
import { ledger } from '../../../harness/findings/index.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import { kernelReviewJson, kernelReviewMarkdown, kernelReviewText } from '../../../harness/report/kernel-review.ts';
import { schemas } from '../../../harness/report/schema/index.ts';
import { readKernelDiff } from '../../../harness/review/kernel-diff.ts';
import { KernelNames } from '../../../harness/review/kernel-names.ts';
import { restatedIn, reviewKernel } from '../../../harness/review/kernel-review.ts';
import { PHRASES, notModelled } from '../../../harness/review/not-modelled.ts';
import { readRestated } from '../../../harness/review/restated.ts';
import { root } from '../../support/layers.ts';

const names = new KernelNames();

/** A hunk of these lines, each with its sign; they stand at line `at` of the file. */
function hunk(heading: string, text: string, at = 100): string {
  const lines = text.split('\n').filter((line, i, all) => i > 0 || line !== '' || all.length === 1);
  const count = (sign: string): number => lines.filter((line) => !line.startsWith(sign)).length;
  return `@@ -${at},${count('+')} +${at},${count('-')} @@${heading === '' ? '' : ` ${heading}`}\n${lines.join('\n')}\n`;
}

const diffOf = (path: string, ...hunks: readonly string[]): string =>
  `diff --git a/${path} b/${path}\nindex 1111111..2222222 100644\n--- a/${path}\n+++ b/${path}\n${hunks.join('')}`;

const read = (text: string) => readKernelDiff('his.diff', new TextEncoder().encode(text), names);

/** `pmap_remove changed`, a line each. */
const touched = (text: string): string[] =>
  read(text).flatMap(({ units, unnamed }) => [
    ...units.map(({ kind, name, change }) => `${kind === 'function' ? '' : `${kind} `}${name} ${change}`),
    ...unnamed.map((heading) => `? ${heading}`),
  ]);

const PMAP = 'sys/amd64/amd64/pmap.c';
const REMOVE = 'pmap_remove(pmap_t pmap, vm_offset_t sva, vm_offset_t eva)';

describe('a hunk', () => {
  it.each([
    [
      'within a function: its heading names it',
      hunk(REMOVE, ' \tint a;\n-\ta = 1;\n+\ta = 2;'),
      ['pmap_remove changed'],
    ],
    [
      'that ends one function and changes the next',
      hunk(REMOVE, ' \treturn;\n }\n \n static int\n pmap_next(int a)\n {\n-\treturn (a);\n+\treturn (a + 1);'),
      ['pmap_next changed'],
    ],
    [
      'that changes the end of one function and the next one',
      hunk(REMOVE, '-\treturn;\n+\tout();\n }\n \n void\n pmap_next(void)\n {\n-\ta();\n+\tb();\n }'),
      ['pmap_remove changed', 'pmap_next changed'],
    ],
    [
      'behind a function, in the comment of the next one',
      hunk(REMOVE, ' \n /*\n- * Old words.\n+ * New words.\n  */\n void\n pmap_next(void)\n {'),
      ['pmap_next comments'],
    ],
    [
      'that adds a function between two others',
      hunk(
        REMOVE,
        ' \treturn;\n }\n \n+static void\n+pmap_new(void)\n+{\n+\n+\ta();\n+}\n+\n void\n pmap_next(void)\n {',
      ),
      ['pmap_new added'],
    ],
    [
      'that removes a function',
      hunk(REMOVE, ' }\n \n-static void\n-pmap_old(void)\n-{\n-\ta();\n-}\n-\n void\n pmap_next(void)\n {'),
      ['pmap_old removed'],
    ],
    [
      'that gives a function another argument',
      hunk('', ' static void\n-pmap_next(int a)\n+pmap_next(int a, int b)\n {'),
      ['pmap_next changed'],
    ],
    ['of comments', hunk(REMOVE, ' \ta();\n-\t/* Old. */\n+\t/* New. */\n \tb();'), ['pmap_remove comments']],
    [
      'that begins and ends within a comment',
      hunk(REMOVE, ' \t * One\n-\t * two.\n+\t * three.\n \t * Four.'),
      ['pmap_remove comments'],
    ],
    ['of line breaks', hunk(REMOVE, '-\ta(b, c);\n+\ta(b,\n+\t    c);'), ['pmap_remove comments']],
    ['that moves a statement', hunk(REMOVE, '-\ta();\n \tb();\n+\ta();'), ['pmap_remove changed']],
    ['of a macro', hunk(REMOVE, '-#define\tPV_STAT(x)\ta\n+#define\tPV_STAT(x)\tb'), ['macro PV_STAT changed']],
    [
      'of a macro of several lines, in a function',
      hunk(REMOVE, ' #define\tFOO(x)\tdo {\t\\\n-\ta();\t\\\n+\tb();\t\\\n } while (0)\n \tc();'),
      ['macro FOO changed'],
    ],
    ['of a type', hunk('', ' struct pmap {\n-\tint a;\n+\tlong a;\n };'), ['type pmap changed']],
    ['whose heading is a type', hunk('struct vm_map {', '-\tint a;\n+\tlong a;'), ['type vm_map changed']],
    ['of a variable', hunk('', '-static int pg_nx = 1;\n+static int pg_nx = 2;'), ['declaration pg_nx changed']],
    [
      'of a prototype',
      hunk('', '-static void\tpmap_a(int);\n+static void\tpmap_a(int,\n+    int);'),
      ['declaration pmap_a changed'],
    ],
    [
      'of an ifunc',
      hunk(REMOVE, ' }\n \n DEFINE_IFUNC(static, void, pmap_pick, (pmap_t))\n {\n-\ta();\n+\tb();'),
      ['pmap_pick changed'],
    ],
    [
      'of an old-style definition',
      hunk('', ' void\n vm_old(p)\n \tstruct proc *p;\n {\n-\ta();\n+\tb();'),
      ['vm_old changed'],
    ],
    [
      'of an inline function, type and name on one line',
      hunk('static __inline bool vm_flag(int a)', '-\treturn (a);\n+\treturn (!a);'),
      ['vm_flag changed'],
    ],
    [
      'under a heading that is cut',
      hunk('pmap_enter(pmap_t pmap, vm_offset_t v', '-\ta();\n+\tb();'),
      ['pmap_enter changed'],
    ],
    ['in a label of the function', hunk(REMOVE, ' \ta();\n out:\n-\tb();\n+\tc();\n }'), ['pmap_remove changed']],
    ['under a label that one function has', hunk('retry_pdpe:', '-\ta();\n+\tb();', 6700), ['pmap_protect changed']],
    ['under a label that no function has', hunk('gone_label:', '-\ta();\n+\tb();'), ['? gone_label:']],
    ['of blank lines between functions', hunk(REMOVE, ' }\n+\n \n void\n pmap_next(void)'), []],
  ])('%s', (_what, text, expected) => {
    expect(touched(diffOf(PMAP, text))).toEqual(expected);
  });

  it('of several is told from a comment by any of them', () => {
    const comment = hunk(REMOVE, '-\t/* a */\n+\t/* b */');
    const code = hunk(REMOVE, '-\ta();\n+\tb();', 200);
    expect(touched(diffOf(PMAP, comment, code))).toEqual(['pmap_remove changed']);
    expect(touched(diffOf(PMAP, code, comment))).toEqual(['pmap_remove changed']);
  });

  it('that takes a function away and one that brings it back have changed it', () => {
    const gone = hunk('', '-void\n-pmap_a(void)\n-{\n-\ta();\n-}');
    const back = hunk('', '+void\n+pmap_a(void)\n+{\n+\tb();\n+}', 300);
    expect(touched(diffOf(PMAP, gone, back))).toEqual(['pmap_a changed']);
  });
});

describe('a diff', () => {
  const changed = hunk(REMOVE, ' \tint a;\n-\ta = 1;\n+\ta = 2;');
  it.each([
    ['of git, -p1', diffOf(PMAP, changed)],
    ['of git, -p0', `diff --git ${PMAP} ${PMAP}\n--- ${PMAP}\n+++ ${PMAP}\n${changed}`],
    [
      'that is plain',
      `--- ${PMAP}.orig\t2022-07-01 00:00:00 +0000\n+++ ${PMAP}\t2022-07-02 00:00:00 +0000\n${changed}`,
    ],
    ['with a folder in front', `--- /usr/src/${PMAP}\n+++ /usr/src/${PMAP}\n${changed}`],
    [
      'of Subversion',
      `Index: head/${PMAP}\n${'='.repeat(67)}\n--- head/${PMAP}\t(revision 1)\n+++ head/${PMAP}\t(working copy)\n${changed}`,
    ],
    ['with CR LF', diffOf(PMAP, changed).replaceAll('\n', '\r\n')],
    [
      'that is a mail',
      `From 0123456789 Mon Sep 17 00:00:00 2001\nFrom: A <a@b.c>\nSubject: [PATCH] pmap: a\n\nWhy.\n---\n ${PMAP} | 2 +-\n\n${diffOf(PMAP, changed)}-- \n2.37.0\n\n`,
    ],
    ['with bytes that are not UTF-8', `Andr\u00e9\n${diffOf(PMAP, changed)}`],
  ])('%s', (_what, text) => {
    const [{ path, units }] = readKernelDiff('-', Buffer.from(text, 'latin1'), names);
    expect([path, units.map(({ name }) => name)]).toEqual([PMAP, ['pmap_remove']]);
  });

  it('that is a mailbox of two mails about two files', () => {
    const mail = (path: string): string =>
      `From 0123456789 Mon Sep 17\nSubject: x\n\n---\n${diffOf(path, changed)}-- \n2.37.0\n\n`;
    expect(read(mail(PMAP) + mail('sys/vm/vm_map.c')).map(({ path }) => path)).toEqual([PMAP, 'sys/vm/vm_map.c']);
  });

  it('may rename a file, and change files that are no C', () => {
    const rename = 'diff --git a/sys/a.c b/sys/b.c\nsimilarity index 100%\nrename from sys/a.c\nrename to sys/b.c\n';
    const makefile = diffOf('sys/conf/files', hunk('vm/a.c\tstandard', '-a\n+b'));
    expect(read(rename + makefile)).toEqual([
      { path: 'sys/b.c', units: [], unnamed: [] },
      { path: 'sys/conf/files', units: [], unnamed: [] },
    ]);
  });

  const good = diffOf(PMAP, changed);
  it.each([
    ['nothing', ''],
    ['blanks', ' \n\n'],
    ['prose', 'Dear all,\nthis is no diff.\n'],
    ['C', 'int\nmain(void)\n{\n}\n'],
    ['a hunk that is cut', good.slice(0, -12)],
    ['a hunk with a wrong count', good.replace('@@ -100,2', '@@ -100,7')],
    ['a hunk without a file', changed],
    ['a binary file', 'diff --git a/a.o b/a.o\nBinary files a/a.o and b/a.o differ\n'],
    ['a binary patch', 'diff --git a/a.o b/a.o\nGIT binary patch\nliteral 3\nKcmZQz\n'],
    ['a byte of value 0', `${good}\0`],
    ['the diff of a merge', good.replace('@@ -100,2 +100,2 @@', '@@@ -1,2 -1,2 +1,2 @@@')],
    ['a context diff', `*** ${PMAP}\n--- ${PMAP}\n***************\n*** 1,2 ****\n! a\n--- 1,2 ----\n! b\n`],
  ])('is not %s', (_what, text) => {
    expect(() => read(text)).toThrow(/^his\.diff: expected a unified diff, [^\n]+$/);
  });
});

describe('the map from the kernel to core', () => {
  const restatements = restatementsOfCore(names);
  const layers = /^core\/(?:pmap|vm|kern|page)\//;

  it('is complete: every exported function says what it restates, or that it restates nothing', () => {
    const functions = restatements.all.filter(
      ({ file, kind, isExported }) => kind === 'function' && isExported && layers.test(file),
    );
    const silent = functions.filter(({ functions: named }) => named === null);
    expect(functions.length).toBeGreaterThan(250);
    expect(silent.map(({ file, name }) => `${file} ${name}`)).toEqual([]);
  });

  it('names only what FreeBSD has', () => {
    const unknown = restatements.all
      .filter(({ kind }) => kind !== 'value')
      .flatMap(({ file, name, functions }) =>
        (functions ?? []).flatMap((one) => (one.file === null ? [`${file} ${name}: ${one.name}`] : [])),
      );
    expect(unknown).toEqual([]);
  });

  it('knows which member of the seam holds some of a function', () => {
    const members = restatements.all.filter(({ kind }) => kind === 'member');
    expect(members).toHaveLength(11);
    expect(members.every(({ functions }) => (functions ?? []).length > 0)).toBe(true);
  });

  it.each([
    [PMAP, 'pmap_protect', 'core/pmap/protect.ts pmapProtect'],
    [PMAP, 'pmap_remove_pages', 'core/pmap/remove-pages.ts pmapRemovePages'],
    [PMAP, 'pmap_copy', 'core/pmap/copy.ts pmapCopy'],
    ['sys/vm/vm_map.c', 'vm_map_delete', 'core/vm/delete.ts vmMapDelete'],
    ['sys/vm/vm_map.c', 'vmspace_fork', 'core/vm/vmspace.ts vmspaceFork'],
    ['sys/vm/vm_fault.c', 'vm_fault', 'core/vm/fault.ts vmFault'],
    ['sys/kern/kern_exec.c', 'exec_new_vmspace', 'core/kern/exec.ts execNewVmspace'],
    ['sys/kern/kern_exit.c', 'exit1', 'core/kern/exit.ts exit1'],
  ])('%s %s -> %s', (file, name, place) => {
    const [first] = restatements.of({ file, name });
    expect(`${first.file} ${first.name}`).toBe(place);
  });

  it('does not mistake a function of another machine for that of amd64', () => {
    expect(restatements.of({ file: 'sys/arm64/arm64/pmap.c', name: 'pmap_protect' })).toEqual([]);
  });

  it.each([
    ['a doc comment', '/** Does it. FreeBSD: pmap_copy */\nexport function f(): void {}', ['pmap_copy']],
    [
      'several names, and a file',
      '/** FreeBSD: sys/vm/vm_map.c vm_map_insert, vm_map_find; pmap_copy */\nconst f = (): void => {};',
      ['vm_map_insert', 'vm_map_find', null],
    ],
    [
      'what follows them',
      '/** FreeBSD: pmap_copy (its first part), pmap_enter */\nfunction f(): void {}',
      ['pmap_copy'],
    ],
    ['nothing', '/** FreeBSD: none */\nfunction f(): void {}', []],
  ])('is read from %s', (_what, text, expected) => {
    const [{ functions }] = readRestated('core/pmap/x.ts', text, names);
    expect(functions?.map(({ file, name }) => (file === null ? null : name))).toEqual(expected);
  });

  it.each([
    ['no comment', 'export function f(): void {}'],
    ['a comment that is not about it', '/** FreeBSD: pmap_copy */\n\nexport function f(): void {}'],
    [
      'the comment of the function before',
      '/** FreeBSD: pmap_copy */\nfunction e(): void {}\nexport function f(): void {}',
    ],
  ])('takes nothing from %s', (_what, text) => {
    expect(readRestated('core/pmap/x.ts', text, names).at(-1)?.functions).toBeNull();
  });
});

describe('what is not modelled', () => {
  it('has its reason from the README, word for word', () => {
    const fidelity = readFileSync(join(root, 'README.md'), 'utf8').split('## Fidelity')[1]!.replaceAll(/\s+/g, ' ');
    expect(PHRASES.filter((phrase) => !fidelity.includes(phrase))).toEqual([]);
  });

  it.each([
    ['sys/vm/swap_pager.c', 'swap_pager_putpages', 'nothing is paged out, and no daemon runs by itself'],
    [PMAP, 'pmap_pkru_set', 'pmaps have none'],
    [PMAP, 'pmap_invalidate_ept', 'EPT'],
    [PMAP, 'pmap_mapdev', 'fictitious pages'],
    [PMAP, 'pmap_kenter', 'mappings of the kernel for itself'],
    ['sys/arm64/arm64/pmap.c', 'pmap_remove', 'The kernel is FreeBSD main of October 2021, amd64'],
    ['sys/kern/kern_ktrace.c', 'ktrace_enter', 'no comment in `core` names it'],
  ])('%s %s: %s', (file, name, phrase) => {
    expect(notModelled(file, name)).toBe(phrase);
  });
});

describe('what reaches a function', () => {
  it('is counted where it runs: the counts are those of the counters', async () => {
    const functions = [
      { file: 'core/pmap/invalidate.ts', name: 'pmapInvalidatePage', counter: INVALIDATE_PAGES },
      { file: 'core/pmap/invalidate.ts', name: 'pmapInvalidateAll', counter: INVALIDATE_ALLS },
      { file: 'core/pmap/activate.ts', name: 'load', counter: PMAP_SWITCHES },
    ];
    const { columns, calls } = await countedEngine(functions);
    const facts = builtInFacts.find(({ id }) => id === 'landed')!;
    const column = columns.builtInColumn(
      columns.builtInVariants.find(({ id }) => id === 'landed')!,
      facts,
    );
    const counted = functions.map(() => 0);
    for (const name of ['vfork-execfail', 'fork-loop']) {
      const { start, totals } = await runColumn(column, await loadWorkload(name), { digests: false }, Infinity);
      functions.forEach(({ counter }, i) => (counted[i] += totals[counter] - start[counter]));
    }
    expect([...calls]).toEqual(counted);
    expect(Math.min(...counted)).toBeGreaterThan(0);
  });

  it('cannot be asked of a function that is not there', async () => {
    await expect(countedEngine([{ file: 'core/pmap/copy.ts', name: 'pmapGone' }])).rejects.toThrow('pmapGone');
  });
});

describe('a review of C', () => {
  const restatements = restatementsOfCore(names);
  const files = read(
    diffOf(PMAP, hunk(REMOVE, '-\ta();\n+\tb();'), hunk('pmap_kenter(vm_offset_t va)', '-\ta();\n+\tb();')),
  );
  const reached = new Map(
    restatedIn(files, restatements).map((one) => [one, { workloads: [{ name: 'make12', calls: 1234 }], of: 46 }]),
  );
  const review = reviewKernel('his.diff', files, { restatements, names, ledger, reached });

  it('says in one line what is restated, what holds it, who reaches it and who speaks of it', () => {
    expect(kernelReviewText(review, { color: false })).toBe(`his.diff: 1 file, 2 functions, 1 of them restated here

${PMAP}
  pmap_remove -> core/pmap/remove.ts pmapRemove; seam: removeIsNoop, removeLoopDone; 1 of 46 workloads, \
calls of pmapRemove: make12 1,234; remarks F2 F3 F8 F10 F14 F15 F17 F19 N2 N6
  pmap_kenter not modelled: mappings of the kernel for itself
`);
  });

  it('is the document that its schema describes, and a table', () => {
    expect(schemas.review.parse(JSON.parse(kernelReviewJson(review))).kernel?.files).toHaveLength(1);
    expect(kernelReviewMarkdown(review)).toContain('| `pmap_remove` | core/pmap/remove.ts pmapRemove | removeIsNoop, ');
  });
});
