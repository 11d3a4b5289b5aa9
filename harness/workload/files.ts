/** The files of a workload under construction: one entry per name, as large as its largest mapping requires. */
import { PAGE_SIZE } from '../../core/units.ts';
import type { Residence, WorkloadFile } from './ops.ts';

export class FileTable {
  readonly files: WorkloadFile[] = [];
  #byName = new Map<string, number>();
  #residences = new Map<string, Residence>();

  /** Pages of all files. */
  get pages(): number {
    return this.files.reduce((sum, { pages }) => sum + pages, 0);
  }

  /** Says what of a file lies in memory at the start. Returns false if the file has already been used. */
  declare(name: string, resident: Residence): boolean {
    if (this.#byName.has(name)) return false;
    this.#residences.set(name, resident);
    return true;
  }

  /** Index of the file, which is extended to at least `bytes` bytes. */
  index(name: string, bytes: number): number {
    const pages = Math.ceil(bytes / PAGE_SIZE);
    let index = this.#byName.get(name);
    if (index === undefined) {
      index = this.files.length;
      this.#byName.set(name, index);
      this.files.push({ name, pages, resident: this.#residences.get(name) ?? 'all', mode: 'rw' });
    }
    const file = this.files[index];
    if (file.pages < pages) file.pages = pages;
    return index;
  }
}
