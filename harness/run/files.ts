/** The files of a workload on its machine. */
import { type Machine, fileCreate } from '../../core/index.ts';
import { FILES_SHARE } from '../workload/machine.ts';
import type { WorkloadFile } from '../workload/ops.ts';

/** Makes the files; returns their numbers. A read of one that is not in memory brings in the pages around it too. */
export function createFiles(m: Machine, files: readonly WorkloadFile[]): readonly number[] {
  // Frames decide which pv list locks are taken: what fits has its frames from the start.
  const isLarge = files.reduce((sum, { pages }) => sum + pages, 0) > m.frames / FILES_SHARE;
  return files.map(({ pages, resident, mode }) =>
    fileCreate(m, pages, resident, mode, false, resident === 'none', isLarge),
  );
}
