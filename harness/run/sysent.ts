/** The ABIs that a workload can name. */
import {
  SYSENT_LINUX_LA48,
  SYSENT_NATIVE_LA48,
  SYSENT_NATIVE_LA57,
  SYSENT_NATIVE_LOWERED,
  SYSENT_WITHOUT_SHARED_PAGE,
  type Sysent,
} from '../../core/index.ts';
import type { Abi, Workload } from '../workload/ops.ts';

/** An ABI on the workload's machine; the first processes start with native. */
export function sysentOf({ la57, lowerShared }: Workload['machine'], abi: Abi = 'native'): Sysent {
  if (abi === 'linux') return SYSENT_LINUX_LA48;
  if (abi === 'no-shared') return SYSENT_WITHOUT_SHARED_PAGE;
  if (abi === 'lowered') return SYSENT_NATIVE_LOWERED;
  if (la57) return SYSENT_NATIVE_LA57;
  return lowerShared ? SYSENT_NATIVE_LOWERED : SYSENT_NATIVE_LA48;
}
