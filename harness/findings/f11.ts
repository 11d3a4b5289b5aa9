import type { OpenFinding } from './finding.ts';

export const f11: OpenFinding = {
  id: 'F11',
  kind: 'claim',
  title: 'NCPU instances: pv list lock contention in pmap_remove_pages() is the bottleneck',
  reason: 'needs the contention model',
};
