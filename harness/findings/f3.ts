import type { RemoveCalls, RunRecord } from '../run/record.ts';
import { type ExpectedCell, type Finding, type FindingCase, absent, showsOtherwise } from './finding.ts';

const share = (what: string, { calls, early }: RemoveCalls): string =>
  calls === 0 ? `no call in ${what}` : `${what} ${early}/${calls} (${Math.round((100 * early) / calls)}%)`;

/** Early exits at exit and at exec: counts, and shares in percent. */
function sharesByPlace({ ops, removeByPlace: { exit, exec } }: RunRecord): string | null {
  return ops === 0 ? null : `${share('exit', exit)}, ${share('exec', exec)}`;
}

function recorded(
  recording: string,
  touch: 'recorded' | 'exec',
  [baseline, toplevel, fixed, landed]: readonly string[],
): FindingCase {
  const expected: Record<string, ExpectedCell> = {
    baseline: showsOtherwise(baseline!),
    'toplevel-accounting': absent(toplevel!),
    'double-count-fix': absent(fixed!),
    'shared-page-unmap': absent(landed!),
    landed: absent(landed!),
  };
  return {
    name: `${recording}, the shared page touched ${touch === 'exec' ? "by every program that was exec'd" : 'as recorded'}`,
    workload: { recording, touch },
    observes:
      'early exits / pmap_remove calls at exit and at exec (published: 15-20% at exit, a large majority at exec)',
    observe: sharesByPlace,
    isShownBy: (got) => got === baseline,
    expected,
    source: `recordings replay/${recording}_fa1.touch-${touch} (removeByPlace; shared-page-unmap as landed, F13)`,
  };
}

export const f3: Finding = {
  id: 'F3',
  kind: 'observation',
  title: 'Calls leave early before the review: in exit 15-20% as published, 0-95% measured',
  thread: 'First round, tracing of a kernel build.',
  claim:
    'About 15-20% of the pmap_remove() calls in exit and a large majority in execve return early, presumably because some programs never fault the shared page in. Measured here: 0-95% in exit, by who touches the page, and all in execve; no policy is chosen to meet the published share.',
  cases: [
    recorded('make12', 'recorded', [
      'exit 1378/3275 (42%), exec 44/44 (100%)',
      'exit 0/3275 (0%), exec 0/44 (0%)',
      'exit 3202/3275 (98%), exec 42/44 (95%)',
      'exit 3275/3348 (98%), exec 45/47 (96%)',
    ]),
    recorded('make12', 'exec', [
      'exit 0/3275 (0%), exec 44/44 (100%)',
      'exit 0/3275 (0%), exec 0/44 (0%)',
      'exit 3202/3275 (98%), exec 42/44 (95%)',
      'exit 3275/3348 (98%), exec 45/47 (96%)',
    ]),
    recorded('pipe_one', 'recorded', [
      'exit 208/242 (86%), exec 132/132 (100%)',
      'exit 0/242 (0%), exec 0/132 (0%)',
      'exit 235/242 (97%), exec 126/132 (95%)',
      'exit 242/249 (97%), exec 133/139 (96%)',
    ]),
    recorded('pipe_one', 'exec', [
      'exit 0/242 (0%), exec 132/132 (100%)',
      'exit 0/242 (0%), exec 0/132 (0%)',
      'exit 235/242 (97%), exec 126/132 (95%)',
      'exit 242/249 (97%), exec 133/139 (96%)',
    ]),
    recorded('forkloop_small', 'exec', [
      'exit 1000/1050 (95%), no call in exec',
      'exit 0/1050 (0%), no call in exec',
      'exit 1029/1050 (98%), no call in exec',
      'exit 1050/1071 (98%), exec 1/1 (100%)',
    ]),
  ],
  control: 'toplevel-accounting',
  known: [],
};
