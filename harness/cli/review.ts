/** `pmapdiff review`: the series as interdiffs, or two variants of your choice. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Variant } from '../../core/index.ts';
import * as face from '../../variants/index.ts';
import { builtInFacts, builtInVariants, factsOfBuiltIn } from '../columns/built-in.ts';
import { type Chosen, factsOfFile } from '../columns/open.ts';
import { EXIT_FINDING, EXIT_OK } from '../compare/gate.ts';
import { ledger } from '../findings/index.ts';
import { packagePath } from '../input/paths.ts';
import { FORMATS } from '../report/formats.ts';
import { type Interdiff, type ReviewContext, type Reviewed, interdiff } from '../review/interdiff.ts';
import { VariantSources } from '../review/members.ts';
import { loadCompiler } from '../review/source.ts';
import type { Facts } from '../run/facts.ts';
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
  const context = await reviewContext(given);
  if (given.length === 0)
    return face.series.slice(1).map((variant, i) => interdiff(builtInOf(face.series[i]), builtInOf(variant), context));
  const [first, second] = given;
  if (second !== undefined) return [interdiff(first, second, context)];
  const { after, id } = first.facts;
  const before = builtInVariants.find((variant) => variant.id === after);
  if (before !== undefined) return [interdiff(builtInOf(before), first, context)];
  throw new UsageError(`review ${id}: expected a second variant, its predecessor being ${after ?? 'none'}`);
}

/** What reviews of built-in variants and `given` ones need. */
export async function reviewContext(given: readonly Reviewed[]): Promise<ReviewContext> {
  const compiler = await loadCompiler();
  return {
    compiler,
    sources: new VariantSources(compiler, (name) => {
      const exported = (face as Record<string, unknown>)[name];
      return builtInVariants.includes(exported as Variant) ? fileOf(exported as Variant) : null;
    }),
    ledger,
    idOf: (path) =>
      builtInVariants.find((variant) => fileOf(variant) === path)?.id ??
      given.find((one) => one.path === path)?.facts.id ??
      null,
    facts: [...given.map(({ facts }) => facts), ...builtInFacts],
    series: face.series.map(({ id }) => id),
  };
}

/** Sources are shipped as they are, also beside the built files. */
function fileOf({ id }: Variant): string {
  const file = packagePath('variants', `${id}.ts`);
  return existsSync(file) ? file : packagePath('variants', 'experiments', `${id}.ts`);
}

export function builtInOf(variant: Variant): Reviewed {
  const facts = factsOfBuiltIn(variant);
  const { diff, commit } = variant.review ?? {};
  const review = [diff === undefined ? '' : `Diff ${diff}`, commit === undefined ? '' : `commit ${commit}`];
  return {
    facts,
    review: review.filter((part) => part !== '').join(', '),
    path: fileOf(variant),
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
