/** Names for mapped files when the recording shows only descriptors. */
import { descriptorNumberOf, numberOf } from './values.ts';

/**
 * A descriptor refers to the same file until it is opened or closed, or something maps its start again: linkers map the
 * start of each library first.
 */
export class FileNames {
  /** by process and descriptor */
  readonly #paths = new Map<number, Map<number, string>>();
  #unnamed = 0;

  opened(pid: number, fd: number, path: string): void {
    this.#of(pid).set(fd, path);
  }

  closed(pid: number, fd: number): void {
    this.#paths.get(pid)?.delete(fd);
  }

  /** Takes a call that has returned: it may close or duplicate descriptors. */
  returned(pid: number, name: string, args: readonly string[], value: number): void {
    const first = descriptorNumberOf(args[0]);
    switch (name) {
      case 'close':
        this.closed(pid, first);
        return;
      case 'closefrom':
        this.#closeRange(pid, first, Infinity);
        return;
      case 'close_range':
        if (!/CLOEXEC|^(?:0x)?4\b/.test(args[2] ?? '')) this.#closeRange(pid, first, numberOf(args[1]));
        return;
      case 'fcntl':
        if (/F_DUPFD/.test(args[1] ?? '')) this.#duplicate(pid, first, value);
        return;
      case 'dup':
      case 'dup2':
      case 'dup3':
        this.#duplicate(pid, first, value);
    }
  }

  /** A child has the descriptors of its parent. */
  forked(parent: number, child: number): void {
    const paths = this.#paths.get(parent);
    if (paths !== undefined) this.#paths.set(child, new Map(paths));
  }

  /** The path of a descriptor, if the recording shows where it was opened. */
  of(pid: number, fd: number): string | undefined {
    return this.#paths.get(pid)?.get(fd);
  }

  /** Returns the file that is mapped from that offset on. */
  mapped(pid: number, fd: number, off: number): string {
    const known = this.of(pid, fd);
    if (known !== undefined && (off !== 0 || !known.startsWith('fd '))) return known;
    const name = `fd ${fd} #${++this.#unnamed}`;
    this.opened(pid, fd, name);
    return name;
  }

  /** Call when a process is gone, or has another program. */
  forget(pid: number): void {
    this.#paths.delete(pid);
  }

  #of(pid: number): Map<number, string> {
    let paths = this.#paths.get(pid);
    if (paths === undefined) this.#paths.set(pid, (paths = new Map()));
    return paths;
  }

  #duplicate(pid: number, fd: number, copy: number): void {
    const path = this.of(pid, fd);
    if (fd === copy) return;
    if (path === undefined) this.closed(pid, copy);
    else this.opened(pid, copy, path);
  }

  #closeRange(pid: number, first: number, last: number): void {
    const paths = this.#paths.get(pid);
    if (paths !== undefined) for (const fd of paths.keys()) if (fd >= first && fd <= last) paths.delete(fd);
  }
}
