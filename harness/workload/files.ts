/** The files of a workload under construction: one entry per name, as large as its largest mapping requires. */
import { PAGE_SIZE } from '../../core/units.ts';
import type { WorkloadFile } from './ops.ts';

export class FileTable {
  readonly files: WorkloadFile[] = [];
  #byName = new Map<string, number>();

  /** Pages of all files. */
  get pages(): number {
    return this.files.reduce((sum, { pages }) => sum + pages, 0);
  }

  /** Index of the file, which is extended to at least `bytes` bytes. */
  index(name: string, bytes: number): number {
    const pages = Math.ceil(bytes / PAGE_SIZE);
    let index = this.#byName.get(name);
    if (index === undefined) {
      index = this.files.length;
      this.#byName.set(name, index);
      this.files.push({ name, pages, resident: 'all', mode: 'rw' });
    }
    const file = this.files[index];
    if (file.pages < pages) file.pages = pages;
    return index;
  }
}
