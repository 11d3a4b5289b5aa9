/** What happened, in one line: `make: clock (line 9): ok -> SIGSEGV`. */
import type { OpOutcome, Outcomes } from '../run/outcome.ts';
import type { Ended, Killed } from '../run/record.ts';
import { ASLEEP, signalName } from '../workload/names.ts';
import type { CallPlace } from '../workload/places.ts';
import { hex } from './words.ts';

/** `panic in pmap_release: resident count 1 != 0, count=1` */
export function panicText({ where, reason, values }: Extract<Ended, { readonly kind: 'panic' }>): string {
  const list = Object.entries(values).map(([name, value]) => `${name}=${value}`);
  return [`panic in ${where}: ${reason}`, ...list].join(', ');
}

/** `ok`, `ENOENT`, `SIGSEGV`, `not run, killed by SIGSEGV`. signal: that the process of an op not run had died of. */
export function outcomeText(name: string, signal: number | null): string {
  if (name !== 'not-run') return name;
  if (signal === ASLEEP) return 'not run, asleep in vfork';
  return signal === null || signal === 0 ? 'not run' : `not run, killed by ${signalName(signal)}`;
}

const killedText = ({ process, signal }: Omit<Killed, 'op'>): string => `${process} killed by ${signal}`;

/** What op `op` of a run came to, and who died in it: `ok`, `ok, make killed by SIGSEGV`. */
export function opOutcomeText(op: number, outcome: string, killed: readonly Killed[]): string {
  return [outcome, ...killed.filter((one) => one.op === op).map(killedText)].join(', ');
}

function sideText(outcome: OpOutcome, withValue: boolean): string {
  if (outcome.kind === 'panic') return panicText(outcome);
  if (outcome.kind === 'done') return 'goes on';
  if (outcome.kind === 'killed') return killedText(outcome);
  const { name, value } = outcome;
  if (name === 'not-run') return outcomeText(name, value);
  return withValue ? `${name}, ${value === null ? 'no number' : hex(value)}` : name;
}

/** `ok -> SIGSEGV`; where the outcome has one name, what the op returned or read. */
export function outcomesText({ reference, candidate }: Outcomes): string {
  const withValue = reference.kind === 'outcome' && candidate.kind === 'outcome' && reference.name === candidate.name;
  return `${sideText(reference, withValue)} -> ${sideText(candidate, withValue)}`;
}

/** place null: no op of the workload. */
export function happenedText(place: CallPlace | null, outcomes: Outcomes): string {
  if (place === null) return `at the end: ${outcomesText(outcomes)}`;
  const { op, line, process, call } = place;
  return `${process}: ${call} (${line > 0 ? `line ${line}` : `op ${op}`}): ${outcomesText(outcomes)}`;
}
