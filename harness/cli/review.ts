/** `pmapdiff review`: the series as interdiffs, or two variants of your choice. */
import { basename } from 'node:path';
import type { Variant } from '../../core/index.ts';
import { series } from '../../variants/index.ts';
import { bundledColumn } from '../bundle/spawn.ts';
import {
  type Facts,
  builtInVariants as all,
  builtInFacts,
  builtInFile,
  factsOf,
  variantSources,
} from '../columns/facts.ts';
import { EXIT_FINDING, EXIT_OK } from '../compare/gate.ts';
import { ledger } from '../findings/index.ts';
import { renderReview, renderReviewMarkdown, reviewJson } from '../report/review.ts';
import { type Interdiff, type ReviewContext, type Reviewed, interdiff } from '../review/interdiff.ts';
import { DEFAULT_LIMITS, VariantProcess } from '../run/process.ts';
import { UsageError } from './errors.ts';
import { Progress, wantsColor } from './output.ts';
import { type Chosen, chooseVariant } from './select.ts';

export interface ReviewOptions {
  readonly json?: boolean;
  readonly markdown?: boolean;
}

const sources = variantSources();
const builtIn = builtInFacts(sources);

/** names: none, the series; one, a variant after its predecessor; two, the second after the first. */
export async function reviewCommand(names: readonly string[], options: ReviewOptions): Promise<number> {
  if (names.length > 2) throw new UsageError(`review: expected at most two variants, got ${names.length}`);
  if (options.json === true && options.markdown === true)
    throw new UsageError('review: expected --json or --markdown, got both');
  const interdiffs = await interdiffsOf(names);
  process.stdout.write(
    options.json
      ? reviewJson(interdiffs)
      : options.markdown
        ? renderReviewMarkdown(interdiffs)
        : renderReview(interdiffs, { color: wantsColor(process.stdout, process.env) }),
  );
  return interdiffs.some(({ restated }) => restated.length > 0) ? EXIT_FINDING : EXIT_OK;
}

export async function interdiffsOf(names: readonly string[]): Promise<Interdiff[]> {
  const given = await Promise.all(names.map((name) => reviewedOf(chooseVariant(name))));
  const context = reviewContext(given);
  if (given.length === 0)
    return series.slice(1).map((variant, i) => interdiff(builtInOf(series[i]), builtInOf(variant), context));
  const [first, second] = given;
  if (second !== undefined) return [interdiff(first, second, context)];
  const { after, id } = first.facts;
  const before = all.find((variant) => variant.id === after);
  if (before !== undefined) return [interdiff(builtInOf(before), first, context)];
  throw new UsageError(`review ${id}: expected a second variant, its predecessor being ${after ?? 'none'}`);
}

/** What reviews of built-in variants and `given` ones need. */
export const reviewContext = (given: readonly Reviewed[]): ReviewContext => ({
  sources,
  ledger,
  facts: [...given.map(({ facts }) => facts), ...builtIn],
  series: series.map(({ id }) => id),
});

export function builtInOf(variant: Variant): Reviewed {
  const facts = builtIn.find(({ id }) => id === variant.id)!;
  const { diff, commit } = variant.review ?? {};
  const review = [diff === undefined ? '' : `Diff ${diff}`, commit === undefined ? '' : `commit ${commit}`];
  return {
    facts,
    review: review.filter((part) => part !== '').join(', '),
    path: builtInFile(variant.id),
    compiled: facts.compiled,
  };
}

/** A user's file is loaded in a process of its own, as for a comparison. */
async function reviewedOf(chosen: Chosen): Promise<Reviewed> {
  if (chosen.kind === 'built-in') return builtInOf(chosen.variant);
  const name = basename(chosen.path);
  const bundle = await bundledColumn(chosen.path, 'run');
  if (bundle.kind === 'refused') throw new UsageError(bundle.message);
  const progress = new Progress();
  const child = new VariantProcess(name, bundle.code, DEFAULT_LIMITS, (text) => progress.note(text));
  try {
    const introduced = await child.load();
    if ('kind' in introduced) throw new UsageError(`${name}: ${introduced.message}`);
    return reviewedFile(factsOf(introduced, chosen.path, sources), chosen.path);
  } finally {
    child.close();
  }
}

export const reviewedFile = (facts: Facts, path: string): Reviewed => ({
  facts,
  review: '',
  path,
  compiled: facts.compiled,
});
