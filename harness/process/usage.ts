/** What another process has used. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Usage {
  /** CPU time of all its threads, user and system, ms */
  readonly cpuMs: number;
  /** resident memory, bytes */
  readonly residentBytes: number;
}

/** Linux reports CPU time in ticks of this length, whatever the kernel's own is. */
const MS_PER_TICK = 10;
const PAGE_BYTES = 4096;
/** utime in /proc/PID/stat, counted behind the name, which may contain anything; stime follows, and rss. */
const UTIME = 11;
const RSS = 21;
const SECONDS = [1, 60, 3600, 86_400];

/** Null if the system does not tell. */
export function usageOf(pid: number): Usage | null {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const cpuMs = (Number(fields[UTIME]) + Number(fields[UTIME + 1])) * MS_PER_TICK;
      return { cpuMs, residentBytes: Number(fields[RSS]) * PAGE_BYTES };
    }
    const said = execFileSync('ps', ['-o', 'rss=', '-o', 'time=', '-p', String(pid)], { encoding: 'utf8' });
    const [kib, time] = said.trim().split(/\s+/);
    return { cpuMs: msOf(time), residentBytes: Number(kib) * 1024 };
  } catch {
    return null;
  }
}

/** `ps -o time`: [[days-]hours:]minutes:seconds. */
export const msOf = (time: string): number =>
  time
    .split(/[-:]/)
    .toReversed()
    .reduce((sum, part, i) => sum + Number(part) * SECONDS[i] * 1000, 0);
