import { describe, expect, it } from 'vitest';
import { HUNK_NAMES } from '../../core/hunks.ts';
import { hunkSource } from '../support/hunk-source.ts';
import { readSource, sourceFiles } from '../support/layers.ts';
import { importsOf } from '../support/syntax.ts';

const files = sourceFiles().filter((path) => path.startsWith('variants/') && path !== 'variants/index.ts');
const idOf = (path: string): string => path.replace(/.*\//, '').replace('.ts', '');
const sources = new Map(files.map((path) => [idOf(path), hunkSource(path, readSource(path))]));

/** The text of a member as used by the variant `id`, followed through the spreads. */
function effective(id: string, member: string): string | undefined {
  const source = sources.get(id);
  if (source === undefined) return undefined;
  return (
    source.members.find(({ name }) => name === member)?.text ??
    (source.after && effective(source.after, member)) ??
    undefined
  );
}

describe.each(files)('%s', (path) => {
  const source = sources.get(idOf(path))!;

  it('imports the core face and its predecessor, nothing else', () => {
    const others = importsOf(path, readSource(path))
      .map(({ target }) => target)
      .filter((target) => target !== 'core/index.ts');
    expect(others.map(idOf)).toEqual(source.after === null ? [] : [source.after]);
  });

  it('spreads its predecessor first and once, and restates members in seam order', () => {
    expect(source.spreads.length).toBe(source.after === null ? 0 : 1);
    expect(source.spreadFirst).toBe(true);
    expect(source.computed).toBe(0);
    const places = source.members.map(({ name }) => (HUNK_NAMES as readonly string[]).indexOf(name));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it('restates nothing unchanged', () => {
    const same = source.members.filter(({ name, text }) => source.after && effective(source.after, name) === text);
    expect(same).toEqual([]);
  });
});
