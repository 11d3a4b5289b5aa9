/** A column in whose runs these processes are killed, and no others; all else is as it was. */
import type { Column } from '../../harness/columns/column.ts';
import type { Killed } from '../../harness/run/record.ts';

export const dying = (column: Column, killed: readonly Killed[]): Column => ({
  ...column,
  begin: (head, options) => {
    const run = column.begin(head, options);
    return {
      get end() {
        return run.end;
      },
      take: async (piece, wallMs) => ({ ...(await run.take(piece, wallMs)), killed }),
    };
  },
});
