/** CPUs: which pmap is loaded where, PCIDs, and delayed invalidation. */
import { PMAP_PCID_NONE, type Pmap } from '../../core/inspect.ts';
import { type State } from './state.ts';

const isActive = ({ activeLo, activeHi }: Pmap, cpu: number): boolean =>
  ((cpu < 32 ? activeLo >>> cpu : activeHi >>> (cpu - 32)) & 1) !== 0;

export function checkCpus(state: State): void {
  const { m, survey, report } = state;
  const pmaps = [m.pmap0, ...survey.spaces.map(({ pmap }) => pmap)];
  for (const { id, curpmap, pcidGen } of m.cpus) {
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
