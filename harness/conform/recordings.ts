/** Opens recordings for conform, one after the other. Only this side of conform reads files. */
import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { loadWorkload } from '../input/load.ts';
import type { TouchPolicy, Workload } from '../workload/ops.ts';
import { type ConformKind, type Measured, answersOf } from './kinds.ts';
import { mmuFile } from './mmu-vectors.ts';
import { pmapFile } from './pmap-vectors.ts';
import { replayFile } from './replay-vectors.ts';
import { type ReplayRecording, type ReplayRevision, ReplayAnswers } from './replay.ts';
import type { ConformReport, ReplayConformReport } from './report.ts';
import { VECTOR_NAMES, VectorError, readVectors, vectorFiles } from './vector-files.ts';
import { vmFile } from './vm-vectors.ts';

/** What is opened: the base name of its file, and what the answers of its kind take. */
export interface Recording {
  readonly name: string;
  readonly recording: unknown;
}

/** paths: files and folders. traces: folder of the recorded programs. Throws VectorError or WorkloadError. */
export async function* recordings(
  kind: ConformKind,
  paths: readonly string[],
  traces: string,
): AsyncGenerator<Recording> {
  for (const path of vectorFiles(paths, VECTOR_NAMES[kind]))
    yield { name: basename(path), recording: await read(kind, path, traces) };
}

function read(kind: ConformKind, path: string, traces: string): unknown {
  switch (kind) {
    case 'pmap':
      return readVectors(path, pmapFile);
    case 'vm':
      return readVectors(path, vmFile);
    case 'mmu':
      return readVectors(path, mmuFile);
    case 'replay':
      return readReplay(path, traces);
  }
}

async function readReplay(path: string, traces: string): Promise<ReplayRecording> {
  const file = readVectors(path, replayFile);
  return { file, workload: await loadRecording(path, traces, file.trace, file.touch) };
}

/** The recording with that name in a folder, gzipped or not. */
async function loadRecording(summary: string, folder: string, name: string, touch: TouchPolicy): Promise<Workload> {
  const path = [`${name}.jsonl`, `${name}.jsonl.gz`]
    .map((base) => join(folder, base))
    .find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile() === true);
  if (path === undefined)
    throw new VectorError(
      basename(summary),
      `expected its recording ${name}.jsonl or .jsonl.gz where --traces says (or in the corpus), found none`,
    );
  const workload = await loadWorkload(path, { touch });
  if (workload.trace === null) throw new VectorError(path, 'expected a recording, found workload text');
  return workload;
}

/** Answers every recording in this process. Throws VectorError or WorkloadError. */
export async function conformWith(
  kind: ConformKind,
  paths: readonly string[],
  traces: string,
  revisions: readonly Measured[],
): Promise<ConformReport> {
  const answers = answersOf(kind, revisions);
  for await (const { name, recording } of recordings(kind, paths, traces)) answers.take(name, recording);
  return answers.report();
}

/** As conformWith, of replays. */
export async function conformReplay(
  paths: readonly string[],
  traces: string,
  revisions: readonly ReplayRevision[],
): Promise<ReplayConformReport> {
  const answers = new ReplayAnswers(revisions);
  for (const path of vectorFiles(paths, VECTOR_NAMES.replay))
    answers.take(basename(path), await readReplay(path, traces));
  return answers.report();
}
