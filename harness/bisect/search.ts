/**
 * Finds the steps of a series between which an answer changes, with as few tests as it takes. A step that cannot be
 * tested is never guessed at: a change that lies inside such steps is known up to them.
 */

/** What came of a step. */
export type Tested =
  /** seen: what was observed, in words, in the same places for every step */
  | { readonly kind: 'tested'; readonly value: boolean | number; readonly seen: readonly string[] }
  | { readonly kind: 'skipped'; readonly why: string };

/** Two tested steps whose answers differ; none of those between them could be tested. */
export interface Edge {
  readonly before: number;
  readonly after: number;
}

export interface Line {
  /** null: not tested, as the steps on both sides of it agree */
  readonly steps: readonly (Tested | null)[];
  /** in the order of the steps */
  readonly edges: readonly Edge[];
}

/** Steps of a series every one of which is tested. */
const FEW = 64;
/** Parts of equal length into which a longer series is cut: steps at their ends are tested before one part is halved. */
const PARTS = 8;

/**
 * Tests every step of a short series, or of any if `all`. A longer one is sampled first. If the samples change once, that
 * change is found by halving: at most 2 log2(count) tests, the first step and those that cannot be tested not counted.
 * If they change more than once, or not at all, nothing can be halved and every step is tested. What `test` throws
 * ends the search.
 */
export async function searchSteps(
  count: number,
  test: (step: number) => Promise<Tested>,
  { all = false }: { readonly all?: boolean } = {},
): Promise<Line> {
  const steps = Array.from({ length: count }, (): Tested | null => null);
  const look = async (step: number): Promise<Tested> => (steps[step] ??= await test(step));
  if (count <= FEW || all || !(await isHalved(steps, look))) for (let i = 0; i < count; i++) await look(i);
  return { steps, edges: edgesIn(steps) };
}

type Steps = readonly (Tested | null)[];
type Look = (step: number) => Promise<Tested>;

/** Whether one change was found, and the samples say that it is the only one. */
async function isHalved(steps: Steps, look: Look): Promise<boolean> {
  const last = steps.length - 1;
  for (let part = 0; part <= PARTS; part++) await look(Math.round((part * last) / PARTS));
  for (let i = 0; i < last && (await look(i)).kind === 'skipped'; i++);
  for (let i = last; i > 0 && (await look(i)).kind === 'skipped'; i--);
  for (;;) {
    const edges = edgesIn(steps);
    if (edges.length !== 1) return false;
    const [{ before, after }] = edges;
    const left = steps.flatMap((one, i) => (one === null && before < i && i < after ? [i] : []));
    if (left.length === 0) return true;
    // The middle of what is left, not of the interval: each step that is skipped costs one test, and the rest halve.
    await look(left[left.length >> 1]);
  }
}

/** Neighbours among the tested steps whose answers differ. */
function edgesIn(steps: Steps): Edge[] {
  const edges: Edge[] = [];
  let before = -1;
  let value: boolean | number | null = null;
  for (const [i, step] of steps.entries()) {
    if (step?.kind !== 'tested') continue;
    if (value !== null && step.value !== value) edges.push({ before, after: i });
    before = i;
    ({ value } = step);
  }
  return edges;
}
