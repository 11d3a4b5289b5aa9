/** Variant files outside the repository, good and hostile, in a temporary folder. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class VariantFiles {
  readonly folder = mkdtempSync(join(tmpdir(), 'pmapdiff-'));

  write(name: string, text: string | Buffer): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** landed with these members restated; the file's name is its id. */
  variant(id: string, hunks: string, more = ''): string {
    return this.write(
      `${id}.ts`,
      `import { defineVariant, landed, pmapRemove } from 'pmapdiff';
${more}
export default defineVariant({
  id: '${id}',
  after: 'landed',
  title: 'landed, with a fault of its own',
  accounting: { topPagesInResidentCount: true },
  intends: [],
  hunks: { ...landed.hunks, ${hunks} },
});
`,
    );
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true });
  }
}
