/** `pmapdiff review`: the series as interdiffs, or two variants of your choice. */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Variant } from '../../core/index.ts';
import { hint } from '../../core/suggest.ts';
import { series } from '../../variants/index.ts';
import { builtInVariants } from '../columns/built-in.ts';
import type { ChosenVariant } from '../columns/chosen.ts';
import { type Facts, builtInFacts, builtInFile, factsOfBuiltIn, variantSources } from '../columns/facts.ts';
import { factsOfFile, refuseCircle, withColumns } from '../columns/open.ts';
import { EXIT_FINDING, EXIT_OK } from '../compare/gate.ts';
import { ledger } from '../findings/index.ts';
import { runFindings } from '../findings/runner.ts';
import { Shown } from '../findings/shown.ts';
import { wholeBytes } from '../input/source.ts';
import { FORMATS } from '../report/formats.ts';
import type { PatchReview } from '../report/patch-review.ts';
import { type Interdiff, type ReviewContext, type Reviewed, interdiff } from '../review/interdiff.ts';
import { Answer } from './answer.ts';
import { UsageError, inFile } from './errors.ts';
import { Progress } from './progress.ts';
import { kernelReviewOf } from './review-kernel.ts';
import { isOfProgram, patchReviewOf } from './review-patch.ts';
import { chooseVariant } from './select.ts';

const STDIN = '-';

/** stdin, something by the name of a diff, or whatever can be read and is no TypeScript. */
const isDiff = (name: string): boolean =>
  name === STDIN ||
  /\.(?:diff|patch|mbox)$/.test(name) ||
  (!name.endsWith('.ts') && statSync(name, { throwIfNoEntry: false })?.isDirectory() === false);

/** names: a diff; or none, the series; one, a variant after its predecessor; two, the second after the first. */
export async function reviewCommand(
  names: readonly string[],
  options: { readonly patch?: string } & object,
): Promise<number> {
  const { patch } = options;
  if (patch !== undefined) {
    if (names.length > 0) throw new UsageError(`review: expected --patch alone, got it with ${names.length} more`);
    return reviewPatch(options, () => patchReviewOf(patch));
  }
  const diff = names.find(isDiff);
  if (diff !== undefined) {
    if (names.length > 1) throw new UsageError(`review: expected a diff alone, got it with ${names.length - 1} more`);
    const bytes = wholeBytes(diff);
    if (isOfProgram(Buffer.from(bytes).toString('latin1')))
      return reviewPatch(options, () => patchReviewOf(diff, bytes));
    const answer = new Answer('review', FORMATS.kernelReview, options);
    await answer.write(await kernelReviewOf(diff === STDIN ? 'stdin' : basename(diff), bytes));
    return EXIT_OK;
  }
  if (names.length > 2) throw new UsageError(`review: expected at most two variants, got ${names.length}`);
  const answer = new Answer('review', FORMATS.review, options);
  const interdiffs = await interdiffsOf(names);
  await answer.write(interdiffs);
  return interdiffs.some(({ restated }) => restated.length > 0) ? EXIT_FINDING : EXIT_OK;
}

async function reviewPatch(options: object, review: () => PatchReview): Promise<number> {
  const answer = new Answer('review', FORMATS.patchReview, options);
  await answer.write(review());
  return EXIT_OK;
}

export async function interdiffsOf(names: readonly string[]): Promise<Interdiff[]> {
  const chosen = names.map((name) => chooseVariant(name));
  const given = await Promise.all(chosen.map(reviewedOf));
  refuseCircle(given.map(({ facts }) => facts));
  if (given.length === 0) {
    const context = reviewContext([]);
    return series.slice(1).map((variant, i) => interdiff(builtInOf(series[i]), builtInOf(variant), context));
  }
  const [first, second] = given;
  if (second !== undefined) return [interdiff(first, second, reviewContext(given, await shownIn(chosen)))];
  const { after, id } = first.facts;
  const before = builtInVariants.find((variant) => variant.id === after);
  if (before !== undefined) {
    const shown = await shownIn([{ kind: 'built-in', variant: before }, ...chosen]);
    return [interdiff(builtInOf(before), first, reviewContext(given, shown))];
  }
  if (after === null) throw new UsageError(`review ${id}: expected a second variant: it has no predecessor`);
  const near = hint(
    after,
    builtInVariants.map((variant) => variant.id),
  );
  throw new UsageError(
    `review ${id}: expected a second variant: after names no built-in one, got ${JSON.stringify(after)}${near}`,
  );
}

/** A step to or from a user's file: what the ledger does not say of the two is asked of them. */
async function shownIn(step: readonly ChosenVariant[]): Promise<Shown> {
  if (step.every(({ kind }) => kind === 'built-in')) return new Shown();
  const progress = new Progress();
  // What a variant prints was shown when it was loaded for the interdiff.
  const quiet = (): void => {};
  return withColumns(step, quiet, async (columns) => {
    const answers = await runFindings(ledger, { asked: columns, cellsOf: [], running: (id) => progress.say(id) });
    progress.clear();
    return new Shown(answers);
  });
}

/** What reviews of built-in variants and `given` ones need. */
export const reviewContext = (given: readonly Reviewed[], shown = new Shown()): ReviewContext => ({
  sources: variantSources,
  ledger,
  facts: [...given.map(({ facts }) => facts), ...builtInFacts],
  series: series.map(({ id }) => id),
  shown,
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
async function reviewedOf(chosen: ChosenVariant): Promise<Reviewed> {
  if (chosen.kind === 'built-in') return builtInOf(chosen.variant);
  const progress = new Progress();
  const facts = await factsOfFile(chosen.path, progress.onOutput);
  if ('kind' in facts) throw new UsageError(inFile(chosen.path, facts.message));
  return reviewedFile(facts, chosen.path);
}

export const reviewedFile = (facts: Facts, path: string): Reviewed => ({
  facts,
  review: '',
  path,
  compiled: facts.compiled,
});
