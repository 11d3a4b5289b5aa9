/** What a web page would import: everything from the machine to the renderers. */
import type { RunRecord } from '../../harness/run/record.ts';
import { run } from '../../harness/run/run.ts';
import { catalogText } from '../../harness/workload/catalog/index.ts';
import { parseWorkload } from '../../harness/workload/text/parse.ts';
import { series } from '../../variants/index.ts';

export * from '../../harness/check/checker.ts';
export * from '../../harness/columns/lockstep.ts';
export * from '../../harness/compare/judge.ts';
export * from '../../harness/compare/run-comparison.ts';
export * from '../../harness/cost/cost.ts';
export * from '../../harness/explain/explain.ts';
export * from '../../harness/findings/index.ts';
export * from '../../harness/probe/probe.ts';
export * from '../../harness/report/compare/model.ts';
export * from '../../harness/report/formats.ts';
export * from '../../harness/trace/trace.ts';

/** The records of the review's revisions for a catalog workload, as JSON. */
export function recordsOf(name: string): string {
  const workload = parseWorkload(catalogText(name), name, name);
  const records = series.map((variant): RunRecord => run(null, workload, variant, { events: true }).record);
  return JSON.stringify(records, (_key, value: unknown) =>
    ArrayBuffer.isView(value) ? Array.from(value as Int32Array) : value,
  );
}
