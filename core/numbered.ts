/**
 * Numbers that stand for names, such as those of counters and events.
 *
 * A number is a constant with a literal value, which the compiler can put in place of its name; a table gives each its name,
 * in the order of reports. So a new one takes the next free number, wherever it stands in the table. The numbers of a table
 * are 0 up to its length.
 */

/** Names by number, of the rows of such a table. */
export function namesOf<Name extends string>(table: readonly (readonly [number, Name, ...unknown[]])[]): Name[] {
  const names: Name[] = [];
  for (const [number, name] of table) names[number] = name;
  return names;
}

/** Numbers in the order of reports. */
export const numbersOf = (table: readonly (readonly [number, ...unknown[]])[]): number[] =>
  table.map(([number]) => number);
