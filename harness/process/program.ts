/** A program that runs to its end, and what it printed. */
import { spawn } from 'node:child_process';
import { endsWithUs } from './cleanup.ts';

export interface ProgramEnd {
  readonly stdout: string;
  readonly stderr: string;
  /** null: it ended with exit code 0 */
  readonly failure:
    | { readonly kind: 'missing' | 'late' }
    | { readonly kind: 'exit'; readonly code: number | null }
    | { readonly kind: 'signal'; readonly signal: string }
    | null;
}

/** limitMs: wall time. input: what it reads. It is killed, with all that it started, after that time or when this program ends. */
export function runProgram(
  program: string,
  args: readonly string[],
  { env = process.env, limitMs = 120_000, input = '' } = {},
): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    endsWithUs(child, true);
    // A program that is gone, or reads nothing, closes the pipe.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      process.kill(-child.pid!, 'SIGKILL');
    }, limitMs);
    const settle = (failure: ProgramEnd['failure']): void => {
      clearTimeout(timer);
      resolve({ stdout, stderr, failure });
    };
    child.on('error', () => settle({ kind: 'missing' }));
    child.on('close', (code, signal) => {
      if (isLate) settle({ kind: 'late' });
      else if (signal !== null) settle({ kind: 'signal', signal });
      else settle(code === 0 ? null : { kind: 'exit', code });
    });
  });
}
