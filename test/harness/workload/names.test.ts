import { describe, expect, it } from 'vitest';
import {
  OUTCOME_NOT_RUN,
  OUTCOME_OK,
  OUTCOME_SIGNAL,
  OUTCOME_STOPPED,
  outcomeName,
} from '../../../harness/workload/names.ts';

describe('the name of an outcome', () => {
  it('distinguishes an op that stopped half-way from one that was not run', () => {
    expect([OUTCOME_OK, 2, OUTCOME_SIGNAL + 11, OUTCOME_NOT_RUN, OUTCOME_STOPPED].map(outcomeName)).toEqual([
      'ok',
      'ENOENT',
      'SIGSEGV',
      'not-run',
      'stopped',
    ]);
  });

  it('is a number if there is no name', () => {
    expect([99, OUTCOME_SIGNAL + 40].map(outcomeName)).toEqual(['E99', 'SIG40']);
  });
});
