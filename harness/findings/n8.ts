import type { OpenFinding } from './finding.ts';

export const n8: OpenFinding = {
  id: 'N8',
  kind: 'fault',
  title: "vm_swapout's resident_count <= 0 is never true again",
  reason: 'needs a swapout op',
};
