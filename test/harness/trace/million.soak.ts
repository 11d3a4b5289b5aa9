/** A million calls on either side, through the compiled command: time and memory of the trace diff. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { builtFile } from '../../support/built.ts';

const MOST_SECONDS = 5;
const MOST_MIB = 512;
/** Prints at exit what the process used: CPU time in microseconds, peak resident memory in KiB. */
const WATCH =
  'data:text/javascript,process.on("exit",()=>{const u=process.resourceUsage();process.stderr.write(`\\ntook ${u.userCPUTime+u.systemCPUTime} ${u.maxRSS}\\n`)})';

it('a million calls are aligned in 5 s of processor time and 512 MiB', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pmapdiff-million-'));
  try {
    const file = join(folder, 'million.workload');
    const loop = 'a: fork -> b\nb: clock\nb: write data\nb: exit\na: wait b\n';
    writeFileSync(file, `a: exec sh60\nrepeat 8600\n${loop}end\na: exit\n`);
    const args = ['--import', WATCH, builtFile('harness/cli.js'), 'trace', 'baseline', 'landed', '--workload', file];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    const calls = /calls ([\d,]+) and/.exec(stdout)?.[1];
    const [cpu, kib] = /took (\d+) (\d+)/.exec(stderr)!.slice(1).map(Number);
    const [seconds, mib] = [cpu! / 1e6, kib! / 1024];
    console.log(
      `trace: ${calls} calls on either side in ${seconds.toFixed(1)} s of processor time, ${mib.toFixed(0)} MiB`,
    );
    expect(status).toBe(1);
    expect(Number(calls?.replaceAll(',', ''))).toBeGreaterThan(1e6);
    expect(seconds).toBeLessThan(MOST_SECONDS);
    expect(mib).toBeLessThan(MOST_MIB);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
