import { vi } from 'vitest';

/** What a command writes to stdout and stderr, and its exit code. */
export async function said(command: () => Promise<number>): Promise<{ code: number; out: string; err: string }> {
  const [out, err] = [process.stdout, process.stderr].map((stream) => {
    const texts: string[] = [];
    vi.spyOn(stream, 'write').mockImplementation((text) => texts.push(String(text)) > 0);
    return texts;
  });
  const code = await command();
  vi.restoreAllMocks();
  return { code, out: out!.join(''), err: err!.join('') };
}
