import { describe, expect, it } from 'vitest';
import { loadWorkload } from '../../../harness/input/load.ts';
import {
  type Hunks,
  SYSENT_NATIVE_LA48,
  type Variant,
  landed,
  pmapFreePtPage,
  pmapRemove,
  pmapResidentCountAdj,
} from '../../../variants/index.ts';
import { againstLanded } from '../../support/variant-fixtures.ts';

const { hunks } = landed;
const faulty = (id: string, some: Partial<Hunks>): Variant => ({
  ...landed,
  id,
  after: 'landed',
  intends: [],
  hunks: { ...hunks, ...some },
});

interface Fault {
  readonly fault: string;
  readonly workload: string;
  readonly shows: string;
  readonly hunks: Partial<Hunks>;
}

const unmapAtFixedPlace: Hunks['exitBeforeVmspaceExit'] = (m, { vmspace }) => {
  const { base, len } = SYSENT_NATIVE_LA48.sharedPage!;
  if (vmspace.refcnt === 1) pmapRemove(m, vmspace.pmap, base, base + len);
};

const faults: readonly Fault[] = [
  {
    fault: 'the top-level page of five levels is subtracted twice',
    workload: 'exec-touched-la57',
    shows: 'panic',
    hunks: {
      releaseTopPage(m, pmap, frame, zeroed) {
        hunks.releaseTopPage(m, pmap, frame, zeroed);
        if (m.la57) pmapResidentCountAdj(m, pmap, -1);
      },
    },
  },
  {
    fault: 'the top-level page stays where the shared page lies a page lower',
    workload: 'exec-touched-lower-shared',
    shows: 'balance pagesInUse',
    hunks: {
      releaseTopPage(m, pmap, frame, zeroed) {
        if (!m.config.lowerShared) pmapFreePtPage(m, null, frame, zeroed);
        pmapResidentCountAdj(m, pmap, -1);
      },
    },
  },
  {
    fault: 'the hooks unmap where the shared page of four levels lies, whatever the ABI',
    workload: 'exec-across-abis',
    shows: 'removeEarlyExits',
    hunks: { execBeforeTeardown: unmapAtFixedPlace, exitBeforeVmspaceExit: unmapAtFixedPlace },
  },
  {
    fault: 'pmap_remove of kernel_pmap always leaves early',
    workload: 'kernel-memory',
    shows: 'removeEarlyExits',
    hunks: { removeIsNoop: (m, pmap) => pmap === m.kernelPmap || hunks.removeIsNoop(m, pmap) },
  },
  {
    fault: 'each top-level page is counted in kernel_pmap too',
    workload: 'exit-untouched',
    shows: 'residentCount',
    hunks: {
      pinitTopPage(m, pmap) {
        pmapResidentCountAdj(m, m.kernelPmap, 1);
        return hunks.pinitTopPage(m, pmap);
      },
    },
  },
  {
    fault: 'each top-level page is counted in pmap0 while it lives',
    workload: 'pipeline',
    shows: 'residentCount',
    hunks: {
      pinitTopPage(m, pmap) {
        pmapResidentCountAdj(m, m.pmap0, 1);
        return hunks.pinitTopPage(m, pmap);
      },
      releaseTopPage(m, pmap, frame, zeroed) {
        pmapResidentCountAdj(m, m.pmap0, -1);
        hunks.releaseTopPage(m, pmap, frame, zeroed);
      },
    },
  },
];

describe('the catalog finds a fault that shows on one kind of machine only, or in a pmap that does not act', () => {
  it.each(faults)('$fault', async ({ fault, workload, shows, hunks: some }) => {
    const { pairs } = againstLanded(await loadWorkload(workload), faulty(fault, some));
    const [{ standing, differences }] = pairs as [(typeof pairs)[0]];
    expect(standing).toBe('unexpected');
    expect(differences.map(({ what }) => what)).toContain(shows);
  });
});

describe('a fault that ends in a panic on one kind of machine', () => {
  const corrupt = faulty('corrupt', {
    exitBeforeVmspaceExit(m, p) {
      if (m.config.la57) {
        const entry = p.vmspace.map.header.right;
        entry.end = entry.start;
      }
      hunks.exitBeforeVmspaceExit(m, p);
    },
  });

  it('shows there, and on no later workload in the same process', async () => {
    const standings = [];
    for (const name of ['exec-touched-la57', 'exit-touched', 'heap-and-files']) {
      const [pair] = againstLanded(await loadWorkload(name), corrupt).pairs;
      standings.push([name, pair!.verdict, pair!.standing, pair!.differences.map(({ what }) => what)]);
    }
    expect(standings).toEqual([
      ['exec-touched-la57', 'panic', 'unexpected', expect.arrayContaining(['panic'])],
      ['exit-touched', 'identical', null, []],
      ['heap-and-files', 'identical', null, []],
    ]);
  });
});
