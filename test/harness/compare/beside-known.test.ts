import { describe, expect, it } from 'vitest';
import type { Hunks } from '../../../core/index.ts';
import { checkers } from '../../../harness/check/checker.ts';
import { planComparison } from '../../../harness/compare/plan.ts';
import { compareWorkload } from '../../../harness/compare/workload.ts';
import { knownDifferences, knownViolations } from '../../../harness/findings/index.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import type { Workload } from '../../../harness/workload/ops.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import {
  baseline,
  doubleCountFix,
  landed,
  pmapAllocPtPage,
  pmapFreePtPage,
  pmapPtPageCountAdj,
  pmapRemove,
  series,
  toplevelAccounting,
} from '../../../variants/index.ts';
import { factsOfAll } from '../../support/facts.ts';
import { recordOf } from '../../support/ran.ts';

/** Unexpected differences when double-count-fix, which has fault F6, has these members instead. */
function unexpectedOf(workload: Workload, hunks: Partial<Hunks>, check = false): string[] {
  const planted = { ...doubleCountFix, hunks: { ...doubleCountFix.hunks, ...hunks } };
  const plan = planComparison(['baseline', planted.id], factsOfAll([baseline, toplevelAccounting, planted]), {
    against: { kind: 'variant', id: 'baseline' },
    ledger: [...knownDifferences, ...knownViolations],
    predecessors: false,
  });
  const records = [baseline, planted].map((variant) => recordOf(workload, variant, { check }, { checker: checkers() }));
  return compareWorkload(plan, workload, records).pairs[0]!.differences.flatMap(({ what, standing }) =>
    standing === 'unexpected' ? [what] : [],
  );
}

const SHARERS = 'a: exec sh60\na: rfork mem -> b\na: clock\nb: exit\na: mmap anon 4p rw -> m\na: clock\n';

describe('a second fault in addition to F6, on a workload that shows F6,', () => {
  it('is not reported unless planted', async () => {
    for (const workload of [await loadWorkload('vfork-execfail'), parseWorkload(SHARERS, 'sharers')])
      expect(unexpectedOf(workload, {}, true)).toEqual([]);
  });

  it('is caught as a leak at the end', async () => {
    const releaseTopPage: Hunks['releaseTopPage'] = (m, pmap, frame, zeroed) => {
      doubleCountFix.hunks.releaseTopPage(m, pmap, frame, zeroed);
      pmapPtPageCountAdj(m, null, 1);
    };
    expect(unexpectedOf(await loadWorkload('vfork-execfail'), { releaseTopPage })).toContain('balance userPtPageCount');
  });

  it('is caught by the invariants if it miscounts temporarily', () => {
    const exitBeforeVmspaceExit: Hunks['exitBeforeVmspaceExit'] = (m, p) => {
      doubleCountFix.hunks.exitBeforeVmspaceExit(m, p);
      pmapPtPageCountAdj(m, null, m.live.size > 1 ? 1 : -1);
    };
    const workload = parseWorkload(SHARERS, 'sharers');
    expect(unexpectedOf(workload, { exitBeforeVmspaceExit })).toEqual([]);
    expect(unexpectedOf(workload, { exitBeforeVmspaceExit }, true)).toEqual(['user-pt-page-count']);
  });

  it('is caught as a panic, if the kernel stops', async () => {
    const releaseEnd: Hunks['releaseEnd'] = (m, pmap) => {
      pmap.stats.residentCount++;
      doubleCountFix.hunks.releaseEnd(m, pmap);
    };
    expect(unexpectedOf(await loadWorkload('vfork-execfail'), { releaseEnd })).toContain('panic');
  });

  it('is not judged if it is cost-only: a workload without F6 shows it', async () => {
    const exitBeforeVmspaceExit: Hunks['exitBeforeVmspaceExit'] = (m, p) => {
      doubleCountFix.hunks.exitBeforeVmspaceExit(m, p);
      pmapRemove(m, p.vmspace.pmap, 0x1000, 0x2000);
    };
    expect(unexpectedOf(await loadWorkload('vfork-execfail'), { exitBeforeVmspaceExit })).toEqual([]);
    expect(unexpectedOf(await loadWorkload('exit-touched'), { exitBeforeVmspaceExit })).toContain('removeCalls');
  });
});

