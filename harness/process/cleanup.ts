/**
 * Leaves nothing behind, however this program ends: by itself, by a signal, or by SIGKILL. A shell in a session of its
 * own waits for the end of its standard input, which only this program holds open. It then kills the processes and
 * removes the folders that are left. No signal needs a handler for that, and a busy program ends at once too.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';

/** Lines: + or -, p or f, then a process (negative: a group) or a folder. */
const SCRIPT = `
while IFS= read -r line; do
  name=\${line#?}
  case $line in
    +*) set -- "$@" "$name" ;;
    -*)
      count=$#
      while [ "$count" -gt 0 ]; do
        [ "$1" = "$name" ] || set -- "$@" "$1"
        shift
        count=$((count - 1))
      done ;;
  esac
done
for name; do case $name in p*) kill -s KILL -- "\${name#p}" ;; esac; done
for name; do case $name in f*) rm -rf -- "\${name#f}" || { sleep 1; rm -rf -- "\${name#f}"; } ;; esac; done
`;

let shell: ChildProcess | null = null;
const pids = new Set<number>();

function tell(line: string): void {
  if (process.platform === 'win32' || line.includes('\n')) return;
  if (shell === null) {
    shell = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], cwd: '/' });
    shell.on('error', () => {});
    shell.unref();
    shell.stdin?.on('error', () => {});
    (shell.stdin as Socket).unref();
  }
  shell.stdin?.write(`${line}\n`);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** The shell does the same; this is for systems that have none. */
function killAll(): void {
  for (const pid of pids) kill(pid);
}

/**
 * Kills the process if this program ends first. isGroup: it leads a group of its own (it was started detached), and all
 * of the group is killed.
 */
export function endsWithUs(child: ChildProcess, isGroup = false): void {
  if (child.pid === undefined) return;
  const pid = isGroup ? -child.pid : child.pid;
  if (pids.size === 0) process.on('exit', killAll);
  pids.add(pid);
  tell(`+p${pid}`);
  child.once('exit', () => {
    pids.delete(pid);
    if (pids.size === 0) process.off('exit', killAll);
    tell(`-p${pid}`);
  });
}

/** A new folder whose path begins with `prefix`. It is removed with removeFolder, or when this program ends. */
export function makeFolder(prefix: string): string {
  // The shell is there before the folder is.
  tell('');
  const path = mkdtempSync(prefix);
  tell(`+f${path}`);
  return path;
}

export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true });
  tell(`-f${path}`);
}
