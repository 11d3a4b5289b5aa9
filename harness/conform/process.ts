/** A patched core that answers recorded vectors, in a process of its own, which may read the recordings. */
import { spawn } from 'node:child_process';
import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../input-error.ts';
import type { ConformAnswer } from './child.ts';
import type { ConformRequest } from './kinds.ts';
import type { ConformReport } from './report.ts';
import { VECTOR_NAMES, vectorFiles } from './vector-files.ts';

/** Wall time, in ms. */
const LIMIT_MS = 600_000;

/** code: a bundle of kind 'conform'. Throws InputError for a file that cannot be read; rejects if the process fails. */
export function conformIn(
  code: string,
  request: ConformRequest,
  onOutput: (text: string) => void,
): Promise<ConformReport> {
  const permission = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';
  // Files only, each once: Node 20 dies of a folder named beside what is in it.
  const paths = [...new Set(vectorFiles(request.paths, VECTOR_NAMES[request.kind]).map((path) => realpathSync(path)))];
  const traces = realpathSync(request.traces);
  const recorded = request.kind === 'replay' ? readdirSync(traces).map((name) => join(traces, name)) : [];
  const reads = [...new Set([...paths, ...recorded, ...recorded.map((path) => path.replace(/\.gz$/, ''))])].map(
    (path) => `--allow-fs-read=${path}`,
  );
  const options = [permission, ...reads, '--enable-source-maps', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...options, '--disable-warning=SecurityWarning', '--input-type=module', '-'], {
    serialization: 'advanced',
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    env: { PATH: process.env.PATH, NO_COLOR: '1' },
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(code);
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => onOutput(data.toString()));
  return new Promise<ConformReport>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`took longer than ${LIMIT_MS / 1000} s`)), LIMIT_MS);
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      reject(
        new Error(signal === null ? `ended its process with exit(${status})` : `its process was killed by ${signal}`),
      );
    });
    child.on('message', (answer: ConformAnswer) => {
      clearTimeout(timer);
      if (answer.kind === 'answered') resolve(answer.report);
      else reject(answer.isInput ? new InputError(answer.message) : new Error(answer.message));
    });
    child.send({ ...request, paths, traces }, (error) => error !== null && reject(error));
  }).finally(() => {
    child.removeAllListeners().on('error', () => {});
    child.kill('SIGKILL');
  });
}
