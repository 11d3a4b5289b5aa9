/** A patch of the kernel's C sources under review: where each function that it touches is restated here, if anywhere. */
import type { Finding } from '../findings/finding.ts';
import type { Change, TouchedFile } from './kernel-diff.ts';
import type { KernelNames } from './kernel-names.ts';
import type { UnitKind } from './kernel-source.ts';
import { notModelled } from './not-modelled.ts';
import type { Restated, Restatements } from './restated.ts';

/** Calls that the built-in workloads make, most of them first. Workloads that make none are left out. */
export interface Reached {
  readonly workloads: readonly { readonly name: string; readonly calls: number }[];
  /** workloads that were run */
  readonly of: number;
}

export interface ReviewedUnit {
  readonly name: string;
  readonly kind: UnitKind;
  readonly change: Change;
  readonly isStatic: boolean;
  /** FreeBSD main of July 2022 has it in this file; null: that file is not in the list */
  readonly isListed: boolean | null;
  readonly restated: readonly {
    readonly file: string;
    readonly name: string;
    readonly line: number;
    readonly reached: Reached | null;
  }[];
  /** members of the seam that hold some of it */
  readonly members: readonly { readonly name: string; readonly reached: Reached | null }[];
  /** ids of the remarks that speak of it */
  readonly remarks: readonly string[];
  /** why nothing restates it; null if something does */
  readonly notModelled: string | null;
}

export interface ReviewedFile {
  readonly path: string;
  readonly units: readonly ReviewedUnit[];
  /** headings of hunks that do not say what they change */
  readonly unnamed: readonly string[];
}

export interface KernelReview {
  /** the diff, as it was given */
  readonly name: string;
  readonly files: readonly ReviewedFile[];
}

/** Everything in `core` that restates something that the files touch. */
export const restatedIn = (files: readonly TouchedFile[], restatements: Restatements): Restated[] => [
  ...new Set(files.flatMap(({ path, units }) => units.flatMap((unit) => counterparts(path, unit, restatements)))),
];

const counterparts = (
  path: string,
  { kind, name }: { readonly kind: UnitKind; readonly name: string },
  restatements: Restatements,
): Restated[] => restatements.of({ file: path, name: kind === 'type' ? `struct ${name}` : name });

/** reached: the calls of each that was counted. */
export function reviewKernel(
  name: string,
  files: readonly TouchedFile[],
  {
    restatements,
    names,
    ledger,
    reached,
  }: {
    readonly restatements: Restatements;
    readonly names: KernelNames;
    readonly ledger: readonly Finding[];
    readonly reached: ReadonlyMap<Restated, Reached>;
  },
): KernelReview {
  return {
    name,
    files: files.map(({ path, units, unnamed }) => ({
      path,
      unnamed,
      units: units.map((unit): ReviewedUnit => {
        const found = counterparts(path, unit, restatements);
        const isMember = ({ kind }: Restated): boolean => kind === 'member';
        return {
          name: unit.name,
          kind: unit.kind,
          change: unit.change,
          isStatic: unit.isStatic || names.isStatic(path, unit.name),
          isListed: names.isListed(path) ? names.has(path, unit.name) : null,
          restated: found
            .filter((one) => !isMember(one))
            .map((one) => ({ file: one.file, name: one.name, line: one.line, reached: reached.get(one) ?? null })),
          members: found.filter(isMember).map((one) => ({ name: one.name, reached: reached.get(one) ?? null })),
          remarks: remarksOf(unit.name, ledger),
          notModelled: found.length > 0 ? null : notModelled(path, unit.name),
        };
      }),
    })),
  };
}

/** Ids of the remarks that name a function of the kernel. */
export function remarksOf(name: string, ledger: readonly Pick<Finding, 'id' | 'title' | 'claim'>[]): string[] {
  const named = new RegExp(`\\b${name}\\b`);
  return ledger.flatMap(({ id, title, claim }) => (named.test(`${title} ${claim}`) ? [id] : []));
}
