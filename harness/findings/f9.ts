import type { OpenFinding } from './finding.ts';

export const f9: OpenFinding = {
  id: 'F9',
  kind: 'claim',
  title: 'The fork loop runs 5750 times a second with the early exit, 5430 times without',
  reason: 'needs the cost model: a ratio of modelled cycles as a range',
};
