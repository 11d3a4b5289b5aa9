/** Does a finding show in a variant? Read off the ledger, or off what the variant was seen to do. */
import type { Finding } from './finding.ts';
import type { Answer, FindingResult } from './result.ts';

/** By case of each finding that was asked: whether it shows. */
export class Shown {
  readonly #answers = new Map<string, boolean>();

  constructor(asked: readonly FindingResult[] = []) {
    for (const { id, cases } of asked)
      cases.forEach(({ answers }, i) => {
        for (const { variant, status } of answers)
          if (isAnswer(status)) this.#answers.set(key(id, i, variant), status === 'shows');
      });
  }

  /** In that case; null: nothing is said of it. */
  inCase({ id, cases }: Finding, i: number, variant: string): boolean | null {
    return cases[i].expected[variant]?.shows ?? this.#answers.get(key(id, i, variant)) ?? null;
  }

  /** In some case. */
  inAny(finding: Finding, variant: string): boolean {
    return finding.cases.some((_one, i) => this.inCase(finding, i, variant) === true);
  }
}

const isAnswer = (status: Answer['status']): boolean => status === 'shows' || status === 'absent';
const key = (finding: string, i: number, variant: string): string => `${finding} ${i} ${variant}`;
