/** Names for mapped files when the recording shows only descriptors. */

/**
 * A descriptor refers to the same file until it is opened or closed, or something maps its start again: linkers map the
 * start of each library first.
 */
export class FileNames {
  readonly #paths = new Map<string, string>();
  #unnamed = 0;

  opened(pid: number, fd: number, path: string): void {
    this.#paths.set(`${pid}:${fd}`, path);
  }

  closed(pid: number, fd: number): void {
    this.#paths.delete(`${pid}:${fd}`);
  }

  /** The path of a descriptor, if the recording shows where it was opened. */
  of(pid: number, fd: number): string | undefined {
    return this.#paths.get(`${pid}:${fd}`);
  }

  /** Returns the file that is mapped from that offset on. */
  mapped(pid: number, fd: number, off: number): string {
    const key = `${pid}:${fd}`;
    const known = this.#paths.get(key);
    if (known !== undefined && (off !== 0 || !known.startsWith('fd '))) return known;
    const name = `fd ${fd} #${++this.#unnamed}`;
    this.#paths.set(key, name);
    return name;
  }

  /** Call when a process is gone, or another one has its pid. */
  forget(pid: number): void {
    for (const key of this.#paths.keys()) if (key.startsWith(`${pid}:`)) this.#paths.delete(key);
  }
}
