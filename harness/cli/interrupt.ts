/** Ctrl-C of a command that shows what is complete. */
import type { Column } from '../columns/column.ts';
import { EXIT_INTERRUPTED } from '../compare/gate.ts';

/**
 * Ctrl-C ends what runs, so that what is complete is shown; a second one ends the program, as every other signal does.
 */
export class Interrupt {
  readonly #came = new AbortController();
  readonly #listener: () => void;
  readonly #columns: readonly Column[];

  constructor(columns: readonly Column[]) {
    this.#listener = (): void => {
      if (this.signal.aborted) process.exit(EXIT_INTERRUPTED);
      this.stop();
    };
    this.#columns = columns;
    process.on('SIGINT', this.#listener);
  }

  get signal(): AbortSignal {
    return this.#came.signal;
  }

  /** Ends what runs. */
  stop(): void {
    this.#came.abort();
    for (const column of this.#columns) column.abort();
  }

  off(): void {
    process.off('SIGINT', this.#listener);
  }
}
