/** Address spaces of two machines under the same numbers, so that one that is gone shifts no other. */
import type { StateRow } from '../compare/state-diff.ts';
import { type MachineState, PMAP_FIELDS } from '../run/record.ts';

const num = (row: StateRow, column: string): number => Number(row[column]);

/**
 * The candidate's state with the reference's numbers of vmspaces: spaces in which the same process runs are the same, and
 * one that has no counterpart has a number of its own. Either machine numbers them by age, also when one of them is gone.
 */
export function renumbered(state: MachineState, reference: MachineState): MachineState {
  const homes = new Map(processesOf(reference).map((row) => [num(row, 'pid'), num(row, 'vmspace')]));
  const numbers = new Map<number, number>();
  for (const row of processesOf(state)) {
    const [home, own] = [homes.get(num(row, 'pid')), num(row, 'vmspace')];
    if (home !== undefined && !numbers.has(own) && ![...numbers.values()].includes(home)) numbers.set(own, home);
  }
  const count = state.machine.map.filter(({ kind }) => kind === 'vmspace').length;
  let fresh = reference.machine.map.filter(({ kind }) => kind === 'vmspace').length;
  for (let own = 1; own <= count; own++) if (!numbers.has(own)) numbers.set(own, ++fresh);
  const numberOf = (own: number): number => numbers.get(own) ?? 0;
  const plane = (rows: MachineState['machine']['map']): MachineState['machine']['map'] =>
    rows.map((row) => {
      if (row.kind === 'vmspace') return { ...row, id: numberOf(num(row, 'id')) };
      return 'vmspace' in row ? { ...row, vmspace: numberOf(num(row, 'vmspace')) } : row;
    });
  const pmaps = new Int32Array((2 + Math.max(fresh, count)) * PMAP_FIELDS);
  for (const [own, number] of numbers)
    pmaps.set(state.pmaps.subarray((own + 1) * PMAP_FIELDS, (own + 2) * PMAP_FIELDS), (number + 1) * PMAP_FIELDS);
  return {
    ...state,
    machine: { map: plane(state.machine.map), tables: plane(state.machine.tables) },
    pmaps,
    cpus: state.cpus.map(numberOf),
  };
}

const processesOf = ({ machine }: MachineState): readonly StateRow[] =>
  machine.map.filter(({ kind }) => kind === 'proc');
