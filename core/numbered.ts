/**
 * Numbers that stand for names, such as those of counters and events.
 *
 * A number is a constant with a literal value, so that the compiler can inline it; a table gives each number its name,
 * in report order. A new number is the next free one, wherever its row is in the table. The numbers of a table run from
 * 0 without gaps.
 */

/** Names of a table's rows, by number. */
export function namesOf<Name extends string>(table: readonly (readonly [number, Name, ...unknown[]])[]): Name[] {
  const names: Name[] = [];
  for (const [number, name] of table) names[number] = name;
  return names;
}

/** Numbers in report order. */
export const numbersOf = (table: readonly (readonly [number, ...unknown[]])[]): number[] =>
  table.map(([number]) => number);
