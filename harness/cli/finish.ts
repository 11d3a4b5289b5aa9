/** How a command ends. */
export async function finish(code: Promise<number>): Promise<void> {
  process.exitCode = await code;
}
