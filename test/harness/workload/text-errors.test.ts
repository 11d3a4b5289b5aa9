import { describe, expect, it } from 'vitest';
import { WorkloadError } from '../../../harness/workload/errors.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';

/** The message of the error that a text causes. */
function errorOf(text: string): string {
  try {
    parseWorkload(text, 'w');
  } catch (error) {
    if (error instanceof WorkloadError) return error.message;
    throw error;
  }
  return 'no error';
}

/** The line after a first line that makes p a process of the program cat. */
const behind = (line: string): string => `p: exec cat\n${line}\n`;

const addresses = 'addresses from 0 to 0x800000000000';
const address = 'an address (0x and hexadecimal digits, or a name)';
const size = "a size, or '..' and an address";
const statement = "an op ('name: verb …') or machine, program, file, repeat, end";

describe('a bad line gives one error with the position, what was expected and what was found', () => {
  it.each([
    ['an unknown verb', 'p: exce sh60', "w:1:4: expected a verb, found 'exce'; did you mean 'exec'?"],
    ['an unknown program', 'p: exec sh6', "w:1:9: expected the name of a program, found 'sh6'; did you mean 'sh60'?"],
    ['an unknown statement', 'machin pti=on', `w:1:1: expected ${statement}, found 'machin'; did you mean 'machine'?`],
    ['a verb without a process', 'exec sh60', `w:1:1: expected ${statement}, found 'exec'`],
    ['nothing behind the colon', 'p:', 'w:1:3: expected a verb, found the end of the line'],
    ['a character of no word', 'p; exec cat', "w:1:2: expected a word, found '; exec c'"],
    ['an open quotation', 'p: exec "sh60', `w:1:9: expected a name closed by '"', found '"sh60'`],
    ['a thread without a name', 'p/: exec cat', "w:1:3: expected the name of a thread, found ':'"],
    [
      'a file without its residence',
      'file f',
      'w:1:7: expected resident=all, resident=even or resident=none, found the end of the line',
    ],
    [
      'a file of another residence',
      'file f resident=some',
      "w:1:17: expected what of it lies in memory (all, even, none), found 'some'",
    ],
    ['a file without its size', 'file f resident=all size=', 'w:1:26: expected a size, found the end of the line'],
    [
      'more about a file',
      'file f resident=all sise=1p',
      "w:1:21: expected size= or the end of the line, found 'sise'; did you mean 'size'?",
    ],
    [
      'a file given twice',
      'file f resident=all\nfile f resident=none',
      "w:2:6: expected each file once, found 'f' again",
    ],
    [
      'a file that is mapped already',
      behind('p: mmap file f 1p r\nfile f resident=none'),
      "w:3:6: expected a file before its first use, found 'f' here",
    ],
    [
      'a file inside repeat',
      'repeat 2\nfile f resident=none\nend',
      "w:2:6: expected an op, 'repeat' or 'end' inside repeat, found 'file'",
    ],
    [
      'a shortage without a number',
      behind('p: kmem-take'),
      'w:2:13: expected the pages that stay free, from 0 to 99999, found the end of the line',
    ],
    [
      'too many free pages',
      behind('p: kmem-take 100000'),
      "w:2:14: expected the pages that stay free, from 0 to 99999, found '100000'",
    ],
    ['a swap-out of nobody', behind('p: swapout'), 'w:2:11: expected the name of a process, found the end of the line'],
    ['a swap-out of a stranger', behind('p: unref q'), "w:2:10: expected the name of a process, found 'q'"],
    [
      'a swap-out to no number of pages',
      behind('p: swapout p desired 4p'),
      "w:2:22: expected the pages that may stay, from 0 to 999999999, found '4p'",
    ],
    ['words behind an op', behind('p: clock ok'), "w:2:10: expected the end of the line, found 'ok'"],
  ])('%s', (_what, text, message) => {
    expect(errorOf(text)).toBe(message);
  });

  it.each([
    ['a misspelt address', behind('p: write 0x12345z 1'), `w:2:10: expected ${address}, found '0x12345z'`],
    ['a decimal address', behind('p: write 12 1'), `w:2:10: expected ${address}, found '12'`],
    ['a negative address', behind('p: write -1 1'), `w:2:10: expected ${address}, found '-1'`],
    ['NaN as an address', behind('p: write NaN 1'), "w:2:10: expected a place, or a name given with '->', found 'NaN'"],
    ['no address', behind('p: write'), `w:2:9: expected ${address}, found the end of the line`],
    [
      'an address beyond the machine',
      behind('p: write 0x800000000000 1'),
      `w:2:10: expected ${addresses}, found 0x800000000000`,
    ],
    [
      '64 bits of address',
      behind('p: write 0xffffffffffffffff 1'),
      `w:2:10: expected ${addresses}, found 0x10000000000000000`,
    ],
    [
      'a span that leaves the machine',
      behind('p: munmap shared 2p'),
      `w:2:11: expected ${addresses}, found one that ends at 0x800000001000`,
    ],
    [
      'the shared page of an ABI without one',
      'program x abi=no-shared\np: exec x\np: read shared',
      "w:3:9: expected a program with a shared page in 'p', found one of abi 'no-shared'",
    ],
    [
      'a touch of that page by a child',
      'program x abi=no-shared\np: exec x\np: fork -> c\nc: touch-shared',
      "w:4:1: expected a program with a shared page in 'c', found one of abi 'no-shared'",
    ],
    ['an address below 0', behind('p: write text-4G'), `w:2:10: expected ${addresses}, found -0xffdf8000`],
    [
      'a place of no program',
      'p: exec bare\np: write text',
      "w:2:10: expected a program with text in 'p', found 'text'",
    ],
    [
      'an unknown name',
      behind('p: mmap anon 4p rw -> buffer\np: write bufer'),
      "w:3:10: expected a place, or a name given with '->', found 'bufer'; did you mean 'buffer'?",
    ],
    [
      'a name that is a place',
      behind('p: mmap anon 4p rw -> text'),
      "w:2:23: expected a name that is not a place already, found 'text'",
    ],
    [
      'an end below the start',
      behind('p: write data .. 0x1000'),
      'w:2:18: expected an end above the start, found 0x1000',
    ],
    [
      'an end elsewhere',
      behind('p: mmap anon 1p rw -> b\np: write b .. data'),
      "w:3:15: expected an end in the same mapping, found 'data'",
    ],
  ])('%s', (_what, text, message) => {
    expect(errorOf(text)).toBe(message);
  });

  it.each([
    ['NaN as a length', behind('p: write data NaN'), `w:2:15: expected ${size}, found 'NaN'`],
    ['a negative length', behind('p: munmap data -4p'), `w:2:16: expected ${size}, found '-4p'`],
    ['a length with an exponent', behind('p: munmap data 1e3'), `w:2:16: expected ${size}, found '1e3'`],
    ['no length', behind('p: munmap data'), `w:2:15: expected ${size}, found the end of the line`],
    [
      'a length of more than any machine',
      behind('p: mmap anon 99999999999999999G rw'),
      "w:2:14: expected a size, found '99999999999999999G'",
    ],
    ['an access to nothing', behind('p: write data 0'), "w:2:15: expected a size of at least 1 byte, found '0'"],
    [
      'a step of nothing',
      behind('p: write data 1p step 0'),
      'w:2:23: expected a step from 1 to 2147483647 bytes, found 0',
    ],
    [
      'too many accesses',
      behind('p: write data 1G step 1'),
      'w:2:1: expected at most 16777216 accesses in one op, found 1073741824',
    ],
    ['an unsigned break', behind('p: brk 4p'), "w:2:8: expected '+' or '-' and a size, found '4p'"],
    [
      'an unknown protection',
      behind('p: mmap anon 4p rwz'),
      "w:2:17: expected a protection (letters of rwx, or '-'), found 'rwz'",
    ],
    [
      'an unknown kind of memory',
      behind('p: mmap annon 4p rw'),
      "w:2:9: expected a kind of memory (anon, guard, stack, file, phys), found 'annon'; did you mean 'anon'?",
    ],
    ['a file without a name', behind('p: mmap file 4p rw'), "w:2:14: expected the name of a file, found '4p'"],
    [
      'an unknown advice',
      behind('p: madvise data 1p dontned'),
      "w:2:20: expected an advice (normal, random, sequential, willneed, dontneed, free), found 'dontned'; did you mean 'dontneed'?",
    ],
    [
      'no inheritance',
      behind('p: minherit data 1p'),
      'w:2:20: expected an inheritance (share, copy, none, zero), found the end of the line',
    ],
    [
      'an unknown signal',
      behind('p: kill p SIGFOO'),
      "w:2:11: expected a signal such as SIGUSR1, found 'SIGFOO'; did you mean 'SIGFPE'?",
    ],
    ['an errno in digits', behind('p: execfail 2'), "w:2:13: expected an errno such as ENOENT, found '2'"],
    [
      'an unknown outcome',
      behind('p: clock => EFOO'),
      "w:2:13: expected ok, panic, a signal or an errno, found 'EFOO'",
    ],
    [
      'an exit status beyond a byte',
      behind('p: exit 256'),
      "w:2:9: expected an exit status from 0 to 255, found '256'",
    ],
    [
      'an unknown yield point',
      behind('p: stop refcnt'),
      "w:2:9: expected a yield point (refcnt-tested, release-failed, ppwait-cleared, fork-unlocked, pages-removed, vmspace0-active), found 'refcnt'",
    ],
    ['an rfork of nothing', behind('p: rfork -> c'), "w:2:10: expected mem or thread, found '->'"],
  ])('%s', (_what, text, message) => {
    expect(errorOf(text)).toBe(message);
  });

  it.each([
    ['an op of nobody', 'p: clock', "w:1:1: expected a process that exec or fork has made, found 'p'"],
    [
      'an op of a process that has exited',
      behind('p: exit\np: clock'),
      "w:3:1: expected a running process, found 'p', which exited in line 2",
    ],
    [
      'an op of a process whose exec failed too late',
      behind('p: execfail ENOENT late\np: clock'),
      "w:3:1: expected a running process, found 'p', which exited in line 2",
    ],
    [
      'an op of a process stopped in its exit',
      behind('p: stop refcnt-tested\np: exit\np: clock'),
      "w:4:1: expected 'p: go' first, found an op of 'p', which is stopped",
    ],
    ['go without stop', behind('p: go'), "w:2:1: expected a stopped process, found 'p', which is running"],
    [
      'a child without a name',
      behind('p: fork'),
      "w:2:8: expected '->' and a name for the child, found the end of the line",
    ],
    [
      'a child with a name in use',
      behind('p: fork -> p'),
      "w:2:12: expected a name for the child that is free, found 'p', which is still running",
    ],
    [
      'the same child on every turn',
      behind('repeat 2\np: fork -> c\nend'),
      "w:3:12: expected a name for the child that is free, found 'c', which is still running",
    ],
    [
      'a wait without end',
      behind('p: fork -> c\np: wait c'),
      "w:3:9: expected a process that has exited, found 'c', which is still running",
    ],
    ['a wait for nobody', behind('p: wait cc'), "w:2:9: expected the name of a process, found 'cc'"],
    ['a CPU that the machine lacks', 'machine cpus=2\np@2: exec cat', "w:2:3: expected a CPU from 0 to 1, found '2'"],
    [
      'a spawn of an unknown program',
      behind('p: spawn dog -> d'),
      "w:2:10: expected the name of a program, found 'dog'",
    ],
  ])('%s', (_what, text, message) => {
    expect(errorOf(text)).toBe(message);
  });

  const machineKeys = 'cpus, pti, pcid, la57, superpages, ram, lower-shared, kernel-resident, frames';
  const programKeys = 'entries, guards, untouched, libs, text, data, bss, abi';
  it.each([
    [
      'an unknown key',
      'machine ptii=on',
      `w:1:9: expected a key of the machine (${machineKeys}), found 'ptii'; did you mean 'pti'?`,
    ],
    ['a switch that is neither on nor off', 'machine pti=yes', "w:1:13: expected on or off, found 'yes'"],
    ['65 CPUs', 'machine cpus=65', "w:1:14: expected a number from 1 to 64, found '65'"],
    ['memory of no power of two', 'machine ram=100M', "w:1:13: expected a power of two from 16M to 64G, found '100M'"],
    [
      'frames aged by too much',
      'machine frames=aged:65',
      "w:1:16: expected sequential or aged:K, K from 2 to 64, found 'aged:65'",
    ],
    ['a key twice', 'machine pti=on pti=off', "w:1:16: expected each key once, found 'pti' again"],
    [
      'a machine behind the first op',
      behind('machine pti=on'),
      "w:2:1: expected 'machine' before every program and op, found it here",
    ],
    [
      'a machine in a repeat',
      'repeat 2\nmachine pti=on\nend',
      "w:2:1: expected 'machine' before every program and op, found it here",
    ],
    ['two machines', 'machine pti=on\nmachine la57=on', 'w:2:1: expected one machine line, found a second one'],
    [
      'a program with a misspelt key',
      'program x entires=10',
      `w:1:11: expected a key of a program (${programKeys}), found 'entires'; did you mean 'entries'?`,
    ],
    [
      'a program of too few entries',
      'program x entries=10 libs=9',
      'w:1:9: expected at least 22 entries for these guards, untouched entries and libs, found 10',
    ],
    [
      'a program of too many entries',
      'program x entries=200000',
      "w:1:19: expected a number from 0 to 100000, found '200000'",
    ],
    ['a program of NaN', 'program x text=NaN', "w:1:16: expected a size of at most 1G, found 'NaN'"],
    [
      'a program twice',
      'program x entries=10\nprogram x entries=11',
      "w:2:9: expected each program once, found 'x' again",
    ],
    [
      'a program behind its use',
      behind('program cat entries=60'),
      "w:2:9: expected a program before its first use, found 'cat' here",
    ],
    [
      'a program in a repeat',
      'repeat 2\nprogram x\nend',
      "w:2:9: expected an op, 'repeat' or 'end' inside repeat, found 'program'",
    ],
  ])('%s', (_what, text, message) => {
    expect(errorOf(text)).toBe(message);
  });

  it.each([
    ['a repeat of nothing', 'repeat 0\nend', "w:1:8: expected a number from 1 to 1000000000, found '0'"],
    [
      'a repeat without a count',
      'repeat\nend',
      'w:1:7: expected a number from 1 to 1000000000, found the end of the line',
    ],
    [
      'a repeat without an end',
      'repeat 3\np: exec cat',
      "w:1:1: expected an 'end' for this repeat, found the end of the file",
    ],
    ['an end without a repeat', 'end', "w:1:1: expected an op, found 'end' without a repeat"],
    [
      'a repeat beyond reason',
      'repeat 1000000000\np: exec cat\nend',
      'w:1:1: expected at most 5000000 ops, repeats expanded, found 1000000000',
    ],
    [
      'repeats that multiply beyond reason',
      'repeat 1000\nrepeat 1000\nrepeat 1000\np: exec cat\nend\nend\nend',
      'w:1:1: expected at most 5000000 ops, repeats expanded, found 1000000000',
    ],
    ['33 repeats in each other', 'repeat 1\n'.repeat(33), 'w:33:1: expected repeats at most 32 deep, found one deeper'],
  ])('%s', (_what, text, message) => {
    expect(errorOf(text)).toBe(message);
  });

  it('a line of more than 1M', () => {
    expect(errorOf(behind(`# ${'x'.repeat(2 ** 20)}`))).toBe(
      'w:2: expected a line of at most 1M, found 1048578 characters',
    );
  });

  it('a text of more than 64M', () => {
    expect(errorOf('\n'.repeat(2 ** 26 + 1))).toBe(
      'w: expected at most 64M of workload text, found 67108865 characters',
    );
  });
});
