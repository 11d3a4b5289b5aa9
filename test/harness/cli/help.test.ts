import { describe, expect, it } from 'vitest';
import { EXAMPLES, type Example, examplesText } from '../../../harness/cli/examples.ts';
import about from '../../../package.json' with { type: 'json' };
import { pmapdiff } from '../../support/command.ts';
import { VariantFiles } from '../../support/variant-files.ts';

const helpOf = (...args: string[]): string => pmapdiff(...args, '--help').stdout;

/** Commands by the heading under which the help has them. */
function commandsOf(help: string): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  let heading = '';
  for (const line of help.split('\n')) {
    if (/^\S.*:$/.test(line)) heading = line.slice(0, -1);
    const command = /^ {2}([a-z-]+) /.exec(line);
    if (command !== null && !line.startsWith('   ')) (groups[heading] ??= []).push(command[1]!);
  }
  delete groups['Exit codes'];
  return groups;
}

/** Commands that have not two examples in the table, each of which calls that command. */
const withoutExamples = (commands: readonly string[], table: Readonly<Record<string, readonly Example[]>>): string[] =>
  commands.filter((command) => {
    const examples = table[command] ?? [];
    return examples.length !== 2 || !examples.every(({ args }) => args.split(' ')[0] === command);
  });

describe('the help', () => {
  const groups = commandsOf(helpOf());

  it('has the commands in groups', () => {
    expect(groups).toEqual({
      Compare: ['compare', 'page', 'hunt', 'schedules', 'merge', 'worker'],
      'Look closer': 'explain trace replay probe shares cost review findings bisect bisect-step'.split(' '),
      'Bring your own': ['import', 'list'],
      'Check the tool': ['conform', 'bench'],
      Help: ['help'],
    });
  });

  const commands = Object.entries(groups).flatMap(([group, some]) => (group === 'Help' ? [] : some));

  it('has two examples of each command', () => {
    expect(commands.toSorted()).toEqual(Object.keys(EXAMPLES).toSorted());
    expect(withoutExamples(commands, EXAMPLES)).toEqual([]);
    const planted = { ...EXAMPLES, trace: EXAMPLES.trace.slice(1), list: EXAMPLES.import, probe: [] };
    expect(withoutExamples([...commands, 'unheard-of'], planted)).toEqual(['trace', 'probe', 'list', 'unheard-of']);
  });

  it('of compare says what the reference is by default, and ends with the examples', () => {
    const help = helpOf('compare');
    expect(help.replaceAll(/\s+/g, ' ')).toContain('(default: baseline, or the earliest variant if baseline');
    expect(help.endsWith(`${examplesText(EXAMPLES.compare)}\n`)).toBe(true);
  });
});

it('of replay and compare says how they end where an op answers otherwise than its => says', () => {
  const files = new VariantFiles();
  const path = files.write('otherwise.workload', 'a: exec sh60\na: clock => SIGSEGV\na: exit\n');
  const plain = (help: string): string => help.replaceAll(/\s+/g, ' ');
  expect(pmapdiff('replay', path, '--variant', 'landed').status).toBe(1);
  expect(plain(helpOf('replay'))).toContain('exit 1 if an outcome is not the one after its =>');
  expect(pmapdiff('compare', '-w', path, '--variants', 'landed').status).toBe(3);
  expect(plain(helpOf('compare'))).toContain(
    'not the one after its =>, the workload does not test what it claims: exit 3',
  );
  files.dispose();
});

describe('--version', () => {
  it('is the version of the package', () => {
    const { status, stdout, stderr } = pmapdiff('--version');
    expect([status, stdout, stderr]).toEqual([0, `${about.version}\n`, '']);
  });
});
