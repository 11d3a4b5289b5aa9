import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../harness/input-error.ts';
import { applyTo } from '../../../harness/patch/apply.ts';
import { MAX_PATCH, readPatch } from '../../../harness/patch/read.ts';
import { takePatch, takeSeries } from '../../../harness/patch/series.ts';
import { shippedText } from '../../../harness/patch/sources.ts';
import { edited, gitDiff, plainDiff } from '../../support/diffs.ts';
import { readSource } from '../../support/layers.ts';

const PROTECT = 'core/pmap/protect.ts';
const source = readSource(PROTECT);
const lines = source.split('\n');
const changed = edited(PROTECT, 'let changed = false;\n  m.counters', 'let changed = true;\n  m.counters');
const good = gitDiff({ [PROTECT]: changed });
const git = (body: string): string => `diff --git a/${PROTECT} b/${PROTECT}\n${body}`;
const headed = (old: string, now = old, body = good.slice(good.indexOf('@@'))): string =>
  `--- ${old}\n+++ ${now}\n${body}`;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const taken = (text: string): ReadonlyMap<string, string | null> =>
  applyTo('x.diff', readPatch('x.diff', bytes(text)).files, shippedText).overlay;

/** What is said of a patch that cannot be taken. */
function refusal(text: string | Uint8Array): string {
  try {
    applyTo('x.diff', readPatch('x.diff', typeof text === 'string' ? bytes(text) : text).files, shippedText);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error('expected the patch to be refused');
}

const replaced = (find: string | RegExp, text: string): string => {
  const result = good.replace(find, () => text);
  if (result === good) throw new Error(`nothing replaced: ${String(find)}`);
  return result;
};

describe('a patch that cannot be taken', () => {
  const table: readonly (readonly [what: string, text: string | Uint8Array, says: string])[] = [
    ['nothing', '', 'expected a unified diff, got an empty file'],
    ['a blank line', ' \r\n\n', 'got an empty file'],
    ['a file that is named alone', `diff --git a/${PROTECT} b/${PROTECT}\n`, 'expected a'],
    ['prose', 'Hello,\nplease find my patch attached.\n', 'expected a unified diff, found none'],
    ['a TypeScript file', source, 'found none'],
    ['cut off inside a hunk', good.slice(0, good.indexOf('\n+  let') + 1), 'is cut off'],
    ['cut off inside a line', good.slice(0, -4), 'is it cut off?'],
    ['without the newline at its end', good.slice(0, -1), 'expected a newline after the last line'],
    ['cut off behind the file names', good.slice(0, good.indexOf('@@')), 'expected a hunk, found none'],
    ['cut off behind the hunk header', good.slice(0, good.indexOf('\n', good.indexOf('@@')) + 1), 'is cut off'],
    [
      'with too few lines counted',
      replaced(/@@ -(\d+),7 \+(\d+),7 @@/, '@@ -69,6 +69,6 @@'),
      'more lines than expected',
    ],
    ['with too many lines counted', replaced(/@@ -(\d+),7 \+(\d+),7 @@/, '@@ -69,9 +69,9 @@'), 'is cut off'],
    ['with a negative line', replaced(/@@ -\d+,/, '@@ --5,'), "expected '@@ -LINE,COUNT +LINE,COUNT @@'"],
    ['with a huge line', replaced(/@@ -\d+,/, '@@ -99999999999999999999,'), "expected '@@ -LINE,COUNT +LINE,COUNT @@'"],
    [
      'with a header without numbers',
      replaced(/@@ -\S+ \+\S+ @@/, '@@ @@'),
      "expected '@@ -LINE,COUNT +LINE,COUNT @@'",
    ],
    ['with an odd line in a hunk', replaced('\n+  let', '\n*  let'), 'contained invalid line'],
    ['with lines that end in CR LF', good.replaceAll('\n', '\r\n'), 'its lines end in CR LF'],
    ['without file names', good.slice(good.indexOf('@@')), "expected '--- FILE' and '+++ FILE'"],
    ['without the new file name', replaced(/\+\+\+ .*\n/, '').replace(/diff --git .*\n/, ''), '+++'],
    ['without the new file name, of git', replaced(/\+\+\+ .*\n/, ''), "expected '--- FILE' and '+++ FILE'"],
    ['without the old file name, of git', replaced(/--- .*\n/, ''), "expected '--- FILE' and '+++ FILE'"],
    ['with a hunk twice', good + good.slice(good.indexOf('@@')), 'expected hunks in ascending order'],
    ['with lines of line 0', replaced(/@@ -\d+,/, '@@ -0,'), 'expected hunks in ascending order, from line 1 on'],
    ['of a file in a file', headed('a/core/pmap/protect.ts/x.ts'), 'expected files of core/ and variants/'],
    [
      'of a name that no file can have',
      headed(`a/core/${'x'.repeat(300)}.ts`),
      'expected files of core/ and variants/',
    ],
    ['of ../', headed('a/../core/pmap/protect.ts'), 'expected files of core/ and variants/'],
    ['of core/../', headed('a/core/../package.json'), 'expected files of core/ and variants/'],
    ['of core/./', headed('a/core/./pmap/protect.ts'), 'expected files of core/ and variants/'],
    ['of an absolute path', headed('/etc/passwd'), 'expected files of core/ and variants/'],
    ['of an absolute path with core in it', headed('/core/pmap/protect.ts'), 'expected files of core/ and variants/'],
    ['of a Windows path', headed('a\\core\\pmap\\protect.ts'), 'expected files of core/ and variants/'],
    ['of a drive', headed('C:/core/pmap/protect.ts'), 'expected files of core/ and variants/'],
    ['of the harness', headed('a/harness/child.ts'), 'expected files of core/ and variants/'],
    ['of C', headed('a/sys/amd64/amd64/pmap.c'), 'expected files of core/ and variants/'],
    ['of something that is no TypeScript', headed('a/core/README.md'), 'expected TypeScript files'],
    ['of a list that the build writes', headed('a/variants/all.ts'), 'expected no list that the build writes'],
    ['of a file that there is not', headed('a/core/pmap/protekt.ts'), 'core/pmap/protekt.ts: no such file'],
    ['of a path with blanks', headed('a/core/pmap/my protect.ts'), 'core/pmap/my protect.ts: no such file'],
    ['of a path with a control character', headed('"a/core/\\001.ts"'), 'expected files of core/ and variants/'],
    ['of __proto__', headed('a/core/__proto__.ts'), 'no such file'],
    ['from one file to another', headed('a/core/pmap/protect.ts', 'b/core/pmap/copy.ts'), 'expected changes in place'],
    [
      'that renames',
      git('similarity index 100%\nrename from core/pmap/protect.ts\nrename to core/pmap/p.ts\n'),
      'a rename or a copy',
    ],
    [
      'that copies',
      git('similarity index 100%\ncopy from core/pmap/protect.ts\ncopy to core/pmap/p.ts\n'),
      'a rename or a copy',
    ],
    ['that changes a mode', git('old mode 100644\nnew mode 100755\n'), 'a change of a mode'],
    [
      'that makes a program',
      `diff --git a/core/x.ts b/core/x.ts\nnew file mode 100755\n--- /dev/null\n+++ b/core/x.ts\n@@ -0,0 +1 @@\n+x\n`,
      'mode 100644',
    ],
    [
      'that makes a symbolic link',
      `diff --git a/core/x.ts b/core/x.ts\nnew file mode 120000\n--- /dev/null\n+++ b/core/x.ts\n@@ -0,0 +1 @@\n+/etc/passwd\n`,
      'a symbolic link',
    ],
    [
      'that makes a submodule',
      `diff --git a/core/x b/core/x\nnew file mode 160000\n--- /dev/null\n+++ b/core/x\n@@ -0,0 +1 @@\n+Subproject\n`,
      'a submodule',
    ],
    ['of a binary file', git('index 1..2 100644\nBinary files a/core/x.ts and b/core/x.ts differ\n'), 'a binary file'],
    ['with binary data', git('index 1..2 100644\nGIT binary patch\nliteral 1\nIcmZ\n'), 'a binary file'],
    ['of a merge', replaced(/@@ -\S+ \+\S+ @@/, '@@@ -1,7 -1,7 +1,7 @@@'), 'a combined diff'],
    ['of one file twice', good + good, 'expected each file once'],
    ['with a byte of value 0', `${good}\0\n`, 'a byte of value 0'],
    ['in Latin-1', Uint8Array.from([...bytes(good), 0xe9, 0x0a]), 'expected a diff in UTF-8'],
    ['in UTF-16', new Uint8Array(Buffer.from(good, 'utf16le')), 'a byte of value 0'],
    ['of 10 MB', new Uint8Array(10 * 2 ** 20).fill(0x20), `expected a patch of at most ${MAX_PATCH} bytes`],
    [
      'that makes a file that is there',
      headed('/dev/null', 'b/core/pmap/protect.ts', '@@ -0,0 +1 @@\n+x\n'),
      'there is one of that name',
    ],
    ['that removes a file in part', headed('a/core/pmap/protect.ts', '/dev/null'), 'to remove every line'],
    ['that is applied already', gitDiffBack(), 'already applied'],
    ['that declares nothing', `Intends: pmapLocks\n${good}`, 'Intends: expected'],
    ['that comes after nothing', `After:\n${good}`, 'After: expected'],
  ];

  it.each(table)('%s', (_what, text, says) => {
    const said = refusal(text);
    expect(said).toContain(says);
    expect(said.startsWith('x.diff: ')).toBe(true);
    expect(said.length).toBeLessThan(400);
    // eslint-disable-next-line no-control-regex
    expect(said).not.toMatch(/[\u0000-\u001F\u007F]/);
  });

  it('says which hunk of which file expects what, and what is there', () => {
    const at = lines.findIndex((line) => line.includes('let changed = false;'));
    const text = replaced('-  let changed = false;', '-  let changed = 1;').replace(`   m.counters`, '   n.counters');
    expect(refusal(text)).toMatch(
      new RegExp(
        `^x\\.diff: core/pmap/protect\\.ts: hunk 1 of 1 \\(@@ -\\d+,7 \\+\\d+,7 @@\\) does not apply: line ${at + 1}: ` +
          'expected "  let changed = 1;", found "  let changed = false;"$',
      ),
    );
  });
});

/** The change as somebody has made it before: its old text is nowhere. */
function gitDiffBack(): string {
  return git(plainDiff(PROTECT, changed.replace('let changed = true', 'let changed = 7'), source));
}

describe('a patch that can be taken', () => {
  const expected = new Map([[PROTECT, changed]]);

  it.each([
    ['from git', good],
    ['from diff, with -p1', headed('a/core/pmap/protect.ts', 'b/core/pmap/protect.ts')],
    ['from git --no-prefix', headed('core/pmap/protect.ts')],
    ['from diff, of a file beside its original', headed('core/pmap/protect.ts.orig', 'core/pmap/protect.ts')],
    [
      'from diff -r, with times',
      headed('old/core/pmap/protect.ts\t2022-07-01 10:00:00', 'new/core/pmap/protect.ts\t2022-07-02'),
    ],
    ['at another line', good.replace(/@@ -\d+,7 \+\d+,7 @@/, '@@ -10,7 +10,7 @@')],
    [
      'as a mail',
      `From 0123456789 Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\nSubject: [PATCH 1/2] pmap: a\n change\n\nWhy.\n---\n core/pmap/protect.ts | 2 +-\n\n${good}-- \n2.39.2\n\n`,
    ],
  ])('%s', (_what, text) => {
    expect(taken(text)).toEqual(expected);
  });

  it('keeps a file without a newline at its end', () => {
    const bare = source.slice(0, -1);
    expect(taken(git(plainDiff(PROTECT, source, bare)))).toEqual(new Map([[PROTECT, bare]]));
  });

  it('keeps CR in lines that it adds', () => {
    const text = source.replace('let changed = false;', 'let changed = false;\r');
    expect(taken(git(plainDiff(PROTECT, source, text)))).toEqual(new Map([[PROTECT, text]]));
  });

  it('adds and removes files', () => {
    const added = `--- /dev/null\n+++ b/core/pmap/mine.ts\n@@ -0,0 +1 @@\n+export const mine = 1;\n`;
    const gone = git(plainDiff(PROTECT, source, '', [`a/${PROTECT}`, '/dev/null']));
    expect(taken(added + gone)).toEqual(
      new Map([
        ['core/pmap/mine.ts', 'export const mine = 1;\n'],
        [PROTECT, null],
      ]),
    );
  });

  it('may be a step without a change, which its author names', () => {
    expect(taken('Title: nothing yet\nAfter: baseline\n')).toEqual(new Map());
  });

  it('warns of a hunk whose context differs', () => {
    const text = good.replace('\n   const keepLo', '\n   const keepLow');
    const { overlay, notes } = applyTo('x.diff', readPatch('x.diff', bytes(text)).files, shippedText);
    expect(overlay).toEqual(expected);
    expect(notes).toEqual([
      expect.stringMatching(
        /^core\/pmap\/protect\.ts: hunk 1 of 1 \(.*\) applied with fuzz: line \d+: expected "  const keepLow/,
      ),
    ]);
  });

  it('says what its author says', () => {
    const { title, after, intends } = readPatch(
      'x.diff',
      bytes(
        `Subject: [PATCH v2 3/4] fewer locks\nAfter: baseline\nIntends: pmapLocks fewer: one lock for all\nIntends: ipis +1 per exit: why: so\nX-Other: y\n\n${good}`,
      ),
    );
    expect({ title, after, intends }).toEqual({
      title: 'fewer locks',
      after: 'baseline',
      intends: [
        { what: 'pmapLocks', by: 'fewer', why: 'one lock for all' },
        { what: 'ipis', by: '+1 per exit', why: 'why: so' },
      ],
    });
  });
});

describe('a series', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pmapdiff-series-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const second = git(plainDiff(PROTECT, changed, changed.replace('let changed = true', 'let changed = 2 > 1')));
  const steps = [changed, changed.replace('let changed = true', 'let changed = 2 > 1')];
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const overlays = (path: string): (readonly [string, string | null, string | null | undefined])[] =>
    takeSeries(path).map(({ patched: { id, after, overlay } }) => [id, after, overlay.get(PROTECT)]);

  const AT = 'From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n';
  const mail = (subject: string, body: string, head = ''): string =>
    `${AT}From: A <a@b>\nSubject: ${subject}\n${head}\n${body}-- \n2.39.2\n\n`;

  it('is a folder, a quilt series or a mailbox, each patch on top of the one before', () => {
    write('0002-b.patch', second);
    write('0001-a.patch', good);
    expect(overlays(folder)).toEqual([
      ['0001-a', null, steps[0]],
      ['0002-b', '0001-a', steps[1]],
    ]);
    const list = write('series', '# mine\n0001-a.patch -p1\n\n0002-b.patch # last\n');
    expect(overlays(list).map(([id]) => id)).toEqual(['0001-a', '0002-b']);
    rmSync(list);
    const step = (n: number, text: string): string => mail(`[PATCH ${n}/2] Step ${n}`, text);
    const all = [step(0, ''), step(1, good), mail('[PATCH] Said', ''), step(2, second)];
    expect(overlays(write('all.mbox', all.join('')))).toEqual([
      ['step-1', null, steps[0]],
      ['said', 'step-1', steps[0]],
      ['step-2', 'said', steps[1]],
    ]);
  });

  it.each([
    ['a folder without patches', () => mkdtempSync(join(folder, 'none-')), 'expected at least one patch'],
    ['nothing', () => join(folder, 'missing'), 'no such file or folder'],
    [
      'a cover letter alone',
      () => write('cover.mbox', mail('[PATCH 0/2] Two', 'About.\n')),
      'expected at least one patch',
    ],
    ['steps without a change', () => write('none.mbox', mail('[PATCH] One', '')), 'expected at least one patch'],
    ['a list of nothing', () => write('blank', '# none\n'), 'expected at least one patch, found none'],
    ['an empty patch', () => (write('z', ''), write('with-z', 'z\n')), 'z: expected a unified diff, got an empty file'],
    ['a list with another option', () => write('odd', '0001-a.patch -R\n'), 'expected one level such as -p1, got "-R"'],
    ['a list with two options', () => write('two', '0001-a.patch -p1 -R\n'), 'one level such as -p1, got "-R"'],
    ['a list with another level', () => write('flat', '0001-a.patch -p0\n'), 'got "a/core/pmap/protect.ts"'],
    ['a list in the wrong order', () => write('wrong', '0002-b.patch\n0001-a.patch\n'), 'hunk 1 of 1'],
    ['a list of missing patches', () => write('lost', 'x.patch\n'), ':1: expected the name of a patch, got "x.patch"'],
  ])('is refused where it is %s', (_what, path, says) => {
    expect(() => takeSeries(path())).toThrow(says);
  });

  it('is taken in the order of the list, with its levels, without its comments', () => {
    write('p0.patch', plainDiff(PROTECT, source, changed, [PROTECT, PROTECT]));
    write(
      'p3.patch',
      second.replaceAll(` a/${PROTECT}`, ` x/y/z/${PROTECT}`).replaceAll(` b/${PROTECT}`, ` x/y/z/${PROTECT}`),
    );
    const list = write('levels', '#p3.patch\n  p0.patch -p0\r\n\n# -p1\np3.patch\t-p3 # why\n');
    expect(overlays(list)).toEqual([
      ['p0', null, steps[0]],
      ['p3', 'p0', steps[1]],
    ]);
    expect(overlays(write('ab', '0001-a.patch -pab\n'))).toHaveLength(1);
    for (const name of ['p0.patch', 'p3.patch']) rmSync(join(folder, name));
  });

  const qp = (text: string): string =>
    text
      .replaceAll('=', '=3D')
      .replaceAll(/^(.{40})(?=.)/gm, '$1=\n')
      .replaceAll(/ $/gm, '=20');

  it.each([
    ['as they are', mail('[PATCH 1/2] One', good), mail('[PATCH 2/2] Two', second)],
    [
      'with lines of a message that begin with From',
      mail('[PATCH 1/2] One', `>From here on\nFrom now on, in 2001\nFrom A 2001\n---\n${good}`),
      mail('[PATCH 2/2] Two', second),
    ],
    [
      'in quoted-printable',
      mail(
        '[PATCH 1/2] One',
        qp(good),
        'Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: quoted-printable\n',
      ),
      mail('[PATCH 2/2] Two', qp(second), 'content-transfer-encoding: Quoted-Printable\n'),
    ],
    [
      'in base64',
      `${AT}Subject: =?UTF-8?q?=5BPATCH=201/2=5D_On?=\n =?utf-8?B?ZQ==?=\nContent-Transfer-Encoding: base64\n\n${btoa(good).replaceAll(/.{76}/g, '$&\n')}\n\n`,
      mail('[PATCH v3 2/2] Two', second),
    ],
  ])('is a mailbox with a cover letter and an answer: %s', (_what, one, two) => {
    const cover = mail('[RFC PATCH v2 0/2] *** SUBJECT ***', 'A (2):\n  One\n  Two\n\n core | 2 +-\n');
    const answer = mail('Re: [PATCH 1/2] One', '> diff --git a/core/x.ts b/core/x.ts\nFine.\n');
    expect(overlays(write('mails.mbox', cover + one + answer + two))).toEqual([
      ['one', null, steps[0]],
      ['two', 'one', steps[1]],
    ]);
  });

  it.each([
    [
      'with attachments',
      'Content-Type: multipart/mixed; boundary="x"\n',
      'expected a mail with the patch in its text, got multipart/mixed',
    ],
    ['of HTML', 'Content-Type: text/html\n', 'got text/html'],
    ['in Latin-1', 'Content-Type: text/plain; charset=ISO-8859-1\n', 'expected a mail in UTF-8, got iso-8859-1'],
    ['in another encoding', 'Content-Transfer-Encoding: x-uuencode\n', 'got "x-uuencode"'],
    ['in invalid base64', 'Content-Transfer-Encoding: base64\n', 'expected a body in base64, found other text'],
    [
      'in invalid quoted-printable',
      'Content-Transfer-Encoding: quoted-printable\n',
      'expected a body in quoted-printable, found other text',
    ],
  ])('is refused where a mail is %s', (_what, head, says) => {
    const path = write('odd.mbox', mail('[PATCH 1/1] One', `a =b\n${good}`, head));
    expect(() => takeSeries(path)).toThrow(InputError);
    expect(() => takeSeries(path)).toThrow(`${path}#1: expected `);
    expect(() => takeSeries(path)).toThrow(says);
    rmSync(path);
  });

  it('is not a patch without a change', () => {
    const refused = (text: string, says: string): void =>
      expect(() => takePatch(write('said.txt', text))).toThrow(`said.txt: expected a unified diff, ${says}`);
    refused('', 'got an empty file');
    for (const text of ['Title: nothing yet\n', mail('[PATCH] One', '')]) refused(text, 'found none');
  });

  it('is not a patch whose file cannot be read', () => {
    symlinkSync(join(folder, 'loop'), join(folder, 'loop'));
    expect(() => takePatch(join(folder, 'missing.diff'))).toThrow(
      /^--patch .*missing.diff: expected a readable file, found no such file$/,
    );
    expect(() => takePatch(folder)).toThrow(/^--patch .*: expected a file, found a directory$/);
    expect(() => takePatch(join(folder, 'loop'))).toThrow('ELOOP');
  });

  it('writes nothing', () => {
    expect(readdirSync(folder).filter((name) => name.endsWith('.orig') || name.endsWith('.rej'))).toEqual([]);
  });
});
