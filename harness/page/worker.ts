/** The composition root of the page's worker. What the page says of its machine comes first, then requests. */
import type { Column } from '../columns/column.ts';
import { numberedRun, Numbering } from '../columns/numbering.ts';
import { WorkloadError } from '../workload/errors.ts';
import type { MachineData } from './data.ts';
import { Engine } from './engine.ts';
import type { OwnScope } from './own.ts';
import type { Ask, Refusal, Reply, Request } from './protocol.ts';

/** What a worker is to itself. */
interface Scope {
  readonly addEventListener: (type: 'message', hear: (message: { readonly data: unknown }) => void) => void;
  readonly postMessage: (message: Reply) => void;
}
const scope = globalThis as unknown as Scope;
let engine: Engine | null = null;

function refusalOf(error: unknown): Refusal {
  const { message } = error as Error;
  const { line, column } = error instanceof WorkloadError ? error : { line: 0, column: 0 };
  return { message, line, column };
}

/** Variants that came with the page are columns like the others, under the ids that they have there. */
function engineOf({ facts, own }: MachineData): Engine {
  const variants = (globalThis as OwnScope).pmapdiffOwn ?? [];
  const columns = own.map(({ id }, i): Column => {
    const { names, begin } = variants[i];
    const numbering = Numbering.of(names);
    return {
      facts: facts.find((one) => one.id === id)!,
      recipe: id,
      kind: 'built-in',
      begin: (...given) => {
        const run = begin(...given);
        const piece = async (...taken: Parameters<typeof run.take>) => run.take(...taken);
        return numberedRun(
          {
            get end() {
              return run.end;
            },
            take: piece,
          },
          id,
          numbering,
        );
      },
      abort: () => {},
      close: () => {},
    };
  });
  return new Engine(facts, columns);
}

async function replyTo({ number, ask }: Request): Promise<Reply> {
  try {
    return { number, answer: await engine!.answer<Ask['kind']>(ask) };
  } catch (error) {
    return { number, refused: refusalOf(error) };
  }
}

scope.addEventListener('message', async ({ data }) => {
  if (engine === null) engine = engineOf(data as MachineData);
  else scope.postMessage(await replyTo(data as Request));
});
