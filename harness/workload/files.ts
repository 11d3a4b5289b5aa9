/** The files of a workload under construction: one entry per name, as large as its largest mapping requires. */
import { PAGE_SIZE } from '../../core/units.ts';
import type { Residence, WorkloadFile } from './ops.ts';

const pagesOf = (bytes: number): number => Math.ceil(bytes / PAGE_SIZE);

export class FileTable {
  readonly files: WorkloadFile[] = [];
  #byName = new Map<string, number>();
  #declared = new Map<string, { readonly resident: Residence; readonly pages: number }>();

  /** Pages of all files. */
  get pages(): number {
    return this.files.reduce((sum, { pages }) => sum + pages, 0);
  }

  /**
   * Says what of a file lies in memory at the start, and how many bytes it has at least. Returns false if the file has
   * already been used.
   */
  declare(name: string, resident: Residence, bytes: number): boolean {
    if (this.#byName.has(name)) return false;
    this.#declared.set(name, { resident, pages: pagesOf(bytes) });
    return true;
  }

  /** Index of the file, which is extended to at least `bytes` bytes. */
  index(name: string, bytes: number): number {
    const pages = pagesOf(bytes);
    let index = this.#byName.get(name);
    if (index === undefined) {
      index = this.files.length;
      this.#byName.set(name, index);
      const declared = this.#declared.get(name) ?? { resident: 'all', pages: 0 };
      this.files.push({ name, ...declared, mode: 'rw' });
    }
    const file = this.files[index];
    if (file.pages < pages) file.pages = pages;
    return index;
  }
}
