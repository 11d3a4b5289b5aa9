/** Ctrl-C of a command that shows what is complete. */
import type { Column } from '../columns/column.ts';
import { EXIT_INTERRUPTED } from '../compare/gate.ts';

/**
 * Ctrl-C ends what runs, so that what is complete is shown; a second one ends the program, as every other signal does.
 */
export class Interrupt {
  readonly #came = new AbortController();
  readonly #listener: () => void;

  constructor(columns: readonly Column[]) {
    this.#listener = (): void => {
      if (this.signal.aborted) process.exit(EXIT_INTERRUPTED);
      this.#came.abort();
      for (const column of columns) column.abort();
    };
    process.on('SIGINT', this.#listener);
  }

  get signal(): AbortSignal {
    return this.#came.signal;
  }

  off(): void {
    process.off('SIGINT', this.#listener);
  }
}
