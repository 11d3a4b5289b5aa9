import { type Finding, absent, shows } from './finding.ts';
import { outcome } from './observe.ts';

/** What the fault of a signal's frame counts, and what unmaps memory in place of the page. */
const OF_FRAME =
  'pmapLocks delayedInvalidations invalidatePages invlpgs pvListWriteLocks prefaults superpageMappings demotions pagesDirtied ptPageAllocs ptPageFrees pvChunkAllocs pvChunkFrees pvChunkListLocks'.split(
    ' ',
  );

export const f6: Finding = {
  id: 'F6',
  kind: 'fault',
  title: 'A process that shares the vmspace loses the shared page',
  thread: 'Second round, on exit1() of Diff 97187.',
  claim:
    'Several processes may share the vmspace; exit then only drops a reference, so unmapping must not happen yet: the survivor dies at its next clock read or caught signal.',
  cases: [
    {
      name: 'a spawned child fails to exec, its parent reads the clock',
      workload: 'make: exec sh60\nmake: spawn ENOENT -> cc\nmake: clock\n',
      observes: 'outcome of the clock read',
      observe: (record) => outcome(record, 2),
      isShownBy: (got) => got !== 'ok',
      expected: {
        baseline: absent('ok'),
        'toplevel-accounting': absent('ok'),
        'double-count-fix': shows('SIGSEGV'),
        'shared-page-unmap': absent('ok'),
        landed: absent('ok'),
        'unmap-without-refcount-check': absent('ok'),
      },
      source: 'recordings vm/scen-vfork (the entry is gone from the shared map)',
    },
    {
      name: 'a vforked child exits without an exec, its parent catches a signal',
      workload: 'make: exec sh60\nmake: handler SIGUSR1\nmake: vfork -> cc\ncc: exit 127\nmake: kill make SIGUSR1\n',
      observes: 'outcome of the signal',
      observe: (record) => outcome(record, 4),
      isShownBy: (got) => got !== 'ok',
      expected: {
        baseline: absent('ok'),
        'toplevel-accounting': absent('ok'),
        'double-count-fix': shows('SIGSEGV'),
        'shared-page-unmap': absent('ok'),
        landed: absent('ok'),
        'unmap-without-refcount-check': absent('ok'),
      },
      source:
        'recordings vm/scen-vfork (the entry is gone from the shared map); sys/amd64/amd64/exec_machdep.c sendsig returns to sv_sigcode_base',
    },
  ],
  control: 'shared-page-unmap',
  known: [
    { finding: 'F6', variant: 'double-count-fix', what: 'map', until: 'shared-page-unmap' },
    {
      finding: 'F6',
      variant: 'double-count-fix',
      what: 'outcome',
      // SIGSEGV: a process touches the page, in its own call or in another's; SIGILL: its handler touches the page too;
      // ok: mprotect skips the hole
      outcomes: ['SIGSEGV', 'ENOMEM', 'SIGILL', 'ok'],
      until: 'shared-page-unmap',
    },
    // Several die in one op if none can run its handler. The last one's call for the page is not made, and the first one's may
    // have been early: then a frame was put on the stack. Of other memory in place of the page, that frame's fault maps less,
    // perhaps no superpage. The last one may leave by an exec that it finishes as it is killed.
    ...['teardown', 'clean-up'].map((last) => ({
      finding: 'F6',
      variant: 'double-count-fix',
      what: 'between exits',
      by: `up to +1 per ${last} without the shared page`,
      counters: OF_FRAME,
      until: 'shared-page-unmap',
    })),
    // The next to leave finds no page, and no table behind it; others that run are interrupted.
    ...[
      ['teardownsWithoutSharedPage', 'up to +1 per exit'],
      ['teardownsWithoutItsTable', 'up to +1 per exit'],
      ['cleanupsWithoutSharedPage', 'up to +1 per vmspace freed'],
      ['teardownsWithPagesAbove', 'up to -1 per exit'],
      ['shootdowns', 'up to +1 per exit'],
      ['ipis', 'more'],
      ['invpcids', 'up to +1 per exit, up to -1 per exit'],
    ].map(([what, by]) => ({
      finding: 'F6',
      variant: 'double-count-fix',
      what: what!,
      by: by!,
      until: 'shared-page-unmap',
    })),
  ],
  knownViolations: [
    { finding: 'F6', variant: 'double-count-fix', what: 'shared-page-entry', until: 'shared-page-unmap' },
    { finding: 'F6', variant: 'double-count-fix', what: 'shared-page-signal', until: 'shared-page-unmap' },
  ],
};
