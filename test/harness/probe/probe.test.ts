import { describe, expect, it } from 'vitest';
import { type Machine, REMOVE_CALLS, REMOVE_EARLY_EXITS } from '../../../core/index.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import { PROBE_POINT, type ProbeKey, type ProbeResult, probe } from '../../../harness/probe/probe.ts';
import { probeText } from '../../../harness/report/probe.ts';
import type { RunRecord } from '../../../harness/run/record.ts';
import { run } from '../../../harness/run/run.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { series, variantById } from '../../../variants/index.ts';
import { recordOf } from '../../support/ran.ts';

let machine: Machine | null = null;
function profiled(lines: string, id: string): RunRecord {
  return recordOf(parseWorkload(lines, 'test'), variantById(id)!, { profile: true });
}
const of = (lines: string, id: string, ...by: ProbeKey[]): ProbeResult => probe(profiled(lines, id), by);

const UNTOUCHED = 'sh: exec sh60\nsh: exit\n';
const TOUCHED = 'sh: exec sh60\nsh: touch-shared\nsh: exit\n';

const EXIT_STACK = [
  'pmap_remove',
  'vm_map_delete',
  'vm_map_remove',
  'vmspace_dofree',
  'vmspace_exit',
  'exit1',
] as const;

describe('probe pmap_remove:entry', () => {
  it('counts the calls of the thread by stack and by resident_count == 0', () => {
    expect(of(UNTOUCHED, 'baseline', 'stack', 'empty').rows).toEqual([{ stack: EXIT_STACK, empty: true, count: 52 }]);
    expect(of(TOUCHED, 'baseline', 'stack', 'empty').rows).toEqual([{ stack: EXIT_STACK, empty: false, count: 52 }]);
  });

  it('counts 0 with == 0 alone from toplevel-accounting on, although later revisions return early (F17)', () => {
    const early = series.map(({ id }) => {
      const { empty, early: left } = of(TOUCHED, id);
      return [id, empty, left];
    });
    expect(early).toEqual([
      ['baseline', 0, 0],
      ['toplevel-accounting', 0, 0],
      ['double-count-fix', 0, 51],
      ['shared-page-unmap', 0, 53],
      ['landed', 0, 53],
    ]);
    expect(of(TOUCHED, 'landed', 'empty', 'early').rows).toEqual([
      { empty: false, early: false, count: 1 },
      { empty: false, early: true, count: 53 },
    ]);
  });

  it('shows each path to pmap_remove: exec, exit, munmap, mmap over something, msync, mprotect, brk', () => {
    const lines = `a: exec sh60
a: mmap anon 4p rw -> b
a: write b
a: mprotect b 1p none
a: munmap b 4p
a: brk +4p
a: brk -4p
a: exec sh60
a: exit
`;
    const { rows } = of(lines, 'landed', 'stack');
    const callers = new Set(rows.map(({ stack }) => stack!.slice(1).join(' < ')));
    expect(callers).toContain('vm_map_delete < kern_munmap');
    expect(callers).toContain('pmap_protect < kern_mprotect');
    expect(callers).toContain('vm_map_delete < vm_map_remove < exec_new_vmspace < do_execve');
    expect(callers).toContain('exec_free_abi_mappings < exit1');
    expect(callers).toContain('vm_map_delete < vm_map_remove < vmspace_dofree < vmspace_exit < exit1');
  });

  it('shows exit1 for a process that dies at a yield point too', () => {
    const lines = 'a: exec sh60\na: vfork -> b\nb: stop release-failed\nb: exit\nb: go\na: exit\n';
    const { rows } = of(lines, 'landed', 'stack');
    expect(rows.every(({ stack }) => stack!.at(-1) === 'exit1' || stack!.at(-1) === 'do_execve')).toBe(true);
  });

  it.each(['churn', 'vfork-exec', 'protections', 'sharers-exit-together', 'unshare'])(
    'counts every call and every early exit of %s',
    async (name) => {
      const workload = await loadWorkload(name);
      for (const variant of series) {
        const result = run(machine, workload, variant, { profile: true });
        const { record } = result;
        ({ machine } = result);
        const { calls, early, rows } = probe(record, ['stack', 'empty', 'early']);
        expect([calls, early]).toEqual([
          record.totals[REMOVE_CALLS]! - record.start[REMOVE_CALLS]!,
          record.totals[REMOVE_EARLY_EXITS]! - record.start[REMOVE_EARLY_EXITS]!,
        ]);
        expect(rows.every(({ count, stack }) => count > 0 && stack![0] === 'pmap_remove')).toBe(true);
      }
    },
  );

  it('prints the aggregation as dtrace does', () => {
    expect(probeText({ point: PROBE_POINT, results: [of(UNTOUCHED, 'baseline', 'stack', 'empty')] }))
      .toBe(`test under baseline: pmap_remove:entry by stack, empty

              pmap_remove
              vm_map_delete
              vm_map_remove
              vmspace_dofree
              vmspace_exit
              exit1
     empty 1          52

52 calls, 52 with resident_count == 0 (100.0%), 52 left at the first test (100.0%)
`);
  });
});
