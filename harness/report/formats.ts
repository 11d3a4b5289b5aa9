/**
 * The forms in which each command gives its answer: what the command line offers and calls is read off this table. A new
 * form is one renderer and one entry here. Renderers are imported when they are used, so that --help answers at once.
 */
import type { BenchReport } from '../bench/report.ts';
import type { ConformReport } from '../conform/report.ts';
import type { CostReport } from '../cost/cost.ts';
import type { Interdiff } from '../review/interdiff.ts';
import type { KernelReview } from '../review/kernel-review.ts';
import type { BisectReport } from './bisect.ts';
import type { CompareReport } from './compare/model.ts';
import type { ExplainReport } from './explain.ts';
import type { FindingsReport } from './findings/text.ts';
import type { HuntReport } from './hunt.ts';
import type { ListReport } from './list.ts';
import type { PatchReview } from './patch-review.ts';
import type { ProbeReport } from './probe.ts';
import type { ReplayReport } from './replay.ts';
import type { SchedulesReport } from './schedules.ts';
import type { Shares } from './shares.ts';
import type { TraceReport } from './trace.ts';
import type { Look } from './words.ts';

export interface Format<Answer> {
  /** of its option, `--NAME` */
  readonly help: string;
  /** its option takes a file, which is written besides what goes to stdout */
  readonly toFile?: true;
  /** The text, or its parts in order: an answer about many workloads is never one string. */
  readonly render: (answer: Answer, look: Look) => Promise<string | Iterable<string>>;
}

/** By name, in the order of --help. Without an option it is `text`. */
export interface Formats<Answer> {
  readonly text: Format<Answer>['render'];
  readonly options: Readonly<Record<string, Format<Answer>>>;
}

const INSTEAD = 'JSON instead of text';
const COMMENT = 'Markdown for a review comment instead of text';

const compare: Formats<CompareReport> = {
  text: async (report, look) => (await import('./compare/text.ts')).renderText(report, look),
  options: {
    junit: {
      help: 'write JUnit XML to a file as well',
      toFile: true,
      render: async (report) => (await import('./compare/junit.ts')).renderJunit(report),
    },
    markdown: {
      help: COMMENT,
      render: async (report) => (await import('./compare/markdown.ts')).renderMarkdown(report),
    },
    github: {
      help: 'annotations of a GitHub workflow instead of text',
      render: async (report) => (await import('./compare/github.ts')).renderGithub(report),
    },
    json: { help: INSTEAD, render: async (report) => (await import('./compare/json.ts')).compareParts(report) },
    suggest: {
      help: 'entries for intends and --expect that would accept what is unexpected, instead of text',
      render: async (report) => (await import('./compare/suggest.ts')).renderSuggestions(report),
    },
  },
};

/** What a shard has run is not run again to look for entries. */
const { suggest: _suggest, ...ofMerge } = compare.options;

const findings: Formats<FindingsReport> = {
  text: async (report, look) => (await import('./findings/text.ts')).findingsText(report, look),
  options: {
    json: { help: INSTEAD, render: async (report) => (await import('./findings/text.ts')).findingsJson(report) },
    markdown: {
      help: 'the table of the README',
      render: async (report) => (await import('./findings/text.ts')).findingsMarkdown(report),
    },
  },
};

const review: Formats<readonly Interdiff[]> = {
  text: async (interdiffs, look) => (await import('./review.ts')).reviewText(interdiffs, look),
  options: {
    markdown: {
      help: COMMENT,
      render: async (interdiffs) => (await import('./review.ts')).reviewMarkdown(interdiffs),
    },
    json: { help: INSTEAD, render: async (interdiffs) => (await import('./review.ts')).reviewJson(interdiffs) },
  },
};

/** Of a patch of the kernel's C sources. */
const kernelReview: Formats<KernelReview> = {
  text: async (reviewed, look) => (await import('./kernel-review.ts')).kernelReviewText(reviewed, look),
  options: {
    markdown: {
      help: COMMENT,
      render: async (reviewed) => (await import('./kernel-review.ts')).kernelReviewMarkdown(reviewed),
    },
    json: {
      help: INSTEAD,
      render: async (reviewed) => (await import('./kernel-review.ts')).kernelReviewJson(reviewed),
    },
  },
};

/** Of a patch of the program's own sources. */
const patchReview: Formats<PatchReview> = {
  text: async (reviewed, look) => (await import('./patch-review.ts')).patchReviewText(reviewed, look),
  options: {
    markdown: {
      help: COMMENT,
      render: async (reviewed) => (await import('./patch-review.ts')).patchReviewMarkdown(reviewed),
    },
    json: { help: INSTEAD, render: async (reviewed) => (await import('./patch-review.ts')).patchReviewJson(reviewed) },
  },
};

/** Text, or --json. */
const textAndJson = <Answer>(text: Format<Answer>['render'], json: Format<Answer>['render']): Formats<Answer> => ({
  text,
  options: { json: { help: INSTEAD, render: json } },
});

export const FORMATS = {
  compare,
  merge: { text: compare.text, options: ofMerge },
  findings,
  review,
  kernelReview,
  patchReview,
  bisect: textAndJson<BisectReport>(
    async (report, look) => (await import('./bisect.ts')).bisectText(report, look),
    async (report) => (await import('./bisect.ts')).bisectJson(report),
  ),
  hunt: textAndJson<HuntReport>(
    async (report, look) => (await import('./hunt.ts')).huntText(report, look),
    async (report) => (await import('./hunt.ts')).huntJson(report),
  ),
  schedules: textAndJson<SchedulesReport>(
    async (report, look) => (await import('./schedules.ts')).schedulesText(report, look),
    async (report) => (await import('./schedules.ts')).schedulesJson(report),
  ),
  replay: textAndJson<ReplayReport>(
    async (report, look) => (await import('./replay.ts')).replayText(report, look),
    async (report) => (await import('./replay.ts')).replayJson(report),
  ),
  explain: textAndJson<ExplainReport>(
    async (report, look) => (await import('./explain.ts')).explainText(report, look),
    async (report) => (await import('./explain.ts')).explainJson(report),
  ),
  trace: textAndJson<TraceReport>(
    async (report, look) => (await import('./trace.ts')).traceText(report, look),
    async (report) => (await import('./trace.ts')).traceJson(report),
  ),
  probe: textAndJson<ProbeReport>(
    async (report) => (await import('./probe.ts')).probeText(report),
    async (report) => (await import('./probe.ts')).probeJson(report),
  ),
  shares: textAndJson<readonly Shares[]>(
    async (shares) => (await import('./shares.ts')).sharesText(shares),
    async (shares) => (await import('./shares.ts')).sharesJson(shares),
  ),
  cost: textAndJson<CostReport>(
    async (report, look) => (await import('./cost.ts')).costText(report, look),
    async (report) => (await import('./cost.ts')).costJson(report),
  ),
  conform: textAndJson<ConformReport>(
    async (report) => (await import('./conform.ts')).conformText(report),
    async (report) => (await import('./conform.ts')).conformJson(report),
  ),
  bench: textAndJson<BenchReport>(
    async (report, look) => (await import('./bench.ts')).benchText(report, look),
    async (report) => (await import('./bench.ts')).benchJson(report),
  ),
  list: textAndJson<ListReport>(
    async (report) => (await import('./list.ts')).listText(report),
    async (report) => (await import('./list.ts')).listJson(report),
  ),
};
