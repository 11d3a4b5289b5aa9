/** The sources of the core and of the variants as the program ships them. */
import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import { VARIANT_LISTS, listText } from '../bundle/lists.mjs';
import { packagePath } from '../input/paths.ts';
import type { Overlay } from './apply.ts';

const TOPS = ['core', 'variants'];

/** A list that the build writes; no patch changes it. */
const isList = (path: string): boolean => path.endsWith('/all.ts');

/** Paths of all sources, from the top, with slashes. */
export const shippedFiles = (): string[] =>
  TOPS.flatMap((top) =>
    readdirSync(packagePath(top), { recursive: true, encoding: 'utf8' })
      .map((name) => `${top}/${name.replaceAll('\\', '/')}`)
      .filter((path) => path.endsWith('.ts') && !isList(path)),
  ).toSorted();

/** Null if there is no regular file of that name. */
export function shippedText(path: string): string | null {
  const file = packagePath(...path.split('/'));
  return lstatSync(file, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(file, 'utf8') : null;
}

/** The overlay with the lists of the folders of variants in which it adds or removes a file. */
export function withLists(overlay: Overlay): Overlay {
  const whole = new Map(overlay);
  for (const [folder, entries] of Object.entries(VARIANT_LISTS)) {
    const names = new Set(readdirSync(packagePath(...folder.split('/'))).filter((name) => entries.test(name)));
    let isMoved = false;
    for (const [path, text] of overlay) {
      const name = path.slice(folder.length + 1);
      if (path !== `${folder}/${name}` || !entries.test(name) || names.has(name) === (text !== null)) continue;
      isMoved = true;
      if (text === null) names.delete(name);
      else names.add(name);
    }
    if (isMoved) whole.set(`${folder}/all.ts`, listText([...names]));
  }
  return whole;
}
