/** CPUs: which pmap is loaded where, PCIDs, and delayed invalidation. */
import { type Cpu, PMAP_PCID_NONE, type Pmap } from '../../core/inspect.ts';
import { type State } from './state.ts';

const isActive = ({ activeLo, activeHi }: Pmap, cpu: number): boolean =>
  ((cpu < 32 ? activeLo >>> cpu : activeHi >>> (cpu - 32)) & 1) !== 0;

export function checkCpus(state: State): void {
  const { m, survey, report } = state;
  const pmaps = [m.pmap0, ...survey.spaces.map(({ pmap }) => pmap)];
  for (const cpu of m.cpus) {
    const { id, curpmap, pcidGen } = cpu;
    checkRoots(state, cpu, pmaps);
    const taken = new Map<number, Pmap>();
    for (const pmap of pmaps) {
      const [active, loaded] = [isActive(pmap, id), curpmap === pmap];
      if (active !== loaded)
        report.broken('pmap-active', state.who(pmap), `CPU ${id}: ${loaded}`, `CPU ${id}: ${active}`);
      if (!m.config.pcid || pmap === m.pmap0 || pmap.pcidGen[id] !== pcidGen) continue;
      const pcid = pmap.pcid[id];
      const other = taken.get(pcid);
      const end = m.config.pti ? 0x800 : 0x1000;
      if (other !== undefined || pcid === PMAP_PCID_NONE || pcid <= 0 || pcid >= end)
        report.broken(
          'pcid',
          state.who(pmap),
          `CPU ${id}: one of 1..${end - 1} for itself`,
          other === undefined ? pcid : `${pcid}, as pmap ${other.id}`,
        );
      taken.set(pcid, pmap);
    }
    if (curpmap !== null && !pmaps.includes(curpmap))
      report.broken('pmap-active', null, `CPU ${id}: a live pmap`, `pmap ${curpmap.id}`);
  }
  const { invlOpen, invlBegun, invlFinished } = m;
  if (invlOpen !== 0 || invlBegun !== invlFinished)
    report.broken(
      'delayed-invalidation',
      null,
      '0 open, all finished',
      `${invlOpen} open, ${invlFinished} of ${invlBegun}`,
    );
  const { invlGen } = m.page;
  for (let run = 0; run < invlGen.length; run++)
    if (invlGen[run] > invlBegun)
      report.broken('delayed-invalidation', null, `2M frame ${run}: at most ${invlBegun}`, invlGen[run]);
}

/** A pmap without a user root runs user mode on the kernel's. */
function checkRoots({ report, who }: State, cpu: Cpu, pmaps: readonly Pmap[]): void {
  const { id, curpmap, root, userRoot, isolated } = cpu;
  if (curpmap === null || !pmaps.includes(curpmap)) return;
  const { top, topUser } = curpmap;
  if (root === top && isolated === (topUser !== 0) && (!isolated || userRoot === topUser)) return;
  report.broken(
    'cpu-roots',
    who(curpmap),
    `CPU ${id}: ${top}, ${topUser}`,
    `${root}, ${isolated ? userRoot : 'not isolated'}`,
  );
}
