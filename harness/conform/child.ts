/**
 * The composition root of a process that answers recordings with a patched core, bundled with it into one text. Its
 * parent reads the recordings: it needs no file.
 */
import type { Variant } from '../../core/index.ts';
import { describeError } from '../run/describe.ts';
import { exportedVariant } from '../run/load.ts';
import { file, refuse } from '../sandbox/closed.ts';
import * as host from '../sandbox/host.ts';
import { answersOf } from './kinds.ts';
import type { FromConform, ToConform } from './protocol.ts';
import type { ConformReport } from './report.ts';
import type { Answers } from './vector-files.ts';

let answers: Answers<unknown, ConformReport> | null = null;

function answer(variant: Variant, request: ToConform): FromConform {
  switch (request.kind) {
    case 'begin':
      answers = answersOf(request.of, [{ variant, answers: request.answers }]);
      return { kind: 'taken' };
    case 'take':
      answers!.take(request.name, request.recording);
      return { kind: 'taken' };
    case 'report':
      return { kind: 'report', report: answers!.report() };
  }
}

/** exported: what the variant's file exports. */
export function serve(exported: Readonly<Record<string, unknown>>): void {
  try {
    const variant = exportedVariant(exported, file);
    host.receive((request: ToConform) => {
      try {
        host.send(answer(variant, request));
      } catch (error) {
        host.send({ kind: 'refused', message: describeError(error, file) } satisfies FromConform);
      }
    });
  } catch (error) {
    refuse(error);
  }
}