describe('where machines part by a finding,', () => {
  /** Unexpected differences of a user's variant of landed, from baseline. */
  function unexpectedIn(text: string, exitBeforeVmspaceExit: Hunks['exitBeforeVmspaceExit']): string[] {
    const hunks = { ...landed.hunks, exitBeforeVmspaceExit };
    const mine = { ...landed, id: 'mine', after: 'landed', intends: [], hunks };
    const plan = planComparison(['baseline', 'mine'], factsOfAll([...series, mine]), {
      against: { kind: 'variant', id: 'baseline' },
      ledger: knownDifferences,
      predecessors: false,
    });
    const workload = parseWorkload(text, 'parting');
    const records = [baseline, mine].map((one) => recordOf(workload, one));
    return compareWorkload(plan, workload, records).pairs[0]!.differences.flatMap(({ what, standing }) =>
      standing === 'unexpected' ? [what] : [],
    );
  }

  const stopped = (address: string): string => `a: exec bare
a: mmap file f 1p rw shared fixed ${address}
a: fork -> b
a: read ${address}
b: read ${address}
b: stop refcnt-tested
b: exit
a: msync ${address} 1p invalidate
b: go
`;

  it('what another process comes upon is excused only where the finding says so', () => {
    expect(unexpectedIn(stopped('shared'), landed.hunks.exitBeforeVmspaceExit)).toEqual([]);
    const at = 0x40000000;
    const elsewhere: Hunks['exitBeforeVmspaceExit'] = (m, p) => {
      landed.hunks.exitBeforeVmspaceExit(m, p);
      pmapRemove(m, p.vmspace.pmap, at, at + 0x1000);
    };
    const found = unexpectedIn(stopped(`0x${at.toString(16)}`), elsewhere);
    expect(found).toEqual(expect.arrayContaining(['pmapTryLocks', 'removeCalls']));
  });

  it('so is what is taken while memory is short', () => {
    const takesPage: Hunks['exitBeforeVmspaceExit'] = (m, p) => {
      landed.hunks.exitBeforeVmspaceExit(m, p);
      pmapFreePtPage(m, null, pmapAllocPtPage(m, null, 0), true);
    };
    const short = 'a: exec bare\nb: exec bare\nb: kmem-take 2\na: exit\n';
    expect(unexpectedIn(short, landed.hunks.exitBeforeVmspaceExit)).toEqual([]);
    expect(unexpectedIn(short, takesPage)).toEqual(['ptPageAllocs', 'ptPageFrees', 'shortAllocs']);
  });
});

describe('a finding', () => {
  const reserved =
    'machine superpages=on\np: exec sh60\np: mmap anon 4M rw -> m\np: write m 4M\np: munmap m 4M\np: exit\n';
  const ledger = [...knownDifferences, ...knownViolations];

  /** What fails in a run of a user's variant of landed, each with its standing. */
  function faultsOf(hunks: Partial<Hunks>, text: string, check = false): string[] {
    const mine = { ...landed, id: 'mine', after: 'landed', intends: [], hunks: { ...landed.hunks, ...hunks } };
    const plan = planComparison(['baseline', 'mine'], factsOfAll([...series, mine]), {
      against: { kind: 'variant', id: 'baseline' },
      ledger,
      predecessors: false,
    });
    const workload = parseWorkload(text, 'reserved');
    const records = [baseline, mine].map((one) => recordOf(workload, one, { check }, { checker: checkers() }));
    return compareWorkload(plan, workload, records).runs[1]!.faults.map(({ name, standing }) => `${standing} ${name}`);
  }

  const leaks: Hunks['releaseTopPage'] = (m, pmap, frame, zeroed) => {
    landed.hunks.releaseTopPage(m, pmap, frame, zeroed);
    pmapPtPageCountAdj(m, null, 1);
  };
  const countsTwice: Partial<Hunks> = {
    pinitTopPage: (m, pmap) => {
      pmapPtPageCountAdj(m, null, 1);
      return landed.hunks.pinitTopPage(m, pmap);
    },
    releaseTopPage: (m, pmap, frame, zeroed) => {
      landed.hunks.releaseTopPage(m, pmap, frame, zeroed);
      pmapPtPageCountAdj(m, null, -1);
    },
  };

  it('excuses exactly the leak that it states, and not one page more', () => {
    expect(faultsOf({}, reserved)).toEqual(['known balance userPtPageCount']);
    expect(faultsOf({ releaseTopPage: leaks }, reserved)).toEqual(['unexpected balance userPtPageCount']);
    expect(faultsOf({ releaseTopPage: leaks }, 'p: exec sh60\np: exit\n')).toEqual([
      'unexpected balance userPtPageCount',
    ]);
  });

  it('excuses nothing in a revision that follows its fix', () => {
    expect(faultsOf(countsTwice, 'p: exec sh60\np: exit\n', true)).toEqual(['unexpected user-pt-page-count']);
  });
});
