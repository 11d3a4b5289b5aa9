import type { RunRecord } from '../run/record.ts';
import { callsIn } from './criteria.ts';
import { type Finding, type Observed, absent, shows } from './finding.ts';
import { earlyOfCalls } from './observe.ts';
import { DEMOTION, upTo } from './up-to.ts';

const workload = `program low entries=1 abi=lowered
a: exec bare
a: mmap phys 1p r fixed 0x10000000
a: clock
a: rfork mem -> b
b: stop ppwait-cleared
b: exec bare
a: exit
b: go
b: mmap phys 1p r fixed 0x10000000
b: clock
b: exec low
`;

/** Early exits in the clean-up after an exec within the ABI, and after one across ABIs. */
function cleanUps(record: RunRecord): string | null {
  const [within, across] = [earlyOfCalls(record, 7), earlyOfCalls(record, 10)];
  return within === null || across === null ? null : `${within}, ${across}`;
}

/** A full call makes the rest of the clean-up early within the ABI, but not across. */
function isWrongRange(got: Observed): boolean {
  const [within, across] = callsIn(got);
  return within.early > 0 && within.early < within.calls && across.early === 0;
}

/**
 * What an early unmapping at clean-up counts where a superpage covers the page. Every chunk is freed alone there, and the
 * new ones are put on the list together.
 */
const atCleanUp = upTo([...DEMOTION, ['pvChunkListLocks', 5, 0]], 'vmspace freed');

export const n9: Finding = {
  id: 'N9',
  kind: 'fault',
  title: "At exec's clean-up a helper in vmspace_dofree takes the wrong ABI's range",
  thread: 'Not in the thread; on the vmspace_clear() of its second round.',
  claim:
    "vmspace_dofree has no process of its own: when exec's clean-up drops the old address space, p_sysent is the new image's. Across ABIs the helper unmaps a range that the old image never used, and the early exit is lost. landed's hook takes the range before, and only where exec reuses.",
  cases: [
    {
      name: 'an address space of a touched shared page and an entry never touched goes at clean-up, within an ABI and across',
      workload,
      observes: 'early exits / pmap_remove calls: of the clean-up within the ABI, of the exec across ABIs',
      observe: cleanUps,
      isShownBy: isWrongRange,
      expected: {
        baseline: absent('0/2, 0/2'),
        'toplevel-accounting': absent('0/2, 0/2'),
        'double-count-fix': absent('1/1, 0/2'),
        'shared-page-unmap': absent('0/2, 0/2'),
        landed: absent('0/2, 0/2'),
        'vmspace-clear': shows('1/2, 0/2'),
      },
      source:
        'sys/kern/kern_exec.c do_execve sets p_sysent before exec_cleanup frees the old vmspace; sys/vm/vm_map.c vmspace_free calls no pmap_remove_pages',
    },
  ],
  control: 'landed',
  known: [
    ...['pvListWriteLocks', 'invalidatePages', 'removeCalls', 'vmObjectWriteLocks'].map((what) => ({
      finding: 'N9',
      variant: 'vmspace-clear',
      what,
      by: 'more',
      until: 'vmspace-clear-as-spelled',
    })),
    ...['pvListWriteLocks', 'invalidatePages'].map((what) => ({
      finding: 'N9',
      variant: 'unmap-after-remove-pages',
      what,
      by: 'more',
    })),
    ...['vmspace-clear', 'unmap-after-remove-pages'].flatMap((variant) =>
      atCleanUp.map((one) => ({ finding: 'N9', variant, until: 'vmspace-clear-as-spelled', ...one })),
    ),
    // While memory is short, its pages are taken from others; as spelled it takes none.
    ...['vmspace-clear', 'unmap-after-remove-pages', 'vmspace-clear-as-spelled'].map((variant) => ({
      finding: 'N9',
      variant,
      what: 'free pages',
      by: 'up to +1 per vmspace freed',
    })),
    {
      finding: 'N9',
      variant: 'unmap-after-remove-pages',
      what: 'invalidateAlls',
      by: 'up to +1 per vmspace freed',
    },
    // Where that was the only page of a larger entry, the sweep finds nothing to flush.
    ...['vmspace-clear', 'unmap-after-remove-pages'].map((variant) => ({
      finding: 'N9',
      variant,
      what: 'invalidateAlls',
      by: 'up to -1 per clean-up with other memory there',
      until: 'vmspace-clear-as-spelled',
    })),
    {
      finding: 'N9',
      variant: 'vmspace-clear',
      what: 'vmObjectReadLocks',
      by: 'up to +2 per vmspace freed',
      until: 'vmspace-clear-as-spelled',
    },
  ],
};
