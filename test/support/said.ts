import { vi } from 'vitest';

/** What a command writes to stdout, and its exit code. */
export async function said(command: () => Promise<number>): Promise<{ code: number; out: string }> {
  let out = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  const code = await command();
  vi.restoreAllMocks();
  return { code, out };
}
