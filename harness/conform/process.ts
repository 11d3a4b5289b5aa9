/** A patched core that answers recordings, in a process of its own. */
import { type GuardedCode, GuardedProcess, type Heard } from '../process/guarded.ts';
import { shown } from '../run/shown.ts';
import type { ConformKind } from './kinds.ts';
import type { FromConform, ToConform } from './protocol.ts';
import type { Recording } from './recordings.ts';
import type { ConformReport } from './report.ts';

/** CPU time for loading, and for one recording. */
const LOAD_MS = 10_000;
const LIMIT_MS = 60_000;
const HEAP_MIB = 1024;
const RESIDENT_BYTES = 1536 * 2 ** 20;

/** Why a process could not answer. */
export class ConformFailure extends Error {}

export interface ConformRequest {
  readonly kind: ConformKind;
  /** the revision whose recorded answers are expected */
  readonly answers: string;
  readonly recordings: AsyncIterable<Recording>;
}

/**
 * code: a bundle of kind 'conform', and its name in messages. limitMs: CPU time for one recording. Throws ConformFailure
 * if the process refuses, dies or does not answer in time, and what `recordings` throw.
 */
export async function conformIn(
  code: GuardedCode,
  { kind, answers, recordings }: ConformRequest,
  onOutput: (text: string) => void,
  limitMs = LIMIT_MS,
): Promise<ConformReport> {
  const child = new GuardedProcess(code, {
    v8Options: [`--max-old-space-size=${HEAP_MIB}`],
    args: [code.file],
    residentBytes: RESIDENT_BYTES,
    onOutput,
  });
  const ask = async (request: ToConform, ms = limitMs): Promise<ConformReport | null> => {
    const { answer } = await child.ask<FromConform>(request, ms, hear);
    if ('message' in answer) throw new ConformFailure(shown(answer.message));
    return answer.kind === 'report' ? answer.report : null;
  };
  try {
    await ask({ kind: 'begin', of: kind, answers }, LOAD_MS);
    for await (const { name, recording } of recordings) await ask({ kind: 'take', name, recording });
    return (await ask({ kind: 'report' }))!;
  } finally {
    child.kill();
  }
}

/** The engine's own code makes a report; what a stranger's code could send is not one. */
function hear(message: unknown): Heard<FromConform> {
  if (typeof message !== 'object' || message === null) return { kind: 'invalid', where: 'kind' };
  const { kind, message: said, report } = message as Readonly<Record<string, unknown>>;
  if (kind === 'started') return { kind };
  if (kind === 'refused' && typeof said !== 'string') return { kind: 'invalid', where: 'message' };
  if (kind === 'report' && (typeof report !== 'object' || report === null)) return { kind: 'invalid', where: 'report' };
  if (kind !== 'taken' && kind !== 'report' && kind !== 'refused') return { kind: 'invalid', where: 'kind' };
  return { kind: 'answer', answer: message as FromConform };
}
