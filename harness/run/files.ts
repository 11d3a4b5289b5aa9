/** The files and programs of a workload on its machine. */
import { type Image, type Machine, fileCreate } from '../../core/index.ts';
import { FILES_SHARE } from '../workload/machine.ts';
import type { Workload, WorkloadFile } from '../workload/ops.ts';
import { sysentOf } from './sysent.ts';

/** Makes the files; returns their numbers. A read of one that is not in memory brings in the pages around it too. */
export function createFiles(m: Machine, files: readonly WorkloadFile[]): readonly number[] {
  // Frames decide which pv list locks are taken: what fits has its frames from the start.
  const isLarge = files.reduce((sum, { pages }) => sum + pages, 0) > m.frames / FILES_SHARE;
  return files.map(({ pages, resident, mode }) =>
    fileCreate(m, pages, resident, mode, false, resident === 'none', isLarge),
  );
}

/** What exec loads, by program. files: their numbers. */
export const imagesOf = (
  { programs, machine }: Pick<Workload, 'programs' | 'machine'>,
  files: readonly number[],
): readonly Image[] =>
  programs.map(({ name, spec, maps, touched, text, data, heap }) => {
    const numbered = maps.map(({ kind, start, len, prot, maxProt, file, off }) => {
      return { kind, start, len, prot, maxProt, file: file < 0 ? -1 : files[file], off };
    });
    return { name, maps: numbered, touched, text, data, heap, sysent: sysentOf(machine, spec.abi) };
  });
