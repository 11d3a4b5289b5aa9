/** The lists that the build writes of what is in a folder of variants: one file is one entry. */

/** By folder, from the top of the sources: which of its files are entries. */
export const VARIANT_LISTS = Object.freeze({
  variants: /^(?!all\.|index\.)[\w-]+\.ts$/,
  'variants/experiments': /^(?!all\.)[\w-]+\.ts$/,
});

/** The text of a list. names: of the entries' files. @param {readonly string[]} names */
export const listText = (names) =>
  `// Written by the build from the files of this folder.\n${names
    .toSorted()
    .map((name) => `export * from './${name}';\n`)
    .join('')}`;
