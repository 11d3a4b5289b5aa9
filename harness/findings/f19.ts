import type { OpenFinding } from './finding.ts';

export const f19: OpenFinding = {
  id: 'F19',
  kind: 'claim',
  title: 'The pmap lock is uncontended in these paths',
  reason: 'needs the contention model: nothing waits for a lock here',
};
