/** `pmapdiff review`: the series as interdiffs, or two variants of your choice. */
import { basename } from 'node:path';
import type { Variant } from '../../core/index.ts';
import { hint } from '../../core/suggest.ts';
import { series } from '../../variants/index.ts';
import { builtInVariants } from '../columns/built-in.ts';
import { type Facts, builtInFacts, builtInFile, factsOfBuiltIn, variantSources } from '../columns/facts.ts';
import { type Chosen, factsOfFile, refuseCircle } from '../columns/open.ts';
import { EXIT_FINDING, EXIT_OK } from '../compare/gate.ts';
import { ledger } from '../findings/index.ts';
import { FORMATS } from '../report/formats.ts';
import { type Interdiff, type ReviewContext, type Reviewed, interdiff } from '../review/interdiff.ts';
import { Answer } from './answer.ts';
import { UsageError } from './errors.ts';
import { Progress } from './progress.ts';
import { chooseVariant } from './select.ts';

/** names: none, the series; one, a variant after its predecessor; two, the second after the first. */
export async function reviewCommand(names: readonly string[], options: object): Promise<number> {
  if (names.length > 2) throw new UsageError(`review: expected at most two variants, got ${names.length}`);
  const answer = new Answer('review', FORMATS.review, options);
  const interdiffs = await interdiffsOf(names);
  await answer.write(interdiffs);
  return interdiffs.some(({ restated }) => restated.length > 0) ? EXIT_FINDING : EXIT_OK;
}

export async function interdiffsOf(names: readonly string[]): Promise<Interdiff[]> {
  const given = await Promise.all(names.map((name) => reviewedOf(chooseVariant(name))));
  refuseCircle(given.map(({ facts }) => facts));
  const context = reviewContext(given);
  if (given.length === 0)
    return series.slice(1).map((variant, i) => interdiff(builtInOf(series[i]), builtInOf(variant), context));
  const [first, second] = given;
  if (second !== undefined) return [interdiff(first, second, context)];
  const { after, id } = first.facts;
  const before = builtInVariants.find((variant) => variant.id === after);
  if (before !== undefined) return [interdiff(builtInOf(before), first, context)];
  if (after === null) throw new UsageError(`review ${id}: expected a second variant: it is after none`);
  const near = hint(
    after,
    builtInVariants.map((variant) => variant.id),
  );
  throw new UsageError(
    `review ${id}: expected a second variant: after names no built-in one, got ${JSON.stringify(after)}${near}`,
  );
}

/** What reviews of built-in variants and `given` ones need. */
export const reviewContext = (given: readonly Reviewed[]): ReviewContext => ({
  sources: variantSources,
  ledger,
  facts: [...given.map(({ facts }) => facts), ...builtInFacts],
  series: series.map(({ id }) => id),
});

export function builtInOf(variant: Variant): Reviewed {
  const facts = factsOfBuiltIn(variant);
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
  const progress = new Progress();
  const facts = await factsOfFile(chosen.path, progress.onOutput);
  if ('kind' in facts) throw new UsageError(`${basename(chosen.path)}: ${facts.message}`);
  return reviewedFile(facts, chosen.path);
}

export const reviewedFile = (facts: Facts, path: string): Reviewed => ({
  facts,
  review: '',
  path,
  compiled: facts.compiled,
});
