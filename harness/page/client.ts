/** The page's side of its machine: a worker made of text that is in the page. */
import type { MachineData } from './data.ts';
import type { Answers, Ask, Refusal, Reply, Request } from './protocol.ts';

/** A request that could not be answered. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

interface Waiting {
  readonly ask: Ask;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Refused) => void;
}

/** What a reader looks at goes before what explains it. */
const LATER: readonly Ask['kind'][] = ['explain', 'cost'];

/** Requests are answered one at a time: those that wait can be dropped. */
export class Client {
  readonly #address: string;
  readonly #machine: MachineData;
  #waiting: Waiting[] = [];
  #asked: Waiting | null = null;
  #worker: Worker | null = null;
  #number = 0;

  constructor(code: string, machine: MachineData) {
    this.#address = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
    this.#machine = machine;
  }

  /** Rejects with Refused, also when it is dropped or stopped. */
  ask<Kind extends Ask['kind']>(ask: Extract<Ask, { readonly kind: Kind }>): Promise<Answers[Kind]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ask, resolve, reject });
      this.#next();
    });
  }

  /** Rejects the requests that are still waiting. */
  drop(message = 'dropped'): void {
    const dropped = this.#waiting;
    this.#waiting = [];
    for (const { reject } of dropped) reject(new Refused({ message, line: 0, column: 0 }));
  }

  /** Ends what runs, and all that waits. */
  stop(message = 'stopped'): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#asked?.reject(new Refused({ message, line: 0, column: 0 }));
    this.#asked = null;
    this.drop(message);
  }

  #next(): void {
    if (this.#asked !== null || this.#waiting.length === 0) return;
    const first = this.#waiting.findIndex(({ ask: { kind } }) => !LATER.includes(kind));
    [this.#asked] = this.#waiting.splice(Math.max(0, first), 1);
    const request: Request = { number: ++this.#number, ask: this.#asked.ask };
    (this.#worker ??= this.#start()).postMessage(request);
  }

  #start(): Worker {
    const worker = new Worker(this.#address);
    worker.addEventListener('message', ({ data }: { readonly data: Reply }) => {
      const asked = this.#asked;
      this.#asked = null;
      if ('answer' in data) asked?.resolve(data.answer as never);
      else asked?.reject(new Refused(data.refused));
      this.#next();
    });
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      this.stop(`the machine failed: ${event.message}`);
    });
    worker.postMessage(this.#machine);
    return worker;
  }
}
