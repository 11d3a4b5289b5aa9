/** The document of `compare --json`, read back as the report that it was made of, as far as a page shows it. */
import { COUNTER_NAMES } from '../../core/counters.ts';
import type { PairComparison } from '../compare/pair.ts';
import type { Plan, WorkloadComparison } from '../compare/plan.ts';
import type { VariantFacts } from '../declare/declarations.ts';
import { type CompareReport, REPORT_SCHEMA, buildReport } from '../report/compare/model.ts';
import { compareSchema } from '../report/schema/compare.ts';
import type { CallPlace } from '../workload/places.ts';

const NAMES: readonly string[] = COUNTER_NAMES;

type Document = ReturnType<typeof compareSchema.parse>;
type PairDocument = Document['workloads'][number]['pairs'][number];

/** What is wrong with a document, in one line; null: nothing. */
export const documentFault = (body: unknown): string | null => {
  const said = (body as { readonly schema?: unknown } | null)?.schema;
  if (said !== REPORT_SCHEMA) return `schema ${JSON.stringify(said ?? null).slice(0, 80)} instead of ${REPORT_SCHEMA}`;
  const { success, data, error } = compareSchema.safeParse(body);
  if (success) return danglingIn(data);
  const [{ path, message }] = error.issues;
  return `at ${path.join('.').slice(0, 80) || 'the top'}: ${message.slice(0, 160)}`;
};

/** What in a document points at nothing, or is there twice; null: nothing. */
function danglingIn({ revisions, workloads, against }: Document): string | null {
  const ids = revisions.map(({ id }) => id);
  const isTwice = (list: readonly string[]): boolean => new Set(list).size !== list.length;
  if (isTwice(ids) || isTwice(workloads.map(({ name }) => name))) return 'a revision or workload twice';
  if (against !== 'previous' && !ids.includes(against)) return 'a reference that is not among the revisions';
  const planned = pairsText(workloads[0]?.pairs ?? []);
  for (const { name, runs, pairs, predecessors } of workloads) {
    const where = `workload ${JSON.stringify(name).slice(0, 80)}`;
    const ran = runs.map(({ variant }) => variant);
    if (isTwice(ran) || ids.some((id) => !ran.includes(id))) return `${where} without one run of each revision`;
    // A predecessor that is no column is run for its step alone, and has no run here.
    const known = [...pairs.map(({ reference }) => reference), ...[...pairs, ...predecessors].map(candidateOf)];
    if (known.some((id) => !ran.includes(id))) return `${where} with a comparison of what was not run`;
    if (pairs.some(({ candidate }) => !ids.includes(candidate)) || isTwice(pairs.map(({ candidate }) => candidate)))
      return `${where} without one comparison of each revision`;
    const strange = pairs.flatMap(({ differences }) => differences).find(isStrange);
    if (strange !== undefined) return `${where} with a counter that is not known here: ${strange.what.slice(0, 80)}`;
    if (pairsText(pairs) !== planned) return `${where} with other comparisons than the first`;
  }
  return null;
}

const candidateOf = ({ candidate }: PairDocument): string => candidate;

const isStrange = ({ what, numbers }: PairDocument['differences'][number]): boolean =>
  numbers !== null && numbers.kind === 'added' && (numbers.sum === null || !NAMES.includes(what));

const pairsText = (pairs: readonly PairDocument[]): string =>
  JSON.stringify(pairs.map(({ reference, candidate }) => [reference, candidate]));

/** body: one that has no fault. findingTitles: what is known of them here. */
export function documentReport(body: unknown, findingTitles: CompareReport['findingTitles']): CompareReport {
  const { revisions, workloads, against, againstDefault, states, complete, counts, exitCode } = body as Document;
  const factsOf = ({ id, title }: Document['revisions'][number]): VariantFacts => ({
    id,
    after: null,
    title,
    intends: [],
    members: [],
  });
  const columns = revisions.map(factsOf);
  const planned = workloads[0]?.pairs ?? [];
  const find = (id: string): VariantFacts => columns.find((one) => one.id === id) ?? factsOf({ id, title: id });
  const plan = {
    columns,
    silent: [],
    facts: columns,
    pairs: planned.map(({ reference, candidate }) => ({ reference: find(reference), candidate: find(candidate) })),
    predecessors: [],
    ledger: [],
  } as unknown as Plan;
  const compared = workloads.map(comparisonOf);
  return buildReport({
    plan,
    against: against === 'previous' ? { kind: 'previous' } : { kind: 'variant', id: against },
    againstDefault,
    compared: { workloads: compared, states: states as CompareReport['states'], complete },
    judged: {
      workloads: compared,
      expected: { unused: [], expired: [] },
      neverSeen: [],
      tally: { ...counts, exitCode } as CompareReport['tally'],
    },
    findingTitles,
    files: {},
    checked: [],
  });
}

function comparisonOf(workload: Document['workloads'][number]): WorkloadComparison {
  const all = [...workload.pairs, ...workload.predecessors].flatMap(({ differences }) => differences);
  const texts = all.flatMap(({ op, at, numbers }) => [
    ...(at === null ? [] : [[op, at] as const]),
    ...(numbers?.largest?.at ? [[numbers.largest.op, numbers.largest.at] as const] : []),
  ]);
  const opTexts = Object.fromEntries(texts);
  const places = texts.flatMap(([op, at]) => placeOf(op, at) ?? []);
  return {
    ...workload,
    needs: null,
    recorder: '',
    pairs: workload.pairs.map(pairOf),
    predecessors: [],
    opTexts,
    opPlaces: Object.fromEntries(places.map((place) => [place.op, place])),
    missedStops: [],
  } as unknown as WorkloadComparison;
}

/** `line 3, make: clock`; null: the end. */
function placeOf(op: number, at: string): CallPlace | null {
  const found = /^(?:line (\d+)|op \d+), (.*?): (.*)$/s.exec(at);
  if (found === null) return null;
  const [, line, process, call] = found;
  return { op, line: Number(line ?? 0), process, call };
}

/** Of what does not differ a document says no sums. */
const NO_SUMS = COUNTER_NAMES.map(() => 0);

const pairOf = ({ differences, ...pair }: PairDocument): PairComparison =>
  ({
    ...pair,
    differences: differences.map(({ at: _at, steps, ...difference }) => ({
      ...difference,
      steps: steps.map(({ variant, what, finding, by, why, reversed }) => ({
        variant,
        what,
        finding: finding ?? null,
        intent: why === undefined ? null : { what, by, why },
        reversed,
      })),
    })),
    sums: NO_SUMS,
    seen: [],
    fits: [],
  }) as unknown as PairComparison;
