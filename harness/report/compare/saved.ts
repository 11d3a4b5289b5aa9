/** What has changed since results were saved, in words that all renderers share. */
import type pc from 'picocolors';
import type { CellState, SavedCell, SavedChange, SavedComparison } from '../../saved/compare.ts';
import { number, plural } from '../words.ts';
import { isChange } from './model.ts';
import { sidesText } from './words.ts';

const KINDS = ['same', 'changed', 'new', 'gone', 'not comparable'] as const satisfies readonly CellState['kind'][];

/** `since before.json.gz: 230 cells: 229 same, 1 changed` */
export function savedSummary({ name, cells, isSameCore }: SavedComparison): string {
  const counted = KINDS.flatMap((kind) => {
    const count = cells.filter(({ state }) => state.kind === kind).length;
    return count === 0 && kind !== 'same' ? [] : [`${number(count)} ${kind}`];
  });
  const core = isSameCore ? '' : '; core is not the same';
  return `since ${name}: ${plural(cells.length, 'cell')}: ${counted.join(', ')}${core}`;
}

export interface SavedLine {
  readonly kind: Exclude<CellState['kind'], 'same'> | 'counters';
  readonly text: string;
}

/** A line for each cell that is not the same, then for counters that only one side has. */
export function savedLines({ cells, counters }: SavedComparison): SavedLine[] {
  const of = (kind: string): SavedLine[] =>
    cells.flatMap((cell) => (cell.state.kind === kind && kind !== 'same' ? [lineOf(cell)] : []));
  const listed = (word: string, names: readonly string[]): SavedLine[] =>
    names.length === 0 ? [] : [{ kind: 'counters', text: `${word} and not compared: ${names.join(', ')}` }];
  return [...KINDS.flatMap(of), ...listed('new counters', counters.added), ...listed('counters gone', counters.gone)];
}

const REASONS = {
  workload: 'its workload differs',
  variant: "the variant's members differ",
  checked: 'one was run with --check',
} as const;

function lineOf({ workload, variant, state }: SavedCell): SavedLine {
  const where = `${workload}, ${variant}`;
  if (state.kind === 'changed')
    return { kind: state.kind, text: `${where}: ${state.changes.map(changeText).join(', ')}` };
  if (state.kind === 'not comparable')
    return { kind: state.kind, text: `${where}: ${state.because.map((one) => REASONS[one]).join(', ')}` };
  return { kind: state.kind as 'new' | 'gone', text: where };
}

function changeText(change: SavedChange): string {
  const { kind, what } = change;
  if (kind === 'digest') return `${what} differ`;
  if (kind === 'text') return `${what} ${change.before} -> ${change.after}`;
  const { before, after } = change;
  if (before !== null && after !== null) return `${what} ${sidesText({ reference: before, candidate: after })}`;
  return `${what} ${before ?? 'none'} -> ${after ?? 'none'}`;
}

/** Lines that a terminal is shown. */
const SHOWN = 60;

export function savedText(comparison: SavedComparison, colors: ReturnType<typeof pc.createColors>): string {
  const lines = savedLines(comparison);
  const paint = ({ kind, text }: SavedLine): string =>
    isChange(kind) ? colors.red(`! ${kind}: ${text}`) : colors.dim(kind === 'counters' ? text : `${kind}: ${text}`);
  return [
    colors.bold(savedSummary(comparison)),
    ...lines.slice(0, SHOWN).map(paint),
    ...(lines.length > SHOWN ? [colors.dim(`… and ${plural(lines.length - SHOWN, 'line')} more`)] : []),
  ].join('\n');
}
