/**
 * Writes harness/review/kernel-names.json: which functions, function-like macros and labels the kernel's files have. Names
 * only; no code. Usage: node test/support/kernel-names.mjs GIT_DIR [REVISION]
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../harness/bundle/bundle.mjs';

/** What `core` restates parts of, and what is next to it. */
const FILES = [
  'sys/amd64/amd64/{elf_machdep,exec_machdep,mp_machdep,pmap,sys_machdep,trap,uma_machdep,vm_machdep}.c',
  'sys/amd64/include/{cpufunc,param,pcpu,pmap,vmparam}.h',
  'sys/kern/imgact_elf.c',
  'sys/kern/kern_{exec,exit,fork,proc,resource,sharedpage,sig,synch,thread,time}.c',
  'sys/kern/{sched_ule,subr_syscall,subr_trap,sys_process,sysv_shm,vfs_aio,vfs_vnops}.c',
  'sys/sys/{bitset,cpuset,mman,proc,queue,refcount,sysent}.h',
  'sys/vm/*.[ch]',
  'sys/x86/x86/mp_x86.c',
];

const [, , gitDir, revision = 'HEAD'] = process.argv;
const git = (/** @type {string[]} */ ...args) =>
  execFileSync('git', [`--git-dir=${gitDir}`, ...args], { encoding: 'latin1', maxBuffer: 2 ** 28 });

const at = (/** @type {string} */ path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const [{ code }] = await bundle({ source: at('harness/review/kernel-source.ts') });
/** @type {typeof import('../../harness/review/kernel-source.ts')} */
const { labelIn, readLines } = await import(`data:text/javascript,${encodeURIComponent(code)}`);

/** @param {string} path */
function namesOf(path) {
  const text = git('show', `${revision}:${path}`).split('\n');
  const lines = readLines(text, null);
  /** @type {Record<'functions' | 'static' | 'macros', Set<string>>} */
  const names = { functions: new Set(), static: new Set(), macros: new Set() };
  /** @type {Map<string, string>} */
  const labels = new Map();
  for (const [i, { unit, isHead }] of lines.entries()) {
    if (unit === null) continue;
    const { kind, name, isStatic } = unit;
    if (isHead && kind === 'function') names[isStatic ? 'static' : 'functions'].add(name);
    if (isHead && kind === 'macro' && new RegExp(`define\\s+${name}\\(`).test(text[i])) names.macros.add(name);
    const label = labelIn(text[i]);
    if (label !== null && kind === 'function')
      labels.set(label, `${labels.has(label) ? `${labels.get(label)} ` : ''}${name}:${i + 1}`);
  }
  return {
    ...Object.fromEntries(
      Object.entries(names).flatMap(([kind, found]) =>
        found.size === 0 ? [] : [[kind, [...found].toSorted().join(' ')]],
      ),
    ),
    ...(labels.size === 0 ? {} : { labels: Object.fromEntries([...labels].toSorted()) }),
  };
}

const pattern = new RegExp(
  `^(?:${FILES.map((glob) =>
    glob
      .replaceAll('.', '\\.')
      .replaceAll('*', '[^/]*')
      .replaceAll(/\{([^}]*)\}/g, (_all, names) => `(?:${names.replaceAll(',', '|')})`),
  ).join('|')})$`,
);
const paths = git('ls-tree', '-r', '--name-only', revision, 'sys')
  .split('\n')
  .filter((path) => pattern.test(path));
const names = paths.map((path) => [path, namesOf(path)]).filter(([, found]) => Object.keys(found).length > 0);
writeFileSync(at('harness/review/kernel-names.json'), `${JSON.stringify(Object.fromEntries(names), null, 2)}\n`);
